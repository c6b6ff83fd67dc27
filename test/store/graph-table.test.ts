/** The table of the graph says what the records say, and is not believed where it may not. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import type { Database } from 'lmdb';
import { addRoot, type ObjectStore, openStore, type StorePath, textPath } from '../../store/index.ts';
import { storeDir } from './fixture.ts';

const scratch = mkdtempSync(join(tmpdir(), 'igos-graph-table-'));
after(() => rmSync(scratch, { recursive: true, force: true }));
let counter = 0;
const newHome = (): string => join(scratch, `home-${counter++}`);

/** What an older igos would see, and could write. */
function withRaw<T>(home: string, use: (table: (name: string) => Database<string, string>, newest: () => number) => T): T {
  const lmdb = createRequire(import.meta.url)('lmdb') as typeof import('lmdb');
  const root = lmdb.open<string, string>({ path: `${home}/var/index`, noSubdir: false, maxDbs: 8, encoding: 'string' });
  const encoder = {
    writeKey: (key: string | Uint8Array, target: Buffer, at: number) =>
      at + (typeof key === 'string' ? target.write(key, at, 'latin1') : Buffer.from(key).copy(target, at)),
    readKey: (source: Buffer, start: number, end: number) => source.toString('latin1', start, end),
  };
  const options = { encoding: 'string', keyEncoder: encoder } as const;
  try {
    return use(
      (name) => root.openDB<string, string>({ name, ...options }),
      () => (root.getStats() as { lastTxnId: number }).lastTxnId,
    );
  } finally {
    void root.close();
  }
}

/** The table by itself, without the records: path → references, sizes, derivers. `undefined` where it is not current. */
function tableOf(home: string): Map<string, unknown> | undefined {
  return withRaw(home, (table, newest) => {
    if (table('graph').get('stamp') !== String(newest())) return undefined;
    const nodes = new Map<number, [string, number, number, string, ...number[]]>();
    for (const { key, value } of table('graph').getRange({ start: 'c', end: 'd' })) {
      (JSON.parse(value) as never[]).forEach((node, i) => {
        if (node !== 0) nodes.set(Number.parseInt(key.slice(1), 16) * 64 + i, node);
      });
    }
    for (const { key, value } of table('paths').getRange({})) {
      assert.equal(nodes.get((JSON.parse(value) as { node: number }).node)?.[0], key, 'the record names its number');
    }
    return new Map(
      Array.from(nodes.values(), ([base, size, time, deriver, ...references]) => [
        base,
        { size, time, deriver, references: references.map((each) => nodes.get(each)?.[0]) },
      ]),
    );
  });
}

function recordsOf(store: ObjectStore): Map<string, unknown> {
  const base = (path: string) => path.slice(storeDir.length + 1);
  return new Map(
    Array.from(store.allPaths(), (path) => {
      const { narSizeBytes, registeredAt, deriver, references } = store.info(path)!;
      return [
        base(path),
        { size: narSizeBytes, time: registeredAt, deriver: base(deriver ?? ''), references: references.map(base) },
      ];
    }),
  );
}

const sorted = (map: Map<string, unknown> | undefined) => [...map!].sort(([a], [b]) => (a < b ? -1 : 1));

/** What is asked of the graph, beside the same from the records. */
function assertSame(store: ObjectStore): void {
  const whole = store.graph();
  const summary = ({ path, narSizeBytes, registeredAt, references, deriver }: (typeof whole.infos)[number]) => ({
    path,
    narSizeBytes,
    registeredAt,
    references,
    deriver,
  });
  assert.deepEqual(store.summaryGraph().infos.map(summary as never), whole.infos.map(summary));
  for (const { path } of whole.infos.slice(0, 5)) {
    assert.deepEqual(
      store.closure([path]),
      store.graph([path]).infos.map((info) => info.path),
    );
    assert.deepEqual(
      store.summaryGraph([path]).infos.map((info) => info.path),
      store.closure([path]),
    );
  }
}

const addText = (store: ObjectStore, name: string, references: readonly StorePath[]): StorePath =>
  store.addTexts([{ name, text: `${name}\n${references.join('\n')}`, references }])[0]!;

