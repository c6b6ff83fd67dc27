/**
 * A program of the tests: what the operations of the store do on a disk of a few MiB that other files fill up. Runs where it may mount
 * one: `unshare --user --map-root-user --mount node small-disk.ts SEED FOLDER`. Prints a line of JSON.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suffer } from './disk-faults.ts';
import { type Operation, operations } from './operations.ts';
import { runIgos } from './program.ts';
import { World } from './world.ts';

const [seed = '1', each = '3'] = process.argv.slice(2);
const cleanups: (() => void)[] = [];
const disk = join('/tmp', `igos-small-disk-${process.pid}`);
const home = join(disk, 'home');
const ballast = join(disk, 'ballast');
const DISK_BYTES = 12 << 20;
const PAGE_BYTES = 4096;

function mount(): void {
  mkdirSync(disk);
  cleanups.push(() => rmSync(disk, { recursive: true, force: true }));
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'igos-test', disk], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`cannot mount: ${stderr}`);
  cleanups.push(() => spawnSync('umount', [disk]));
}

const freeBytes = (): number => {
  const { bavail, bsize } = statfsSync(disk);
  return bavail * bsize;
};

/** Leaves so many bytes free. */
function fill(leftBytes: number): void {
  writeFileSync(ballast, Buffer.alloc(Math.max(0, freeBytes() - leftBytes), 1));
  assert.ok(freeBytes() <= leftBytes + PAGE_BYTES, `${freeBytes()} are free instead of ${leftBytes}`);
}

const empty = (): void => rmSync(ballast, { force: true });

interface Outcome {
  nFull: number;
  nFitted: number;
}

async function run(world: World, { name, prepare }: Operation, first: number): Promise<Outcome> {
  const outcome: Outcome = { nFull: 0, nFitted: 0 };
  for (let i = 0; i < Number(each); i++) {
    const work = await prepare(world, first + i);
    // The first time nothing at all is left.
    const leftBytes = i === 0 ? 0 : world.random.below(40) * PAGE_BYTES;
    fill(leftBytes);
    const where = `${name} with ${leftBytes} bytes left`;
    const { status } = await suffer(world, work.words, {}, /no space left on device/i, where);
    outcome[status === 0 ? 'nFitted' : 'nFull']++;
    // A disk that is full is when people collect.
    if (name === 'gc') assert.equal(status, 0, `${where}: nothing could be collected`);
    await world.check(where, ({ path }) => path === work.damaged);
    empty();
    const again = await runIgos(world.home, work.words);
    assert.equal(again.status, 0, `${where}, again: ${again.stderr}`);
    await world.check(`${where}, again`);
    await world.settle(where);
  }
  return outcome;
}

try {
  mount();
  const world = new World({ after: (run) => cleanups.push(run), diagnostic: () => {} }, Number(seed), home);
  await world.keep(world.use((store) => store.addPath('kept', world.tree('kept', 20))));
  const outcomes: Record<string, Outcome> = {};
  let n = 0;
  for (const operation of operations) {
    outcomes[operation.name] = await run(world, operation, n);
    n += Number(each);
  }
  process.stdout.write(`${JSON.stringify(outcomes)}\n`);
} finally {
  for (const cleanup of cleanups.reverse()) cleanup();
}
