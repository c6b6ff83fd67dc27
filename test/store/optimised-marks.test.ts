/** What was optimised is remembered, and forgetting it costs time alone. */
import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { textToBytes } from '../../base/index.ts';
import { OptimisedMarks } from '../../store/optimised-marks.ts';
import { makeTree, temporaryFolder, temporaryStore } from './fixture.ts';

test('without the marks, or without the pool, everything is looked at again', (t) => {
  const { store, folder, home } = temporaryStore(t);
  store.addPath('x', textToBytes(makeTree(join(folder, 'x'), { a: 'same', b: 'same', c: 'other' })));
  assert.equal(store.optimise().nReplaced, 1);
  assert.equal(store.optimise().nFiles, 0);
  rmSync(join(home, 'var/optimised'));
  assert.deepEqual(store.optimise(), { nFiles: 3, nReplaced: 0, nBytesSaved: 0 });
  assert.equal(store.optimise().nFiles, 0);
  rmSync(join(home, 'pool'), { recursive: true });
  assert.deepEqual(store.optimise(), { nFiles: 3, nReplaced: 0, nBytesSaved: 0 });
  assert.equal(store.optimise().nFiles, 0);
  // A path that was collected and added again is a new one: its registration is.
  const marks = readFileSync(join(home, 'var/optimised'), 'latin1');
  writeFileSync(join(home, 'var/optimised'), marks.replace(/ \d+\n/, ' 1\n'));
  assert.equal(store.optimise().nFiles, 3);
});

test('lines that were cut count as none, and those of dead objects go', (t) => {
  const home = temporaryFolder(t);
  const path = join(home, 'var/optimised');
  mkdirSync(join(home, 'var'));
  const add = (bases: Record<string, number>, living?: readonly string[]): void =>
    new OptimisedMarks(home, false).add(new Map(Object.entries(bases)), living && new Set(living));
  add({ a: 1, b: 2 });
  appendFileSync(path, 'c');
  assert.equal(new OptimisedMarks(home, false).has('c', 3), false);
  add({ d: 4 });
  const has = (base: string, registeredAt: number): boolean => new OptimisedMarks(home, false).has(base, registeredAt);
  assert.deepEqual([has('a', 1), has('a', 2), has('b', 2), has('d', 4)], [true, false, true, true]);
  add(Object.fromEntries(Array.from({ length: 1200 }, (_, i) => [`x${i}`, 1])));
  add({ e: 5 }, ['a', 'e']);
  assert.equal(readFileSync(path, 'latin1'), 'a 1\ne 5\n');
  assert.equal(new OptimisedMarks(home, true).has('a', 1), false);
  assert.equal(has('a', 1), false, 'and they are gone');
});
