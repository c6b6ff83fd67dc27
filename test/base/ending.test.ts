/** Who ends a process that gets a signal, where several listen: see `base/ending.ts`. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';

const base = join(import.meta.dirname, '../../base/index.ts');

/** Runs a program that says `ready`, and gives it the signals, each when it has said the next line. */
async function heard(program: string, ...signals: readonly NodeJS.Signals[]): Promise<readonly unknown[]> {
  const source = `import { atEnd, stoppedBy } from ${JSON.stringify(base)};
const say = (word) => process.stdout.write(word + '\\n');
const life = setTimeout(() => process.exit(9), 30_000);
${program}
say('ready');`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: ['ignore', 'pipe', 'inherit'] });
  const said = text(child.stdout);
  const ended = once(child, 'exit');
  for (const signal of signals) {
    await once(child.stdout, 'data');
    child.kill(signal);
  }
  const [status, by] = (await ended) as [number | null, string | null];
  return [(await said).trim().split('\n').join(' '), status ?? by];
}

const WORK = "atEnd(() => say('work'));";
const STOP = "stoppedBy(() => say('stop'));";

test('what is to be done at the end is done, and the signal ends the process', async () => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    assert.deepEqual(await heard(WORK, signal), ['ready work', signal]);
  }
});

test('who ends work by itself is left to it, whoever listened first; a second Ctrl-C ends the process, and does what is to be done', async () => {
  for (const program of [STOP + WORK, WORK + STOP]) {
    assert.deepEqual(await heard(program, 'SIGINT', 'SIGINT'), ['ready stop work', 'SIGINT']);
  }
});

test('a second signal of another kind is no second Ctrl-C', async () => {
  const program = `let n = 0; stoppedBy(() => { say('stop'); if (++n === 2) { clearTimeout(life); process.exit(7); } }); ${WORK}`;
  assert.deepEqual(await heard(program, 'SIGTERM', 'SIGHUP'), ['ready stop stop', 7]);
});
