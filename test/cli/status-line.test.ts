/** Work that leaves no time in between is seen on a terminal, and Ctrl-C ends it. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { programs, project } from './programs.ts';
import { noTerminal, runInTerminal } from './pseudo-terminal.ts';

const skip = noTerminal();

/** Ten seconds of work in one piece, with a line of talk in the middle. */
const WORK = `
  import { Output } from '${project}/cli/output.ts';
  import { withStatusLine } from '${project}/cli/progress/status-line.ts';
  const out = new Output(false);
  const context = { out, isQuiet: process.argv[1] === 'quietly', environment: process.env };
  withStatusLine(context, 'working', (detail) => {
    out.talk('something to know');
    const start = performance.now();
    for (let now = start; now < start + (process.argv[1] === 'long' ? 10_000 : 500); now = performance.now()) detail('at ' + Math.floor(now - start));
  });
  out.talk('done');`;

const environment = { PATH: process.env['PATH'] ?? '/usr/bin:/bin', TERM: 'xterm' };
const work = (how: string, env: Readonly<Record<string, string>> = environment, press?: string) => {
  const steps = press === undefined ? [{ until: 'done' }] : [{ until: 'at \\d' }, { press, until: '\\^C' }];
  return runInTerminal([process.execPath, '--input-type=module', '-e', WORK, how], steps, { cwd: project, env, seconds: 30 });
};

test('what work in one piece tells is drawn while it is done, and goes when it is', { skip }, () => {
  const { screen, status, problem } = work('short');
  assert.deepEqual([problem, status], ['', 0]);
  assert.match(
    screen,
    /^\r\u001b\[Kworking\r\u001b\[Ksomething to know\r\n(\r\u001b\[Kworking {2}at \d+){3,5}\r\u001b\[Kdone\r\n$/,
  );
  for (const [how, env] of [
    ['quietly', environment],
    ['short', { ...environment, TERM: 'dumb' }],
    ['short', { ...environment, CI: '1' }],
  ] as const)
    assert.equal(work(how, env).screen, 'something to know\r\ndone\r\n');
});

test('Ctrl-C ends it at once', { skip }, () => {
  const { screen, status, problem } = work('long', environment, '\x03');
  assert.deepEqual([problem, status], ['', -2]);
  assert.doesNotMatch(screen, /done/);
});

test('commands that work in one piece show so', { skip }, (t) => {
  const { work, igos } = programs(t);
  mkdirSync(join(work, 'home'));
  writeFileSync(join(work, 'file'), 'text');
  assert.equal(igos('store', 'add', join(work, 'file')).status, 0);
  const env = { ...environment, HOME: work, IGOS_HOME: join(work, 'home'), NO_COLOR: '1' };
  for (const [words, title] of [
    ['gc --dry-run', 'collecting garbage'],
    ['store verify --contents', 'verifying the store'],
    ['store optimise', 'sharing files'],
    ['store rebuild-index', 'reading the store'],
  ] as const) {
    const command = [join(project, 'bin/igos'), ...words.split(' ')] as [string, ...string[]];
    const { screen, status, problem } = runInTerminal(command, [{ until: '\n' }], { cwd: work, env, seconds: 60 });
    assert.deepEqual([problem, status], ['', 0], words);
    assert.ok(screen.startsWith(`\r\x1b[K${title}`), JSON.stringify(screen));
    // Ink would hide the cursor, and who listens for signals has to put it back.
    assert.doesNotMatch(screen, /\u001b\[\?25l/, words);
  }
});
