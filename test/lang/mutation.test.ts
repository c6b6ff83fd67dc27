/** A few thousand mutated sources through lexer, parser and formatter; `test/slow/lang-mutations.test.ts` runs a million. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fuzz } from './mutations.ts';

const vector = (name: string): string => readFileSync(join(import.meta.dirname, '../vectors/lang', name), 'latin1');

/** Texts to start from: the corpus of valid expressions, the layouts, and the mistakes. */
export const seeds: readonly string[] = [
  ...vector('expressions.txt').split('\n----\n'),
  ...vector('mistakes.txt').split(/^=== .*\n/m),
  vector('layout.nix'),
  vector('layout.igos'),
];

test('mutated sources: no crash, no hang, no change of meaning', () => {
  const { valid, slowest } = fuzz(seeds, Number(process.env['RUNS'] ?? 3000), Number(process.env['SEED'] ?? 1));
  assert.ok(valid > 100, `${valid} of them were valid`);
  assert.ok(slowest < 2000, `one took ${slowest} ms`);
});
