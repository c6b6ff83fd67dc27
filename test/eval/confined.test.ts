/** Pure evaluation reads what it was pointed at, and nothing that a link or `..` leads to from there. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { renderFault } from '../../base/index.ts';
import { ConfinedIO, createEvaluator, NodeEvalIO } from '../../eval/index.ts';
import { golden } from '../golden.ts';
import { realDisk } from './builtins/real-disk.ts';

/** A checkout with a package and a library, and a secret beside it. */
function world(t: TestContext): { readonly base: string; eval(expression: string, admitted: string): string } {
  const base = mkdtempSync(join(tmpdir(), 'igos-confined-'));
  t.after(() => rmSync(base, { recursive: true, force: true }));
  for (const folder of ['checkout/.git', 'checkout/pkgs', 'checkout/lib', 'checkout-secrets', 'other']) {
    mkdirSync(join(base, folder), { recursive: true });
  }
  writeFileSync(join(base, 'checkout/pkgs/default.nix'), '{ lib = import ../lib; }');
  writeFileSync(join(base, 'checkout/lib/default.nix'), '"the library"');
  writeFileSync(join(base, 'checkout-secrets/key'), 'secret');
  writeFileSync(join(base, 'other/file'), 'other');
  symlinkSync('../../checkout-secrets/key', join(base, 'checkout/pkgs/link'));
  symlinkSync('../../checkout-secrets', join(base, 'checkout/pkgs/folder'));
  symlinkSync('checkout/pkgs', join(base, 'way-in'));
  const disk = realDisk({ isWriting: true });
  t.after(() => disk[Symbol.dispose]());
  const { store } = disk.io;
  const inner = new NodeEvalIO({
    store,
    realise: () => {
      throw new Error('nothing is built here');
    },
  });
  return {
    base,
    eval: (expression, admitted) => {
      const io = new ConfinedIO(inner);
      io.admit(join(base, admitted));
      const interpreter = createEvaluator({ io, settings: { pure: true } });
      try {
        return interpreter.print(interpreter.evalExpr(expression, { basePath: join(base, admitted) }), { isStrict: true });
      } catch (error) {
        return renderFault(error as Parameters<typeof renderFault>[0]).replaceAll(base, '/world');
      }
    },
  };
}

test('the checkout around what was named is open', (t) => {
  const { base, eval: evaluate } = world(t);
  assert.equal(evaluate('(import ./.).lib', 'checkout/pkgs'), '"the library"');
  assert.equal(evaluate(`(import ${base}/way-in).lib`, 'way-in'), '"the library"');
  assert.equal(evaluate('builtins.readFile ./file', 'other'), '"other"');
});

test('everything else is refused, or not there', (t) => {
  const { base, eval: evaluate } = world(t);
  const outside = [
    `builtins.readFile ${base}/other/file`,
    `builtins.readFile "${base}/other/file"`,
    'builtins.readFile ../../other/file',
    'import ../../other/file',
    'builtins.readDir ../..',
    'builtins.hashFile "sha256" ../../other/file',
    `"\${${base}/other/file}"`,
    `builtins.path { path = ${base}/other; }`,
    'builtins.filterSource (_: _: true) ../../other',
    // a name that begins like the checkout's is not in it
    'builtins.readFile ../../checkout-secrets/key',
    // links out
    'builtins.readFile ./link',
    'builtins.readFile ./folder/key',
    'builtins.readDir ./folder',
    'import ./link',
  ];
  for (const expression of outside) {
    assert.match(
      evaluate(expression, 'checkout/pkgs'),
      /is forbidden in pure evaluation mode \(use '--impure' to override\)/,
      expression,
    );
  }
  assert.equal(evaluate(`builtins.pathExists ${base}/other/file`, 'checkout/pkgs'), 'false');
  assert.equal(evaluate('builtins.tryEval 1', 'checkout/pkgs'), '{ success = true; value = 1; }');
  golden(t, 'errors/evaluation-outside.txt', evaluate('builtins.readFile ../../other/file', 'checkout/pkgs'));
});
