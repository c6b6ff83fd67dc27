/** Texts that are registered when there is time for it, and what stands where an object is to be. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Fault } from '../../base/index.ts';
import {
  type Derivation,
  derivationPath,
  derivationReferences,
  encodeDerivation,
  openStore,
  type StorePath,
  type TextToAdd,
} from '../../store/index.ts';
import { StoreIndex } from '../../store/store-index.ts';
import { makeTree, storeDir, temporaryStore } from './fixture.ts';

function derivation(
  name: string,
  inputs: readonly StorePath[] = [],
  padding = '',
): { text: TextToAdd; path: StorePath; drv: Derivation } {
  const drv: Derivation = {
    name,
    outputs: new Map([['out', { kind: 'floating', method: 'nar', algorithm: 'sha256' }]]),
    inputDrvs: new Map(inputs.map((input) => [input, ['out']])),
    inputSrcs: [],
    system: 'x86_64-linux',
    builder: '/bin/sh',
    args: [],
    env: new Map([['padding', padding]]),
  };
  const text = { name: `${name}.drv`, text: encodeDerivation(drv), references: derivationReferences(drv) };
  return { text, path: derivationPath(drv, storeDir), drv };
}

test('derivations of later can be read at once, and are valid when they are finished', async (t) => {
  const { store, home } = temporaryStore(t);
  const a = derivation('a');
  const b = derivation('b', [a.path]);
  const later = store.addTextsLater([a.text, b.text]);
  assert.deepEqual(store.readDerivation(b.path), b.drv);
  assert.deepEqual([store.isValid(a.path), store.hold(b.path)], [false, false]);
  await Promise.all([later.finish(), later.finish()]);
  await later.finish();
  assert.deepEqual([store.isValid(a.path), store.hold(b.path)], [true, true]);
  assert.deepEqual(store.info(b.path)!.references, [a.path]);
  assert.equal(readFileSync(store.toReal(b.path), 'latin1'), b.text.text);
  assert.deepEqual(store.verify({ contents: true }), []);
  assert.deepEqual(readdirSync(join(home, 'tmp')), []);
  using other = openStore({ home, storeDir });
  assert.deepEqual(other.readDerivation(b.path), b.drv);
  assert.ok(
    other.roots().some(({ path }) => path === b.path),
    'it is held',
  );
});

test('a derivation that is not what was registered is not read, and comes back when it is added again', (t) => {
  const { store, home } = temporaryStore(t);
  const { text, path, drv } = derivation('a', [], 'some text');
  store.addTexts([text]);
  const real = store.toReal(path);
  store.close();
  const damages: Record<string, () => void> = {
    'it is recorded, but not there': () => rmSync(real),
    'its content changed': () => {
      chmodSync(real, 0o644);
      writeFileSync(real, text.text.replace('some', 'SOME'), 'latin1');
    },
  };
  for (const [note, damage] of Object.entries(damages)) {
    damage();
    using reading = openStore({ home, storeDir });
    assert.throws(
      () => reading.readDerivation(path),
      (error) => error instanceof Fault && error.code === 'E-STORE-041' && error.notes[0] === note,
    );
    assert.deepEqual(reading.addTexts([text]), [path]);
    assert.deepEqual(reading.readDerivation(path), drv);
    assert.deepEqual(reading.verify({ contents: true }), []);
  }
  // What rotted does not show from outside: only reading tells.
  chmodSync(real, 0o644);
  writeFileSync(real, text.text.replace('some', 'SOME'), 'latin1');
  chmodSync(real, 0o444);
  utimesSync(real, 1, 1);
  using rotten = openStore({ home, storeDir });
  assert.throws(() => rotten.readDerivation(path), /is damaged/);
});

test('what is not finished when the store is closed is forgotten', async (t) => {
  const { home } = temporaryStore(t);
  const a = derivation('a');
  const first = openStore({ home, storeDir });
  const never = first.addTextsLater([a.text]);
  first.close();
  await never.finish();
  const second = openStore({ home, storeDir });
  const begun = second.addTextsLater([a.text]).finish();
  second.close();
  await begun;
  using third = openStore({ home, storeDir });
  assert.equal(third.isValid(a.path), false);
  assert.deepEqual(readdirSync(join(home, 'tmp')), []);
});

test('texts of later that cannot be registered say so, and leave nothing', async (t) => {
  const { store, home } = temporaryStore(t);
  const later = store.addTextsLater([derivation('b', [derivation('a').path]).text]);
  const isMissing = (error: unknown): boolean => error instanceof Fault && error.code === 'E-STORE-015';
  await assert.rejects(later.finish(), isMissing);
  await assert.rejects(later.finish(), isMissing);
  assert.deepEqual(readdirSync(join(home, 'tmp')), []);
});

test('what is too much to be kept in memory is registered at once', (t) => {
  const { store } = temporaryStore(t);
  const large = derivation('large', [], 'x'.repeat(9 << 20));
  store.addTextsLater([large.text]);
  assert.equal(store.isValid(large.path), true);
  assert.equal(store.readDerivation(large.path).env.get('padding')!.length, 9 << 20);
});

test('what is valid already is registered again without a transaction', (t) => {
  const { store, home } = temporaryStore(t);
  const newest = (): number => {
    const index = new StoreIndex(join(home, 'var/index'), storeDir);
    const number = index.newest();
    index.close();
    return number;
  };
  const build = () => {
    const realPath = join(store.makeScratch(), 'out');
    writeFileSync(realPath, 'same');
    const output = {
      realPath,
      name: 'x',
      output: { kind: 'floating', method: 'nar', algorithm: 'sha256' } as const,
      scratchPath: derivation('scratch').path,
      candidates: [],
      deriver: derivation('x').path,
    };
    return store.addOutputs(new Map([['out', output]])).get('out')!;
  };
  const path = build();
  const before = newest();
  assert.equal(build(), path);
  assert.equal(newest(), before);
});

const kinds: Readonly<Record<string, (path: string) => unknown>> = {
  file: (path) => writeFileSync(path, 'left'),
  folder: (path) => makeTree(path, { left: 'over' }),
  'empty folder': (path) => mkdirSync(path),
  link: (path) => makeTree(join(path, '..'), { [path.slice(path.lastIndexOf('/') + 1)]: '-> nowhere' }),
};

test('whatever kind of left-over stands in the way of whatever kind of object is replaced', (t) => {
  const { store, folder } = temporaryStore(t);
  const sources: Record<string, string> = {
    file: join(makeTree(join(folder, 'a'), { f: 'text' }), 'f'),
    folder: makeTree(join(folder, 'b'), { f: 'text' }),
    link: join(makeTree(join(folder, 'c'), { l: '-> somewhere' }), 'l'),
  };
  mkdirSync(join(folder, 'home/store'), { recursive: true });
  // The index is there before any object is.
  store.cachePut([['x', 'y']]);
  for (const [kind, source] of Object.entries(sources)) {
    for (const [left, make] of Object.entries(kinds)) {
      const name = `${kind}-${left.replace(' ', '-')}`;
      const { path } = store.computePath(name, source);
      make(store.toReal(path));
      assert.equal(store.addPath(name, source), path, name);
    }
  }
  assert.deepEqual(store.verify({ contents: true }), []);
  assert.deepEqual(readdirSync(join(folder, 'home/tmp')), []);
});
