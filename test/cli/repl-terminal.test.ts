/** The repl as a person meets it: on a pseudo-terminal, with Tab, arrow keys and Ctrl-C. */
import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { noSandbox, programs, project } from './programs.ts';
import { noTerminal, runInTerminal, type Step, type TerminalRun } from './pseudo-terminal.ts';

const skip = noTerminal();
const skipBuilds = skip || (await noSandbox());

/** The prompt, and the cursor put behind it. */
const READY = 'igos> \\x1b\\[7G$';
const CTRL_C = '\x03';
const CTRL_D = '\x04';
const UP = '\x1b[A';

function session(work: string, steps: readonly Step[], words: readonly string[] = []): TerminalRun {
  const run = runInTerminal([join(project, 'bin/igos'), 'repl', ...words], [{ until: READY }, ...steps], {
    cwd: project,
    env: {
      PATH: process.env['PATH'] ?? '/usr/bin:/bin',
      HOME: work,
      TERM: 'xterm',
      NO_COLOR: '1',
      IGOS_HOME: join(work, 'home'),
      XDG_STATE_HOME: join(work, 'state'),
    },
  });
  assert.equal(run.problem, '', `${run.problem}: ${run.screen.slice(-1500)}`);
  return run;
}

test('Tab completes, the arrow keys recall, an input may have many lines, Ctrl-D ends', { skip }, (t) => {
  const { work } = programs(t);
  const { status } = session(
    work,
    [
      { press: 'builtins.isAt', until: 'isAt' },
      { press: '\t', until: 'trs' },
      { press: ' { }\r', until: `true\r\n.*${READY}` },
      { press: 'let a = 4;\r', until: '    > ' },
      { press: 'in a * 10\r', until: `40\r\n.*${READY}` },
      { press: `${UP}${UP}${UP}`, until: 'builtins.isAttrs { }' },
      { press: '\r', until: `true\r\n.*${READY}` },
      { press: 'greet.vers', until: 'vers' },
      { press: '\t', until: 'ion' },
      { press: '\r', until: `"1.0"\r\n.*${READY}` },
      { press: 'import ./examples/to', until: 'to' },
      { press: '\t', until: 'ur/' },
      { press: CTRL_C, until: READY },
      { press: '{ a = "\r', until: '    > ' },
      { press: CTRL_C, until: READY },
      { press: '1 + )\r', until: `E-LANG-001.*${READY}` },
      { press: CTRL_D, until: '\n' },
    ],
    ['examples/tour/v1'],
  );
  assert.equal(status, 0);
  const file = join(work, 'state/igos/repl-history');
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.deepEqual(readFileSync(file, 'utf8').split('\n').slice(0, 3), ['builtins.isAttrs { }', 'let a = 4;', 'in a * 10']);
  // the next session remembers
  session(work, [
    { press: UP, until: '1 \\+ \\)' },
    { press: CTRL_C, until: READY },
    { press: ':q\r', until: '\n' },
  ]);
});

test('Ctrl-C ends an evaluation; names and the session stay', { skip }, (t) => {
  const { work } = programs(t);
  session(work, [
    { press: 'l = builtins.genList (x: x) 100000\r', until: `000\r.*${READY}` },
    { press: "long = builtins.foldl' (a: b: a + builtins.foldl' (c: d: c + d) 0 l) 0 l\r", until: `0 l\r.*${READY}` },
    { press: 'long\r', until: 'long\r' },
    { press: CTRL_C, waitMs: 200, until: `interrupted.*${READY}` },
    // what was cut off is neither a value nor a recursion now
    { press: '[ (builtins.length l) (builtins.isFunction long) ]\r', until: 'isFunction long' },
    { press: CTRL_C, waitMs: 300, until: `interrupted.*${READY}` },
    { press: 'builtins.length l\r', until: `100000\r\n.*${READY}` },
    { press: 'long.x', until: 'x' },
    { press: '\t', until: '' },
    { press: CTRL_C, waitMs: 300, until: '\\^C' },
    { press: CTRL_C, waitMs: 300, until: READY },
    // nor does one have to wait for a long answer
    { press: 'builtins.genList (x: "item ${toString x}") 300000\r', until: 'item 9\\D' },
    { press: CTRL_C, until: `interrupted.*${READY}` },
    { press: 'let f = n: 1 + f (n + 1); in f 0\r', until: `E-EVAL-017.*${READY}` },
    { press: 'let x = x; in x\r', until: `E-EVAL-001.*${READY}` },
    { press: '1\r2\r3\r', until: `3\r\n.*${READY}` },
    { press: ':quit\r', until: '\n' },
  ]);
});

test('a dumb terminal gets prompts and no escape sequences', { skip }, (t) => {
  const { work } = programs(t);
  const run = runInTerminal(
    [join(project, 'bin/igos'), 'repl'],
    [
      { until: 'igos> $' },
      { press: '6 *\n', until: '    > $' },
      { press: '7\n', until: '42\r\n.*igos> $' },
      { press: '[ 1\n', until: '    > $' },
      { press: CTRL_C, until: 'igos> $' },
      { press: '2\n', until: '2\r\n.*igos> $' },
      { press: CTRL_D, until: '\n' },
    ],
    { cwd: project, env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', HOME: work, TERM: 'dumb' } },
  );
  assert.equal(run.problem, '', `${run.problem}: ${run.screen.slice(-1500)}`);
  assert.equal(run.status, 0);
  assert.ok(!run.screen.includes('\x1b'), JSON.stringify(run.screen));
});

test(':b builds with its display; Ctrl-C stops the build and not the session', { skip: skipBuilds }, (t) => {
  const { work } = programs(t);
  const build = (script: string): string =>
    `:b derivation { name = "n"; system = builtins.currentSystem; builder = "/bin/sh"; args = [ "-c" ''${script}'' ]; }\r`;
  session(work, [
    { press: build('echo hello > $out'), until: `out -> /igos/store/[0-9a-z]{32}-n\r\n.*${READY}` },
    // however long the first one took
    { press: build('while :; do :; done'), until: ' n  \\d[^\r\n]*s\r\n0 of 1 done' },
    { press: CTRL_C, waitMs: 500, until: `E-BUILD-015.*${READY}` },
    { press: '6 * 7\r', until: `42\r\n.*${READY}` },
    { press: CTRL_D, until: '\n' },
  ]);
});
