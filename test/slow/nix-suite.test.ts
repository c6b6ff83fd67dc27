/**
 * The language against Nix's own tests. `IGOS_NIX_SUITE` names the folder `tests/functional/lang` of Nix's sources; the counts are those
 * of revision 88b09c64 (2.36 before its release).
 */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { removeTree } from '../../store/write-tree.ts';
import { findCases, type Kind, type Outcome, SuiteRunner } from './nix-suite.ts';

const suite = process.env['IGOS_NIX_SUITE'];
const skip =
  suite === undefined
    ? "not part of igos: IGOS_NIX_SUITE does not name tests/functional/lang of Nix's sources"
    : existsSync(join(suite, 'eval-okay-list.nix'))
      ? false
      : `${suite} holds no language tests`;

/** Cases whose status or output is not Nix's, and why that is meant. */
const exceptions: Readonly<Record<string, string>> = {};

const leastRight = 485;
const leastMessages = 315;

test("Nix's own language tests", { skip }, async (t) => {
  const home = mkdtempSync(join(tmpdir(), 'igos-nix-suite-'));
  t.after(() => removeTree(home));
  const runner = new SuiteRunner({
    suite: resolve(suite!),
    program: join(import.meta.dirname, '..', '..', 'bin', 'igos'),
    home,
  });
  const outcomes = await runAll(runner);
  const wrong = outcomes.filter((each) => !each.isRight);
  const messages = outcomes.filter((each) => each.message !== undefined);
  const equal = messages.filter(({ message }) => message!.want === message!.got);
  const talking = outcomes.filter((each) => each.talk !== undefined);
  const saying = talking.filter(({ talk }) => talk!.want.trimEnd() === talk!.got.trimEnd());

  for (const { name, difference } of wrong) {
    t.diagnostic(`${name}: ${exceptions[name] ?? 'NOT EXPECTED'}: ${difference.replaceAll('\n', '\\n')}`);
  }
  for (const { name, message } of messages.filter((each) => !equal.includes(each))) {
    t.diagnostic(`${name}: another message\n  Nix:  ${message!.want}\n  igos: ${message!.got}`);
  }
  for (const { name, talk } of talking.filter((each) => !saying.includes(each))) {
    t.diagnostic(`${name}: other words on stderr\n  Nix:  ${talk!.want.slice(0, 300)}\n  igos: ${talk!.got.slice(0, 300)}`);
  }
  for (const kind of ['parse-fail', 'parse-okay', 'eval-fail', 'eval-okay'] as const) {
    const count = (list: readonly Outcome[]): number => list.filter((each) => each.kind === kind).length;
    t.diagnostic(
      `${kind}: ${count(outcomes) - count(wrong)} of ${count(outcomes)} by status and stdout; ${messageCount(kind, count(equal), count(messages))}`,
    );
  }
  t.diagnostic(`all: ${outcomes.length - wrong.length} of ${outcomes.length}; messages ${equal.length} of ${messages.length}`);
  t.diagnostic(`stderr of cases that succeed: ${saying.length} of ${talking.length}`);

  assert.deepEqual(
    wrong.map(({ name }) => name).filter((name) => exceptions[name] === undefined),
    [],
  );
  assert.ok(outcomes.length - wrong.length >= leastRight, `only ${outcomes.length - wrong.length} cases as Nix`);
  assert.ok(equal.length >= leastMessages, `only ${equal.length} messages as Nix's`);
});

const messageCount = (kind: Kind, equal: number, all: number): string =>
  kind.endsWith('fail') ? `${equal} of ${all} final messages` : 'no messages';

async function runAll(runner: SuiteRunner): Promise<Outcome[]> {
  const cases = findCases(resolve(suite!));
  const outcomes: Outcome[] = [];
  const queue = cases.entries();
  const work = async (): Promise<void> => {
    for (const [index, each] of queue) outcomes[index] = await runner.run(each);
  };
  await Promise.all(Array.from({ length: Math.min(8, availableParallelism()) }, work));
  return outcomes;
}

test('the checks inside lang.sh: what evaluation says by the way', { skip }, async (t) => {
  const home = mkdtempSync(join(tmpdir(), 'igos-nix-suite-'));
  t.after(() => removeTree(home));
  const program = join(import.meta.dirname, '..', '..', 'bin', 'igos');
  const runner = new SuiteRunner({ suite: resolve(suite!), program, home });
  const check = async (words: string, status: number, expected: RegExp, env: Record<string, string> = {}): Promise<void> => {
    const [, flags, expression] = /^(.*?)\s*-E (.*)$/.exec(words)!;
    const run = await runner.igos(['eval', '--impure', ...flags!.split(' ').filter((flag) => flag !== ''), '-E', expression!], {
      env,
    });
    assert.equal(run.status, status, `${words}\n${run.stderr}`);
    assert.match(run.stdout + run.stderr, expected, words);
  };
  const absent = /^(?![\s\S]*Hello)/;
  await check('--eval -E builtins.trace "Hello" 123', 0, /Hello/);
  await check('--eval -E builtins.addErrorContext "Hello" 123', 0, /^123\n$/);
  await check('--trace-verbose --eval -E builtins.traceVerbose "Hello" 123', 0, /Hello/);
  await check('--eval -E builtins.traceVerbose "Hello" 123', 0, absent);
  await check('--show-trace --eval -E builtins.addErrorContext "Hello" 123', 0, absent);
  await check('--show-trace --eval -E builtins.addErrorContext "Hello" (throw "Foo")', 1, /Hello/);
  await check('--show-trace --eval -E builtins.addErrorContext "Hello %" (throw "Foo")', 1, /Hello %/);
  const inner = 'let x = builtins.trace { x = x; } true; in x';
  await check(`--eval -E ${inner}`, 0, /trace: { x = «potential infinite recursion»; }/);
  const repeating = 'let x = { repeating = x; tracing = builtins.trace x true; }; in x.tracing';
  await check(`--eval -E ${repeating}`, 0, /trace: { repeating = «repeated»; tracing = «potential infinite recursion»; }/);
  await check('--eval -E builtins.warn "Hello" 123', 0, /warning: Hello/);
  const doing = 'builtins.addErrorContext "while doing ${"something"} interesting" (builtins.warn "Hello" 123)';
  await check(`--eval -E ${doing}`, 0, /^123$/m);
  await check('--eval -E let x = builtins.warn { x = x; } true; in x', 1, /expected a string but found a set/);
  await check('--eval --abort-on-warn -E builtins.warn "Hello" 123', 1, /Hello/);
  await check(`--eval -E ${doing}`, 1, /while doing something interesting/, { NIX_ABORT_ON_WARN: '1' });
  const bad = await runner.igos(['instantiate', '--impure', '--show-trace', 'lang/non-eval-fail-bad-drvPath.nix']);
  assert.equal(bad.status, 1);
  assert.match(bad.stderr, /store path '2chwzswhhmpxbgc981i2vcz7xj4d1in9-cachix-1\.7\.3-bin' is not a valid derivation path/);
});
