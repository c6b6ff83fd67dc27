/**
 * A store that lives through 200 deaths of the programs that work on it: `igos store add`, `gc`, `store optimise` and `cache pull`, each
 * killed half of the time at a random instant, half before a random write. After each, `store verify --contents` must find nothing that is
 * damaged or missing; what is left lies in nobody's way, and goes with the next collection.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeadly, liveThrough } from '../store/ordeal/deaths.ts';
import { operations } from '../store/ordeal/operations.ts';
import { seedOfRun } from '../store/ordeal/random.ts';
import { World } from '../store/ordeal/world.ts';

const DEATHS = Number(process.env['IGOS_TEST_DEATHS'] ?? 200);

test(`${DEATHS} deaths in add, gc, optimise and pull damage nothing, lose nothing, and leave nothing for good`, async (t) => {
  const world = new World(t, seedOfRun());
  const chosen = operations.filter(({ name }) => isDeadly.has(name));
  const tally = await liveThrough(world, chosen, DEATHS);
  t.diagnostic(JSON.stringify(tally));
  assert.equal(tally.nDeaths, DEATHS);
  assert.ok(tally.nLeftovers > 0, 'no death left anything: they were all too early or too late');
});

test('60 deaths in import and repair', async (t) => {
  const world = new World(t, seedOfRun());
  const chosen = operations.filter(({ name }) => !isDeadly.has(name));
  const tally = await liveThrough(world, chosen, Math.ceil(DEATHS * 0.3));
  t.diagnostic(JSON.stringify(tally));
});
