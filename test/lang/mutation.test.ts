/** A few thousand mutated sources through lexer, parser and formatter; `test/slow/lang-mutations.test.ts` runs a million. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzz, seeds } from './mutations.ts';

test('mutated sources: no crash, no hang, no change of meaning', () => {
  const { valid, slowest } = fuzz(seeds, Number(process.env['RUNS'] ?? 3000), Number(process.env['SEED'] ?? 1));
  assert.ok(valid > 100, `${valid} of them were valid`);
  assert.ok(slowest < 2000, `one took ${slowest} ms`);
});
