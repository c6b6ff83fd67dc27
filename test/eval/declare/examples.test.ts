/** What the READMEs of the examples say is what comes out. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { SourceFile } from '../../../base/index.ts';
import { evalTree } from '../../../eval/declare/index.ts';
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

test('the expressions in the READMEs about the tour print what stands below them', () => {
  const { interpreter } = makeTestEvaluator();
  const tree = evalTree(interpreter, join(project, 'examples/tour/v1'));
  for (const folder of ['expressions', 'tour']) {
    const text = readme(folder);
    const shown = [...text.matchAll(/igos eval examples\/tour\/v1 --expr '(.*)'\n```\n\n```\n(.*)\n/g)];
    assert.ok(shown.length > 0, folder);
    for (const [, expression, expected] of shown) {
      const value = tree.evalExpr(new SourceFile('<expr>', expression!), project);
      assert.equal(interpreter.print(value, { isStrict: true }), expected);
    }
  }
});
