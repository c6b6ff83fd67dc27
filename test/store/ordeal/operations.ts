/** What changes a store, each as a command that can be interrupted and run again. */
import assert from 'node:assert/strict';
import { chmodSync, lstatSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openTransport, push, serveCache } from '../../../store/cache/index.ts';
import { openStore, type StorePath, withFileSource } from '../../../store/index.ts';
import { runHere } from '../../cli/in-process.ts';
import { makeTree, storeDir } from '../fixture.ts';
import type { World } from './world.ts';

export interface Work {
  readonly words: readonly string[];
  /** What must be valid after it. */
  readonly paths: readonly StorePath[];
  /** What is damaged before it, and may still be. */
  readonly damaged?: StorePath;
}

export interface Operation {
  readonly name: string;
  /** Makes work for it; `n` is another number each time. */
  prepare(world: World, n: number): Promise<Work>;
}

/** Trees and texts that refer to each other, in a store of their own. */
function elsewhere(world: World, n: number): { home: string; top: StorePath; all: StorePath[] } {
  const home = join(world.folder, `elsewhere-${n}`);
  using store = openStore({ home, storeDir });
  const all: StorePath[] = [];
  for (let i = 0; i < 4; i++) {
    const tree = store.addPath(`part-${n}-${i}`, world.tree(`part-${n}-${i}`, 12));
    const references = [tree, ...all.slice(-1)];
    const [text] = store.addTexts([{ name: `text-${n}-${i}`, text: `${i}\n${references.join('\n')}\n`, references }]);
    all.push(tree, text!);
  }
  return { home, top: all.at(-1)!, all };
}

const add: Operation = {
  name: 'add',
  prepare: (world, n) => Promise.resolve({ words: ['store', 'add', world.tree(`added-${n}`, 60)], paths: [] }),
};

/** Not one of `operations`: so large that threads help. */
export const addMany: Operation = {
  name: 'add of a large tree',
  prepare(world, n) {
    const tree = world.tree(`many-${n}`, 2500);
    writeFileSync(join(tree, 'large'), Buffer.alloc(34 << 20, `${n} `));
    return Promise.resolve({ words: ['store', 'add', tree], paths: [] });
  },
};

const gc: Operation = {
  name: 'gc',
  async prepare(world, n) {
    world.use((store) => {
      for (let i = 0; i < 6; i++) {
        const tree = store.addPath(`dead-${n}-${i}`, world.tree(`dead-${n}-${i}`, 10));
        store.addTexts(
          Array.from({ length: 4 }, (_, k) => ({
            name: `dead-${n}-${i}-${k}`,
            text: `${k} ${tree}`,
            references: [tree, ...world.kept.slice(0, k)],
          })),
        );
      }
    });
    await Promise.resolve();
    return { words: ['gc'], paths: [] };
  },
};

const optimise: Operation = {
  name: 'optimise',
  async prepare(world, n) {
    world.use((store) => {
      for (let i = 0; i < 4; i++) store.addPath(`alike-${n}-${i}`, world.tree(`alike-${n}-${i}`, 30));
    });
    await Promise.resolve();
    return { words: ['store', 'optimise'], paths: [] };
  },
};

const pull: Operation = {
  name: 'pull',
  async prepare(world, n) {
    const { home, top, all } = elsewhere(world, n);
    const url = `file://${join(world.folder, `cache-${n}`)}`;
    using store = openStore({ home, storeDir });
    await push(store, openTransport(url), [top], [], { compression: n % 2 === 0 ? 'zstd' : 'xz', keys: [] });
    return { words: ['cache', 'pull', url, top], paths: all };
  },
};

/** Not one of `operations`: a file of the tree is in the store already, so that of the other only its files are sent. */
export const pullServed: Operation = {
  name: 'pull over HTTP',
  async prepare(world, n) {
    const large = 'what both have\n'.repeat(10_000);
    const known = makeTree(join(world.folder, 'sources', `known-${n}`), { large: `${n} ${large}`, small: 'a\n' });
    const wanted = makeTree(join(world.folder, 'sources', `wanted-${n}`), { large: `${n} ${large}`, small: 'b\n', d: null });
    world.use((store) => store.addPath(`known-${n}`, known));
    const { home, all } = elsewhere(world, n);
    const store = openStore({ home, storeDir });
    const tree = store.addPath(`wanted-${n}`, wanted);
    const [top] = store.addTexts([{ name: `top-${n}`, text: '', references: [tree, ...all] }]);
    const options = { host: '127.0.0.1', port: 0, keys: [], compression: 'zstd', priority: 40, maxCacheBytes: 1 << 26 } as const;
    const server = await serveCache(store, options);
    world.after(async () => {
      await server.close(0);
      store.close();
    });
    return { words: ['cache', 'pull', `http://127.0.0.1:${server.port}`, top!, '--no-check-sigs'], paths: [...all, tree, top!] };
  },
};

const bring: Operation = {
  name: 'import',
  async prepare(world, n) {
    const { home, top, all } = elsewhere(world, n);
    const file = join(world.folder, `archive-${n}`);
    const { status, stderr } = await runHere('igos', ['store', 'export', '-r', '--output', file, top, '--home', home]);
    assert.equal(status, 0, stderr);
    return { words: ['store', 'import', file], paths: all };
  },
};

const repair: Operation = {
  name: 'repair',
  async prepare(world, n) {
    const { home, top, all } = elsewhere(world, n);
    const tree = all[0]!;
    const archive = join(world.folder, `archive-${n}`);
    await runHere('igos', ['store', 'export', '-r', '--output', archive, top, '--home', home]);
    const url = `file://${join(world.folder, `cache-${n}`)}`;
    {
      using store = openStore({ home, storeDir });
      await push(store, openTransport(url), [top], [], { compression: 'zstd', keys: [] });
    }
    const file = world.use((store) => {
      withFileSource(archive, (source) => store.importArchive(source));
      return join(store.toReal(tree), 'd1/f1');
    });
    // A bit of one file turns: time and mode stay.
    const bytes = readFileSync(file);
    bytes[0]! ^= 1;
    const { mode } = lstatSync(file);
    chmodSync(file, 0o644);
    writeFileSync(file, bytes);
    chmodSync(file, mode);
    return { words: ['store', 'verify', '--contents', '--repair', '--substituters', url], paths: all, damaged: tree };
  },
};

/** Not one of `operations`: it needs a sandbox. Logs, locks, scratch folders and realisations are written by it alone. */
export const build: Operation = {
  name: 'build',
  prepare(world, n) {
    const derivation = (name: string, script: string, more = ''): string =>
      `derivation { name = "${name}-${n}"; system = builtins.currentSystem; builder = "/bin/sh"; args = [ "-ec" ''${script}'' ]; ${more} }`;
    const low = derivation('low', `echo low; echo ${n} > $out`);
    const top = derivation('top', 'echo top; read line < $low; echo "$line $low" > $out', 'inherit low;');
    const file = join(world.folder, `build-${n}.nix`);
    writeFileSync(file, `let low = ${low}; in ${top}\n`);
    return Promise.resolve({ words: ['realize', file], paths: [] });
  },
};

export const operations: readonly Operation[] = [add, gc, optimise, pull, bring, repair];
