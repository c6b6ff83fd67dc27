import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { golden } from '../golden.ts';
import { world } from './support.ts';

test('error: a recursion without an end is a fault, not a crash', (t) => {
  const { fail, show } = world();
  const endless = 'let\n  f = x: 1 + f x;\nin f 0';
  const text = fail(endless).replace(/, \d+ times/, ', N times');
  golden(t, 'errors/eval-stack.txt', `${endless}\n----\n${text}`);
  assert.equal(show('1 + 1'), '2');
});

test('endless data is a fault too', () => {
  const { fail } = world();
  assert.match(fail('let f = x: { a = f x; }; in f 1'), /E-EVAL-017/);
  assert.match(fail('let f = x: [ (f x) ]; in f 1 == f 2'), /E-EVAL-017/);
});

test('a value that overflowed the stack once can be asked again', () => {
  const { interpreter, fail, show } = world();
  const value = interpreter.evalExpr('let f = n: if n == 0 then 0 else 1 + f (n - 1); in { deep = f 1000000; flat = f 10; }', {
    basePath: '/',
  });
  for (let i = 0; i < 2; i++) assert.throws(() => interpreter.selectAttrPath(value, 'deep', new Map()), /stack overflow/);
  assert.equal(interpreter.selectAttrPath(value, 'flat', new Map()), 10);
  assert.match(fail('(x: x) (throw "after")'), /after/);
  assert.equal(show('[ 1 ]'), '[ 1 ]');
});

test('10,000 nested calls and 100,000 nested thunks fit the stack that igos runs with', (t) => {
  const script = `
    import { world } from ${JSON.stringify(join(import.meta.dirname, 'support.ts'))};
    const { show } = world();
    console.log(show("let f = n: if n == 0 then 0 else 1 + f (n - 1); in f 10000"));
    console.log(show("let f = n: xs: if n == 0 then xs else f (n - 1) { v = n; next = xs; }; in (f 10000 null).next.v"));
    console.log(show("builtins.foldl' (acc: n: builtins.seq (acc.v or 0) { v = n + (acc.v or 0); }) { } (builtins.genList (n: n) 100000)"));
    console.log(show("let go = n: acc: if n == 0 then acc else go (n - 1) (acc + n); in go 20000 0"));
  `;
  const command = 'ulimit -s unlimited 2>/dev/null || ulimit -s 1000000 2>/dev/null || exit 99; exec "$0" "$@"';
  const node = [process.execPath, '--stack-size=120000', '--input-type=module', '-e', script];
  const result = spawnSync('sh', ['-c', command, ...node], { encoding: 'utf8' });
  if (result.status === 99) {
    t.skip('the stack limit cannot be raised here');
    return;
  }
  assert.equal(result.stdout, '10000\n2\n{ v = 4999950000; }\n200010000\n', result.stderr);
});
