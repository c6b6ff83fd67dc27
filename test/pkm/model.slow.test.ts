/** A few of the random sequences; test/slow/pkm-model.test.ts has more than a thousand. */
import { test } from 'node:test';
import { runModel } from './model-run.ts';

test('random sequences: disk, database and model agree after each step', async (t) => {
  await runModel(t, 25);
});
