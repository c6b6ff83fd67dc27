/** A collector killed in the middle, and collectors beside processes that add: nothing in use is lost, nothing is left. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openStore } from '../../store/index.ts';
import { diesAndRecovers, moduleOf } from './collect-deaths.ts';
import { makeTree, storeDir, temporaryFolder } from './fixture.ts';

test('SIGKILL in the middle of a collection loses nothing, and the next one leaves nothing', (t) => {
  const folder = temporaryFolder(t);
  // test/slow goes through every write.
  for (const at of [4, 9, 14, 19]) assert.ok(diesAndRecovers(folder, at), `it never came to write ${at}`);
});

const ADDER = `
  import { existsSync } from 'node:fs';
  import { openStore } from ${moduleOf('index.ts')};
  const [home, source, own] = process.argv.slice(1);
  const end = Date.now() + 2500;
  for (let round = 0; Date.now() < end; round++) {
    using store = openStore({ home, storeDir: '${storeDir}' });
    const used = [];
    for (let i = 0; i < 5; i++) {
      // Names that both adders share, and that the collector takes away whenever neither uses them.
      const [low] = store.addTexts([{ name: 'low' + i, text: '', references: [] }]);
      const [high] = store.addTexts([{ name: 'high' + i, text: own, references: [low] }]);
      used.push(low, high, store.addPath('tree' + (i % 2), source));
      for (const path of used) {
        if (!store.isValid(path) || !existsSync(store.toReal(path))) throw new Error(path + ' was collected while in use');
        store.closure([path]);
      }
    }
  }
  console.log('done');
`;

test('collecting beside processes that add takes nothing that they use', async (t) => {
  const folder = temporaryFolder(t);
  const home = join(folder, 'home');
  const source = makeTree(join(folder, 'src'), { 'd/f': '1', g: '2' });
  using store = openStore({ home, storeDir });
  store.makeScratch();
  const adders = ['a', 'b'].map((own) => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', ADDER, home, source, own], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
    return new Promise<string>((resolve) => child.once('close', () => resolve(output)));
  });
  let isOver = false;
  const all = Promise.all(adders).finally(() => {
    isOver = true;
  });
  let nRemoved = 0;
  while (!isOver) {
    nRemoved += store.collect().removed.length;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.deepEqual(await all, ['done\n', 'done\n']);
  assert.ok(nRemoved > 10, `only ${nRemoved} removed: the test shows nothing`);
  assert.deepEqual(store.verify({ contents: true }), []);
  store.collect();
  assert.deepEqual(readdirSync(join(home, 'store')), []);
});
