/** Kills processes in the middle of adding: what is registered must be whole, and what is not must not be in the way. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openStore } from '../../store/index.ts';
import { makeTree, storeDir, temporaryFolder } from './fixture.ts';

const ROUNDS = 6;

test('SIGKILL at any point of adding leaves nothing or the whole', async (t) => {
  const folder = temporaryFolder(t);
  const home = join(folder, 'home');
  const source = makeTree(
    join(folder, 'src'),
    Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`d${i % 20}/f${i}`, `${i}`.repeat(i * 20)])),
  );
  const script = `
    import { openStore } from ${JSON.stringify(join(import.meta.dirname, '../../store/index.ts'))};
    const store = openStore({ home: ${JSON.stringify(home)}, storeDir: '${storeDir}' });
    const round = process.argv[1];
    store.addTexts([{ name: 'first', text: '', references: [] }]);
    console.log('ready');
    for (let i = 0; ; i++) {
      store.addTexts([{ name: \`x\${i}\`, text: round, references: [] }, { name: \`y\${i}\`, text: round, references: [] }]);
      store.addPath(\`t\${round}-\${i}\`, ${JSON.stringify(source)});
    }
  `;
  let nValid = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, String(round)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    await new Promise((resolve) => setTimeout(resolve, 5 + Math.random() * 200));
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('close', resolve));
    const store = openStore({ home, storeDir });
    const problems = store.verify({ contents: true }).filter(({ kind }) => kind !== 'unregistered');
    assert.deepEqual(problems, []);
    nValid = [...store.allPaths()].length;
    store.close();
  }
  assert.ok(nValid > 0, 'nothing was ever added');
  // The next process cleans up after the dead, and the same paths can be added.
  const store = openStore({ home, storeDir });
  t.after(() => store.close());
  const isTree = (path: string) => /-t\d+-\d+$/.test(path);
  for (const { path } of store.verify({ contents: false }))
    if (isTree(path)) store.addPath(path.slice(storeDir.length + 34), source);
  store.addTexts([{ name: 'after', text: '', references: [] }]);
  assert.deepEqual(readdirSync(join(home, 'tmp')), []);
  // Texts left between rename and commit stay until somebody adds them again.
  const problems = store.verify({ contents: true });
  assert.deepEqual(
    problems.filter(({ path, kind }) => isTree(path) || kind !== 'unregistered'),
    [],
  );
});
