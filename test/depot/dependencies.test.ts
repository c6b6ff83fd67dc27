import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault, renderFault } from '../../base/index.ts';
import {
  type ArchiveFiles,
  type ArchiveName,
  dependenciesOf,
  depotPath,
  formatArchiveName,
  parseArchiveName,
  reachedTwice,
  type VersionedName,
} from '../../depot/index.ts';
import { golden } from '../golden.ts';

/** A depot in memory: path → files. */
const depotOf = (archives: Record<string, Record<string, string>>): ArchiveFiles => ({
  has: (archive: ArchiveName) => archives[depotPath(archive, 'present')] !== undefined,
  read: (archive, file) => archives[depotPath(archive, 'present')]?.[file],
});

const named = (...texts: string[]): VersionedName[] => texts.map((text) => parseArchiveName(text, 'versioned') as VersionedName);
const needs = (files: ArchiveFiles, ...texts: string[]) => {
  const { archives, missing } = dependenciesOf(named(...texts), files);
  return { archives: archives.map(formatArchiveName), missing: missing.map(formatArchiveName) };
};

const wm = depotOf({
  'a/pkg/wm/1': { archives: 'a/raw/wm/1\na/src/wm/1\nb/pkg/deco/2\n' },
  'b/pkg/deco/2': { archives: 'b/src/deco/2\nb/bin/ignored/1 word' },
  'a/src/wm/1': { used_apis: 'base/1\nb/api/gui/3\n', api: 'wm/1' },
  'b/src/deco/2': { used_apis: 'gui/3' },
  'a/raw/wm/1': {},
  'a/api/base/1': {},
});

test('a package archive needs packages, sources, data and APIs', () => {
  assert.deepEqual(needs(wm, 'a/pkg/wm/1'), {
    archives: [
      'a/pkg/wm/1',
      'b/pkg/deco/2',
      'a/src/wm/1',
      'b/src/deco/2',
      'a/raw/wm/1',
      'a/api/base/1',
      'a/api/wm/1',
      'b/api/gui/3',
    ],
    missing: ['a/api/wm/1', 'b/api/gui/3'],
  });
});

test('with an architecture also the binaries of its sources, of the users of the sources', () => {
  const { archives } = needs(wm, 'a/pkg/x86_64/wm/1', 'a/pkg/wm/1');
  assert.deepEqual(archives.slice(-2), ['a/bin/x86_64/wm/1', 'b/bin/x86_64/deco/2']);
  assert.equal(new Set(archives).size, archives.length);
});

test('a binary needs its source and the APIs of that; debug information on request', () => {
  assert.deepEqual(needs(wm, 'a/bin/x86_64/wm/1').archives, [
    'a/src/wm/1',
    'a/api/base/1',
    'a/api/wm/1',
    'b/api/gui/3',
    'a/bin/x86_64/wm/1',
  ]);
  const withDebug = dependenciesOf(named('a/bin/x86_64/wm/1'), wm, { withDebug: true }).archives.map(formatArchiveName);
  assert.equal(withDebug.at(-1), 'a/dbg/x86_64/wm/1');
});

test('an index needs nothing; what is missing tells nothing of its own needs', () => {
  assert.deepEqual(needs(wm, 'a/index/24.10'), { archives: [], missing: [] });
  assert.deepEqual(needs(wm, 'c/pkg/x/1').missing, ['c/pkg/x/1']);
});

test('a diamond is no error here, and known for those to whom it is one', () => {
  const diamond = depotOf({
    'a/pkg/a/1': { archives: 'a/pkg/b/1 a/pkg/c/1' },
    'a/pkg/b/1': { archives: 'a/pkg/d/1' },
    'a/pkg/c/1': { archives: 'a/pkg/d/1' },
    'a/pkg/d/1': { archives: '' },
  });
  assert.equal(needs(diamond, 'a/pkg/a/1').archives.length, 4);
  assert.deepEqual(reachedTwice(named('a/pkg/a/1')[0]!, diamond), [
    { archive: 'a/pkg/d/1', ways: ['a/pkg/a/1 → a/pkg/b/1 → a/pkg/d/1', 'a/pkg/a/1 → a/pkg/c/1 → a/pkg/d/1'] },
  ]);
  assert.deepEqual(reachedTwice(named('a/pkg/wm/1')[0]!, wm), []);
});

test('a package archive that needs itself is refused', (t) => {
  const cycle = depotOf({ 'a/pkg/a/1': { archives: 'a/pkg/b/1' }, 'a/pkg/b/1': { archives: 'a/pkg/a/1' } });
  assert.throws(
    () => needs(cycle, 'a/pkg/a/1'),
    (error: unknown) => {
      assert.ok(error instanceof Fault);
      golden(t, 'errors/depot-cycle.txt', renderFault(error));
      return true;
    },
  );
});

/** 100,000 packages, each of which lists the next one. */
function chain(last: string): ArchiveFiles {
  const length = 100_000;
  return {
    has: () => true,
    read: ({ name }, file) => {
      const n = Number(name.slice(1));
      return file === 'archives' ? (n === length ? last : `a/pkg/p${n + 1}/1\n`) : undefined;
    },
  };
}

test('a chain of any length is followed', { timeout: 60_000 }, () => {
  const { archives } = dependenciesOf(named('a/pkg/x86_64/p1/1'), chain('a/src/end/1\n'));
  assert.equal(archives.length, 100_002);
  assert.throws(() => dependenciesOf(named('a/pkg/p1/1'), chain('a/pkg/p50000/1\n')), { code: 'E-DEPOT-003' });
  const [twice] = reachedTwice(named('a/pkg/p1/1')[0]!, chain('a/pkg/p100000/1\n'));
  assert.equal(twice!.archive, 'a/pkg/p100000/1');
  assert.deepEqual(
    twice!.ways.map((way) => way.split(' → ').length),
    [100_000, 100_001],
  );
});
