/**
 * Generated programs, not necessarily well typed, with any builtin on any arguments: each ends in time, in a value or in a fault
 * with a code. `PROGRAMS` and `SEED` in the environment ask for more or others.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzzTiers, fuzzWorkers } from '../eval/programs/fuzz.ts';

const PROGRAMS = Number(process.env['PROGRAMS'] ?? 100_000);
const SEED = Number(process.env['SEED'] ?? 20_261_121);

test(`${PROGRAMS} programs: every failure is a fault`, async (t) => {
  const { values, faults, slowest } = await fuzzWorkers(PROGRAMS, SEED);
  t.diagnostic(`${values} give a value, the others faults of ${faults.size} codes; the slowest took ${slowest.toFixed(0)} ms`);
  assert.ok(values > PROGRAMS / 5 && values < PROGRAMS - PROGRAMS / 5);
  assert.ok(slowest < 10_000);
});

test(`${PROGRAMS / 100} programs: hot code gives what cold code gives`, () => {
  fuzzTiers(PROGRAMS / 100, SEED + 1);
});
