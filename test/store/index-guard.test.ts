/** Guards of the dead hold nobody up; those of the living do. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { lstatSync, mkdirSync, readdirSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { processStartTime } from '../../base/index.ts';
import { whileGuarded } from '../../store/index-guard.ts';
import { failing } from '../failing-call.ts';
import { temporaryFolder } from './fixture.ts';

const NAMESPACE = readlinkSync('/proc/self/ns/pid');
const DEAD = `${spawnSync('true').pid} 1 ${NAMESPACE}`;

test('what dead processes left is cleared, and nothing stays', (t) => {
  const folder = temporaryFolder(t);
  symlinkSync(DEAD, join(folder, 'guard'));
  symlinkSync(DEAD, join(folder, 'guard.clearing'));
  let held = '';
  whileGuarded(folder, () => {
    held = readlinkSync(join(folder, 'guard'));
    // Whoever holds it may come in again.
    whileGuarded(folder, () => {});
    assert.equal(readlinkSync(join(folder, 'guard')), held);
  });
  assert.equal(held.split(' ')[0], String(process.pid));
  assert.deepEqual(readdirSync(folder), []);
});

test('the guard of a living process is waited for, until it is gone', async (t) => {
  const folder = temporaryFolder(t);
  const other = spawn('sleep', ['1']);
  await once(other, 'spawn');
  symlinkSync(`${other.pid} ${processStartTime(other.pid!)} ${NAMESPACE}`, join(folder, 'guard'));
  const started = performance.now();
  whileGuarded(folder, () => {});
  assert.ok(performance.now() - started > 500, 'it was not waited for');
});

test('who waits for a second is told for whom, once; who does not is not', async (t) => {
  const folder = temporaryFolder(t);
  whileGuarded(
    folder,
    () => {},
    () => assert.fail('nobody has it'),
  );
  const other = spawn('sleep', ['1.5']);
  await once(other, 'spawn');
  symlinkSync(`${other.pid} ${processStartTime(other.pid!)} ${NAMESPACE}`, join(folder, 'guard'));
  const told: (number | undefined)[] = [];
  whileGuarded(
    folder,
    () => {},
    (pid) => told.push(pid),
  );
  assert.deepEqual(told, [other.pid]);
});

test('what cannot be guarded is done without', (t) => {
  assert.equal(
    whileGuarded(join(temporaryFolder(t), 'none'), () => 7),
    7,
  );
});

test('a guard that the disk did not let go is still its own', { timeout: 20_000 }, (t) => {
  const folder = temporaryFolder(t);
  const restore = failing(t, 'unlinkSync', 'EIO', () => true);
  try {
    whileGuarded(folder, () => {});
    assert.deepEqual(readdirSync(folder), ['guard']);
    whileGuarded(folder, () => assert.deepEqual(readdirSync(folder), ['guard']));
  } finally {
    restore();
  }
  whileGuarded(folder, () => {});
  assert.deepEqual(readdirSync(folder), []);
});

test('where a dead process left its guard on what is read-only now, nobody waits', { timeout: 20_000 }, (t) => {
  const folder = temporaryFolder(t);
  symlinkSync(DEAD, join(folder, 'guard'));
  const restore = failing(
    t,
    'symlinkSync',
    'EROFS',
    (_, path) => lstatSync(String(path), { throwIfNoEntry: false }) === undefined,
  );
  try {
    assert.equal(
      whileGuarded(folder, () => 7),
      7,
    );
  } finally {
    restore();
  }
  assert.deepEqual(readdirSync(folder), ['guard']);
});

test('what is no guard, or names nobody, is not waited for', { timeout: 20_000 }, (t) => {
  for (const make of [
    (path: string) => symlinkSync('nonsense', path),
    (path: string) => writeFileSync(path, ''),
    (path: string) => mkdirSync(path),
  ]) {
    const folder = temporaryFolder(t);
    make(join(folder, 'guard'));
    assert.equal(
      whileGuarded(folder, () => 7),
      7,
    );
  }
});

test('on what became read-only, nobody waits for the guard of one who lives', { timeout: 20_000 }, (t) => {
  const folder = temporaryFolder(t);
  symlinkSync(livingGuard(), join(folder, 'guard'));
  const restore = failing(t, 'accessSync', 'EROFS', () => true);
  try {
    assert.equal(
      whileGuarded(folder, () => 7),
      7,
    );
  } finally {
    restore();
  }
});

test('guards that other threads of this process could not let go are its own after a while', { timeout: 20_000 }, (t) => {
  const folder = temporaryFolder(t);
  let seconds = process.uptime();
  t.mock.method(process, 'uptime', () => seconds);
  t.mock.method(Atomics, 'wait', () => {
    seconds += 4;
    return 'timed-out';
  });
  const own = whileGuarded(folder, () => readlinkSync(join(folder, 'guard')));
  symlinkSync(own, join(folder, 'guard'));
  whileGuarded(folder, () => {});
  assert.deepEqual(readdirSync(folder), []);
  // And the mark of who clears, of one who lives.
  symlinkSync(DEAD, join(folder, 'guard'));
  symlinkSync(own, join(folder, 'guard.clearing'));
  whileGuarded(folder, () => {});
  assert.deepEqual(readdirSync(folder), []);
});

test('who needs the index no more lets go of its guard as soon as the disk does', { timeout: 20_000 }, async (t) => {
  const folder = temporaryFolder(t);
  const restore = failing(t, 'unlinkSync', 'EIO', () => true);
  try {
    whileGuarded(folder, () => {});
  } finally {
    restore();
  }
  while (readdirSync(folder).length > 0) await sleep(50);
});

/** Of the process that started this one. */
const livingGuard = (): string => `${process.ppid} ${processStartTime(process.ppid)} ${readlinkSync('/proc/self/ns/pid')}`;

test('who waits for us with a guard that the disk did not let go is not waited for without end', { timeout: 20_000 }, (t) => {
  const folder = temporaryFolder(t);
  const index = join(folder, 'index');
  mkdirSync(index);
  const guard = `${process.pid} ${processStartTime(process.pid)} ${NAMESPACE}`;
  symlinkSync(guard, join(index, 'guard'));
  const module = JSON.stringify(join(import.meta.dirname, '../../store/index-guard.ts'));
  const script = `import { readlinkSync } from 'node:fs';
const { whileGuarded } = await import(${module});
let seconds = process.uptime();
process.uptime = () => seconds;
Atomics.wait = () => ((seconds += 4), 'timed-out');
whileGuarded(${JSON.stringify(index)}, () => console.log(readlinkSync(${JSON.stringify(join(index, 'guard'))}) !== ${JSON.stringify(guard)}));`;
  // Started by one in between, as where a bundle hands over to the sources.
  const words = ['-c', '"$0" --input-type=module -e "$1"; exit $?', process.execPath, script];
  assert.equal(spawnSync('sh', words, { encoding: 'utf8', timeout: 10_000 }).stdout, 'true\n');
  assert.deepEqual(readdirSync(index), []);
});
