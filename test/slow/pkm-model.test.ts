/** More than a thousand random sequences of everything that can happen to a root; IGOS_SEED repeats a run. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runModel } from '../pkm/model-run.ts';

test('1,200 random sequences: disk, database and model agree after each step', async (t) => {
  const seed = process.env['IGOS_SEED'];
  const nGenerations = await runModel(t, 1200, seed === undefined ? undefined : Number(seed));
  t.diagnostic(`${nGenerations} generations`);
  assert.ok(nGenerations > 3000);
});
