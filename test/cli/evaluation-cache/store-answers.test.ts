/** What an evaluation was told by the store: derivations, references and builds that are not its own. */
import assert from 'node:assert/strict';
import { rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openStore, type StorePath } from '../../../store/index.ts';
import { needsSandbox } from '../../builder/support.ts';
import { type Asked, type Workbench, workbench } from './workbench.ts';

const expression = (text: string): string[] => ['eval', '--impure', '-E', text];

/** The index changes, and nothing that was asked of it. */
const addAnother = (bench: Workbench): Promise<Asked> =>
  bench.ask('instantiate', '-E', 'derivation { name = "other"; system = "s"; builder = "b"; }');

const lose = (bench: Workbench): void => {
  for (const name of ['store', 'var/index', 'var/registered']) rmSync(join(bench.home, name), { recursive: true, force: true });
};

/** Asked again it is remembered, also where the store has to say so. @returns the words */
async function rememberedThrough(bench: Workbench, text: string): Promise<{ words: string[]; first: Asked }> {
  const words = expression(text);
  const first = await bench.ask(...words);
  assert.deepEqual([first.status, first.isFresh], [0, true], first.stderr);
  assert.deepEqual(await bench.ask(...words), { ...first, isFresh: false });
  await addAnother(bench);
  assert.deepEqual(await bench.ask(...words), { ...first, isFresh: false }, 'the store agrees');
  return { words, first };
}

test('a derivation of an earlier evaluation that is gone is noticed', async (t) => {
  const bench = workbench(t);
  const { stdout } = await bench.ask('instantiate', '-E', 'derivation { name = "n"; system = "s"; builder = "b"; }');
  const drv = stdout.trim();
  const { words } = await rememberedThrough(
    bench,
    `(derivation { name = "user"; system = "s"; builder = builtins.appendContext "b" { "${drv}".outputs = [ "out" ]; }; }).drvPath`,
  );
  lose(bench);
  const again = await bench.ask(...words);
  assert.deepEqual([again.status, again.isFresh], [1, true]);
});

test('what a text in the store refers to is asked again', async (t) => {
  const bench = workbench(t);
  const { stdout } = await bench.ask(
    'instantiate',
    '-E',
    'derivation { name = "n"; system = "s"; builder = builtins.toFile "b" "of ${builtins.toFile "a" "x"}"; }',
  );
  using store = openStore({ home: bench.home, storeDir: '/igos/store' });
  const [named] = store.info(stdout.trim() as StorePath)!.references;
  const { first } = await rememberedThrough(bench, `builtins.attrNames (builtins.getContext (builtins.readFile "${named}"))`);
  assert.match(first.stdout, /-a/);
});

test('what was built, and has become something else, is noticed', async (t) => {
  if (!needsSandbox(t)) return;
  const bench = workbench(t);
  const drv = `derivation {
    name = "n"; system = builtins.currentSystem; builder = "/bin/sh"; args = [ "-c" "echo 1 > $out" ];
    __contentAddressed = true; outputHashMode = "recursive"; outputHashAlgo = "sha256";
  }`;
  const { words, first } = await rememberedThrough(bench, `import (${drv})`);
  assert.equal(first.stdout, '1\n');
  const { stdout } = await bench.ask('instantiate', '-E', drv);
  const drvPath = stdout.trim() as StorePath;
  {
    using store = openStore({ home: bench.home, storeDir: '/igos/store' });
    const [path] = store.addTexts([{ name: 'n', text: '2', references: [] }]);
    store.addRealisations([{ drvPath, output: 'out', path: path! }]);
  }
  const again = await bench.ask(...words);
  assert.deepEqual([again.stdout, again.isFresh], ['2\n', true]);
});

test('an object that a link leads to, and that is gone, is noticed', async (t) => {
  const bench = workbench(t);
  const link = join(bench.home, '../result');
  {
    using store = openStore({ home: bench.home, storeDir: '/igos/store' });
    const [path] = store.addTexts([{ name: 'n', text: '1', references: [] }]);
    symlinkSync(store.toReal(path!), link);
  }
  const { words } = await rememberedThrough(bench, `builtins.storePath ${link}`);
  lose(bench);
  const again = await bench.ask(...words);
  assert.deepEqual([again.status, again.isFresh], [1, true]);
});