test('property: after any additions, signatures, other writes and collections it is what the records say', () => {
  const kinds = ['add', 'sign', 'add', 'collect', 'add', 'cache', 'collect', 'add'] as const;
  const step = (kind: (typeof kinds)[number]) =>
    fc.record({ kind: fc.constant(kind), many: fc.integer({ min: 1, max: 90 }), seed: fc.nat(1000) });
  fc.assert(
    fc.property(fc.tuple(...kinds.map(step)), (steps) => {
      const home = newHome();
      let n = 0;
      for (const { kind, many, seed } of steps) {
        using store = openStore({ home, storeDir });
        const known = [...store.allPaths()];
        if (kind === 'add') {
          // One batch, each on some that were there and on some of the batch, which stand behind it.
          const texts: { name: string; text: string; references: StorePath[] }[] = [];
          for (let i = 0; i < many; i++) {
            const references = known.filter((_, at) => (at * 7 + seed + i) % 13 === 0).slice(0, 4);
            texts.push({ name: `t${n}`, text: 'x', references });
            known.push(textPath(`t${n++}`, 'x', references, storeDir));
          }
          store.addTexts(texts.reverse());
        } else if (kind === 'sign' && known.length > 0) store.addSignatures(new Map([[known[seed % known.length]!, [`k:${n}`]]]));
        else if (kind === 'cache') store.cachePut([[`key ${n}`, String(seed)]]);
        else if (kind === 'collect') {
          known
            .filter((_, at) => (at + seed) % 50 < many)
            .slice(0, 3)
            .forEach((path, i) => {
              addRoot(store, join(scratch, `root-${counter}-${n}-${i}`), path);
            });
          store.close();
          using other = openStore({ home, storeDir });
          other.collect();
          assertSame(other);
        }
        assertSame(store);
        const records = sorted(recordsOf(store));
        store.close();
        if (records.length > 0) assert.deepEqual(sorted(tableOf(home)), records);
      }
    }),
    { numRuns: 4 },
  );
});

test('what an older igos wrote is seen at once, and taken in by the next write', () => {
  const home = newHome();
  let top: StorePath;
  {
    using store = openStore({ home, storeDir });
    const low = addText(store, 'low', []);
    top = addText(store, 'top', [low, addText(store, 'mid', [low])]);
  }
  // As if all of it was older: records without numbers, no table.
  withRaw(home, (table) => {
    for (const { key, value } of [...table('paths').getRange({})]) {
      const { node: _, ...record } = JSON.parse(value) as { node: number };
      table('paths').putSync(key, JSON.stringify(record));
    }
    for (const key of [...table('graph').getKeys({})]) table('graph').removeSync(key);
  });
  assert.equal(tableOf(home), undefined);
  {
    using store = openStore({ home, storeDir });
    assertSame(store);
    assert.equal(store.closure([top]).length, 3);
    addText(store, 'new', [top]);
    assertSame(store);
  }
  assert.equal(tableOf(home)?.size, 4);
});

test('where somebody wrote who does not know the table, it is not believed', () => {
  const home = newHome();
  let [low, top]: StorePath[] = [];
  {
    using store = openStore({ home, storeDir });
    low = addText(store, 'low', []);
    top = addText(store, 'top', [low]);
  }
  const base = (path: string) => path.slice(storeDir.length + 1);
  // top does not refer to low any more, and something new does.
  withRaw(home, (table) => {
    const record = JSON.parse(table('paths').get(base(top!))!) as object;
    table('paths').putSync(base(top!), JSON.stringify({ ...record, references: [] }));
    table('paths').putSync(`${'0'.repeat(32)}-other`, JSON.stringify({ ...record, node: undefined, references: [base(low!)] }));
  });
  using store = openStore({ home, storeDir });
  const other = `${storeDir}/${'0'.repeat(32)}-other` as StorePath;
  assert.deepEqual(store.closure([top!]), [top]);
  assert.deepEqual(store.closure([other]), [other, low]);
  assert.deepEqual(store.summaryGraph().size, 3);
  store.cachePut([['x', 'y']]);
  assert.deepEqual(store.closure([top!]), [top], 'a write that is not about paths does not make it current');
  addText(store, 'new', [other]);
  assertSame(store);
  store.close();
  assert.equal(tableOf(home)?.size, 4);
});
