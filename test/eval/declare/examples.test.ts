/** What the READMEs of the examples say is what comes out. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeTestEvaluator } from './evaluator.ts';

const project = join(import.meta.dirname, '../../..');
const readme = (folder: string): string => readFileSync(join(project, 'examples', folder, 'README.md'), 'utf8');

test('examples/expressions print what their README shows', () => {
  const { interpreter } = makeTestEvaluator();
  for (const name of ['fizzbuzz.nix', 'primes.nix']) {
    const value = interpreter.evalFile(join(project, 'examples/expressions', name));
    assert.ok(readme('expressions').includes(`\n${interpreter.print(value, { isStrict: true })}\n`), name);
  }
  const drv = interpreter.evalFile(join(project, 'examples/expressions/derivation.nix'));
  assert.match(interpreter.print(interpreter.selectAttrPath(drv, 'drvPath', new Map()), { isStrict: true }), /-greeting\.drv"$/);
});
