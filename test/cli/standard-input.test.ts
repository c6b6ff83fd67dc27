/** Whoever starts igos may hand it a pipe that does not block, and write to it later: it is waited for. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { temporaryFolder } from '../store/fixture.ts';
import { project } from './programs.ts';
import { noTerminal } from './pseudo-terminal.ts';

/** More than one read takes. */
const N_ITEMS = 100_000;
const SOURCE = `[${' 1'.repeat(N_ITEMS)} ]`;
const PIECE = 6000;

/** Node makes what its children inherit blocking. */
const NON_BLOCKING = 'import os, sys; os.set_blocking(0, False); os.execv(sys.argv[1], sys.argv[1:])';

async function withLateInput(t: TestContext, words: readonly string[]): Promise<{ status: number; stdout: string }> {
  const folder = temporaryFolder(t);
  const env = { PATH: process.env['PATH'], HOME: folder, IGOS_HOME: join(folder, 'home'), NO_COLOR: '1' };
  const child = spawn('python3', ['-c', NON_BLOCKING, join(project, 'bin/igos'), ...words], {
    env,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = new Promise<number>((resolve) => child.on('close', resolve));
  const stdout = text(child.stdout);
  child.stdin.on('error', () => {});
  // However long it takes until it begins to read: it comes to the end of what is there before the last piece is.
  for (let at = 0; at < SOURCE.length; at += PIECE) {
    child.stdin.write(SOURCE.slice(at, at + PIECE));
    await setTimeout(50);
  }
  child.stdin.end();
  return { status: await ended, stdout: await stdout };
}

for (const command of ['eval', 'parse', 'fmt']) {
  test(`igos ${command} - waits for its input`, { skip: noTerminal() }, async (t) => {
    const { status, stdout } = await withLateInput(t, [command, '-']);
    assert.equal(status, 0);
    assert.equal(stdout.match(/\b1\b/g)?.length, N_ITEMS);
  });
}
