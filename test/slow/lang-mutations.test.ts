/** A million mutated sources: nothing crashes, hangs or changes its meaning by being formatted. About two minutes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzz, seeds } from '../lang/mutations.ts';

const RUNS = Number(process.env['RUNS'] ?? 1_000_000);

test(`${RUNS} mutations through lexer, parser and formatter`, (t) => {
  const { valid, slowest } = fuzz(seeds, RUNS, Number(process.env['SEED'] ?? 20_261_121));
  t.diagnostic(`${valid} were valid texts; the slowest took ${slowest.toFixed(0)} ms`);
  assert.ok(valid > RUNS / 50);
  assert.ok(slowest < 5000);
});
