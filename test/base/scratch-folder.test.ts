import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { removedAtEnd, temporaryFolder } from '../../base/index.ts';

const MODULE = pathToFileURL(join(import.meta.dirname, '../../base/scratch-folder.ts')).href;

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'igos-scratch-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs a program that waits, and ends it by SIGTERM once it says something. */
async function endedBySignal(folder: string, program: string): Promise<readonly unknown[]> {
  const script = `import fs from 'node:fs'; import { removedAtEnd, temporaryFolder } from ${JSON.stringify(MODULE)}; process.chdir(${JSON.stringify(folder)}); ${program}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  await once(child.stdout, 'data');
  child.kill('SIGTERM');
  return await ended;
}

const FILLED = "for (const name of ['a', 'b']) { fs.mkdirSync(name); fs.writeFileSync(name + '/x', ''); }";
const WAIT = "setInterval(() => {}, 1000); console.log('ready');";

test('folders go when they are disposed of, and nobody listens for signals any more', (t) => {
  const folder = folderOf(t);
  const before = process.listenerCount('SIGTERM');
  {
    for (const name of ['a', 'b']) mkdirSync(join(folder, name));
    using _a = removedAtEnd(join(folder, 'a'));
    using _b = removedAtEnd(join(folder, 'b'));
    assert.equal(process.listenerCount('SIGTERM'), before + 1);
  }
  assert.deepEqual(readdirSync(folder), []);
  assert.equal(process.listenerCount('SIGTERM'), before);
});

test('where a signal ends the process they go as well, and it ends by that signal', async (t) => {
  const folder = folderOf(t);
  assert.deepEqual(await endedBySignal(folder, `${FILLED} removedAtEnd('a'); removedAtEnd('b'); ${WAIT}`), [null, 'SIGTERM']);
  assert.deepEqual(readdirSync(folder), []);
});

test('who listens for the signal ends the process, and what it works in stays till then', async (t) => {
  const folder = folderOf(t);
  const listener = "process.on('SIGTERM', () => process.exit(fs.existsSync('a/x') ? 7 : 8));";
  assert.deepEqual(await endedBySignal(folder, `${FILLED} removedAtEnd('a'); ${listener} ${WAIT}`), [7, null]);
});

const noProcesses = existsSync('/proc/self/stat') ? false : 'no /proc here';

test('a temporary folder is new, and takes with it what the dead left an hour ago', { skip: noProcesses }, (t) => {
  const parent = folderOf(t);
  const dead = spawnSync('true').pid;
  const old = new Date(Date.now() - 2 * 3_600_000);
  const make = (name: string, isOld: boolean): string => {
    mkdirSync(join(parent, name, 'tree'), { recursive: true });
    if (isOld) utimesSync(join(parent, name), old, old);
    return name;
  };
  make(`igos-git-${dead}-aB3dE6`, true);
  const kept = [
    make(`igos-git-${dead}-young1`, false),
    make(`igos-git-${process.ppid}-living`, true),
    make(`igos-git-index-${dead}-other1`, true),
    make(`igos-git-${dead}-`, true),
    make('igos-git-mine', true),
  ];
  symlinkSync(make('elsewhere', true), join(parent, `igos-git-${dead}-linked`));
  const folder = temporaryFolder('igos-git', parent);
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  const expected = [...kept, 'elsewhere', `igos-git-${dead}-linked`, basename(folder)];
  assert.deepEqual(new Set(readdirSync(parent)), new Set(expected));
  assert.deepEqual(readdirSync(join(parent, 'elsewhere')), ['tree']);
});
