/**
 * Programs that add, import, pull, build, collect, optimise and verify at the same time in one store: none fails, verify finds nothing
 * while they work nor after, and a collection leaves nothing that is not kept. IGOS_STRESS_MINUTES=5 for longer than 20 seconds.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { StoreIndex } from '../../store/store-index.ts';
import { noSandbox } from '../cli/programs.ts';
import { moduleOf } from '../store/collect-deaths.ts';
import { storeDir, temporaryFolder } from '../store/fixture.ts';
import { seedOfRun } from '../store/ordeal/random.ts';
import { endure } from '../store/ordeal/stress.ts';
import { World } from '../store/ordeal/world.ts';

const MINUTES = Number(process.env['IGOS_STRESS_MINUTES'] ?? 1 / 3);

test('adding, pulling, building, collecting and verifying at the same time', async (t) => {
  const reason = await noSandbox();
  if (reason !== false) t.diagnostic(`without builds: ${reason}`);
  const world = new World(t, seedOfRun());
  await world.keep(world.use((store) => store.addPath('kept', world.tree('kept', 20))));
  const tally = await endure(world, { seconds: MINUTES * 60, builds: reason === false });
  t.diagnostic(JSON.stringify(tally));
  assert.deepEqual(await world.check('at the end'), []);
  assert.ok(tally.nCollected > 0 && tally.nPulled > 0, 'nobody met anybody');
  rmSync(join(world.folder, 'links'), { recursive: true });
  await world.settle('at the end');
});

/** Counts in the index how many transactions there were, and prints how many were its own. */
const OPENING = `
  import { StoreIndex } from ${moduleOf('store-index.ts')};
  const [folder, seconds] = process.argv.slice(1);
  let n = 0;
  for (const end = Date.now() + seconds * 1000; Date.now() < end; n++) {
    const index = new StoreIndex(folder, '${storeDir}');
    index.write((transaction) => transaction.putCache('n', String(Number(index.cacheGet('n') ?? 0) + 1)));
    index.close();
  }
  console.log(n);
`;

test('processes that open, write and close the index all the time do not trip over each other, and lose nothing', async (t) => {
  const folder = join(temporaryFolder(t), 'index');
  const run = promisify(execFile);
  const runs = [1, 2, 3, 4].map(() => run(process.execPath, ['--input-type=module', '-e', OPENING, folder, '12']));
  const ends = await Promise.all(runs);
  for (const { stderr } of ends) assert.equal(stderr, '');
  const index = new StoreIndex(folder, storeDir);
  t.after(() => index.close());
  const total = ends.reduce((sum, { stdout }) => sum + Number(stdout), 0);
  assert.equal(Number(index.cacheGet('n')), total, 'transactions were lost');
});
