/** Nix as the oracle for texts that are no expressions. Skipped without Nix. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { SourceFile } from '../../base/index.ts';
import { parseExpr } from '../../lang/index.ts';

const found = spawnSync('nix-instantiate', ['--version']).status === 0;
const skip = found ? false : 'nix-instantiate is not installed';

const accepts = (text: string): boolean =>
  spawnSync('nix-instantiate', ['--parse', '-'], { input: Buffer.from(`with {}; ${text}`, 'latin1'), cwd: '/' }).status === 0;

test('what Nix rejects is rejected', { skip }, () => {
  const wrong = [
    'a < b < c',
    'a == b != c',
    '{ a = 1; a = 2; }',
    '{ a = 1; a.b = 2; }',
    '{ a.b = 1; a = 2; }',
    '{ inherit a; a = 1; }',
  ];
  wrong.push('{ a, a }: a', '{ a }@a: a', '[ x: x ]', 'f x: x', 'a.if', '{ if = 1; }', 'let ${a} = 1; in a', '{ inherit ${a}; }');
  wrong.push(
    '{ a, ..., b }: a',
    '{ ..., }: a',
    '{ a ? 1 }',
    './a/',
    '/a//b',
    'a +',
    '(a',
    '[ a',
    '"a',
    "''a",
    'if a then b',
    'or',
    '9223372036854775808',
  );
  wrong.push(
    'let a = 1 in a',
    '{ a = 1 }',
    'with a b',
    'assert a b',
    '}',
    ']',
    'a b :',
    '1 2 3;',
    '${a}',
    'a: ',
    '@',
    'rec a',
    'let { a = 1; } in a',
  );
  for (const text of wrong) {
    assert.equal(accepts(`(${text}\n)`), false, `Nix accepts ${text}`);
    assert.throws(() => parseExpr(new SourceFile('<test>', `(${text}\n)`)), `we accept ${text}`);
  }
});
