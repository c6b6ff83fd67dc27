import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { removedAtEnd } from '../../base/index.ts';

const MODULE = pathToFileURL(join(import.meta.dirname, '../../base/scratch-folder.ts')).href;

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'igos-scratch-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs a program that waits, and ends it by SIGTERM once it says something. */
async function endedBySignal(folder: string, program: string): Promise<readonly unknown[]> {
  const script = `import fs from 'node:fs'; import { removedAtEnd } from ${JSON.stringify(MODULE)}; process.chdir(${JSON.stringify(folder)}); ${program}`;
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
