/** Collecting generations: what it says beforehand, and what is left where it is interrupted. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { writeArchive } from '../../pkm/index.ts';
import { copySandbox } from './crash-harness.ts';
import { watchIo } from './crash-scenarios.ts';
import { pinsIn, Sandbox } from './support.ts';

const objectsIn = (box: Sandbox): number =>
  readdirSync(join(box.root, 'var/lib/igos/objects'), { recursive: true }).filter((name) => String(name).length > 64).length;

/** Four generations of an archive and of a store package. */
async function prepared(box: Sandbox): Promise<void> {
  const folder = join(box.base, 'archives');
  mkdirSync(folder);
  for (const n of [1, 2, 3, 4]) {
    await writeArchive(box.image(`b ${n}`, { 'usr/b': `${n}`, 'etc/b': `${n}\n` }), join(folder, `${n}`));
    await box.do(async (root) => {
      const archives = await root.readArchives([join(folder, `${n}`)]);
      root.install([box.image(`a ${n}`, { 'usr/a': `${n}` }), ...archives], { archiveTrust: 'loose' });
    });
  }
}

test('a dry run says all that would go, and nobody has to wait for it', async (t) => {
  const box = new Sandbox(t);
  await prepared(box);
  using writer = box.open();
  const plan = box.do((root) => root.gc({ keepLast: 2, dryRun: true }), { readOnly: true });
  assert.deepEqual([plan.removed, plan.nObjects, plan.unpinned.length], [[0, 1, 2], 4, 2]);
  assert.deepEqual(writer.gc({ keepLast: 2 }), plan);
  assert.deepEqual(writer.gc({ keepLast: 2 }), { removed: [], nObjects: 0, unpinned: [] });
});

test('days are counted by the order of generations where the clock was wrong', async (t) => {
  const box = new Sandbox(t);
  const day = 86_400;
  const now = 1_000 * day;
  // By the right clock; behind; right; ahead by a year; right; right.
  const made = [now - 20 * day, now - 9 * day, 0, now - 8 * day, now + 365 * day, now - 7 * day, now - day];
  for (const [n, time] of made.entries())
    box.do((root) => root.install([box.image(`a ${n}`, { 'usr/a': `${n}` })]), { now: () => time });
  const removed = (keepDays: number): readonly number[] =>
    box
      .do((root) => root.gc({ keepDays, dryRun: true }).removed, { readOnly: true, now: () => now })
      .filter((number) => number > 0);
  assert.deepEqual(removed(30), []);
  assert.deepEqual(removed(10), [1]);
  // The third is not younger than the second, nor the fifth older than the fourth or younger than the sixth.
  assert.deepEqual(removed(8), [1, 2, 3]);
  assert.deepEqual(removed(7), [1, 2, 3, 4]);
  assert.deepEqual(removed(1), [1, 2, 3, 4, 5, 6]);
});

test('what later merges of configuration need stays, though no generation has it any more', (t) => {
  const box = new Sandbox(t);
  const text = (first: string, last: string): string => `${first}\n2\n3\n4\n5\n6\n${last}\n`;
  const install = (n: number, conf: string) =>
    box.do((root) => root.install([box.image(`a ${n}`, { 'usr/a': `${n}`, 'etc/a': conf })]).config);
  const forget = (): void => void box.do((root) => root.gc({ keepLast: 1 }));
  install(1, text('1', '7'));
  box.write('etc/a', text('mine', '7'));
  assert.deepEqual(install(2, text('theirs', '7')), [{ path: 'etc/a', owner: 'a', outcome: 'new-file', newPath: 'etc/a.new' }]);
  forget();
  assert.deepEqual(install(3, text('1', 'seven')), [{ path: 'etc/a', owner: 'a', outcome: 'merged' }]);
  assert.equal(box.read('etc/a'), text('mine', 'seven'));
  // Of a package that went.
  box.do((root) => root.remove(['a']));
  forget();
  assert.deepEqual(install(4, text('1', '8')), [{ path: 'etc/a', owner: 'a', outcome: 'merged' }]);
  assert.equal(box.read('etc/a'), text('mine', '8'));
});

test('a store path that was left and is in use again stays pinned', async (t) => {
  const box = new Sandbox(t);
  const pinned = new Set<string>();
  const pins = pinsIn(pinned);
  for (const n of [1, 2]) box.do((root) => root.install([box.image(`a ${n}`, { 'usr/a': `${n}` })]), { pins });
  const [first, second] = pinned;
  await box.do((root) => root.rollback(1), { pins });
  const { unpinned } = box.do((root) => root.gc({ keepLast: 1 }), { pins });
  assert.deepEqual([unpinned, [...pinned]], [[second], [first]]);
});

test('a root where pkm never was has nothing to forget', (t) => {
  const box = new Sandbox(t);
  const report = box.do((root) => root.gc({ keepLast: 1, dryRun: true }), { readOnly: true });
  assert.deepEqual(report, { removed: [], nObjects: 0, unpinned: [] });
});

test('interrupted anywhere, the next one leaves what an uninterrupted one leaves', async (t) => {
  const box = new Sandbox(t);
  await prepared(box);
  const pinned = new Set(
    box.do((root) => root.list().flatMap(({ origin }) => (origin.kind === 'store' ? [origin.storePath] : []))),
  );
  for (let step = 0; ; step++) {
    const copy = copySandbox(t, box.base);
    let isReached = false;
    const io = watchIo((n) => {
      if (n >= step) {
        isReached = true;
        throw new Error('killed');
      }
    });
    const unpinned = new Set<string>();
    const pins = { add: () => undefined, besides: () => [], remove: (path: string) => void unpinned.add(path) };
    try {
      copy.do((root) => root.gc({ keepLast: 2 }), { io, pins });
    } catch (error) {
      if (!isReached) throw error;
    }
    if (!isReached) {
      assert.ok(step > 6, `only ${step} writes seen`);
      break;
    }
    const where = `killed at write ${step}`;
    copy.do((root) => assert.deepEqual([root.verify().isClean, root.checkInvariants()], [true, []], where));
    copy.do((root) => root.gc({ keepLast: 2 }), { pins });
    assert.equal(objectsIn(copy), 4, `${where}: of two generations an archive and a configuration file`);
    assert.deepEqual([unpinned.size, [...unpinned].some((path) => pinned.has(path))], [2, false], where);
    const database = new DatabaseSync(join(copy.root, 'var/lib/igos/pkm.db'), { readOnly: true });
    const past = (table: string) => database.prepare(`SELECT DISTINCT from_generation AS n FROM ${table}`).all();
    for (const table of ['files_past', 'installed_past'])
      assert.deepEqual(
        past(table).map(({ n }) => n),
        [3],
        `${where}: ${table}`,
      );
    database.close();
    await copy.do((root) => root.rollback(3));
    assert.deepEqual([copy.read('usr/a'), copy.read('usr/b'), copy.read('etc/b')], ['3', '3', '3\n'], where);
    copy.remove();
  }
});
