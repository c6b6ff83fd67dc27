import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareBytes, Fault } from '../../base/index.ts';
import { checkLayers, type Layer, orderLayers, parseLayers } from '../../builder/layers.ts';
import type { Manifest, ManifestEntry, ObjectStore, StorePath } from '../../store/index.ts';
import { rootOf, storeDir } from './support.ts';

const pathOf = (n: number | string) => `${storeDir}/${String(n).padStart(32, '0')}-layer` as StorePath;
const file = (path: string, content: string, isExecutable = false): ManifestEntry => ({
  kind: 'file',
  path,
  isExecutable,
  sizeBytes: content.length,
  sha256: content.padEnd(64, '0'),
});
const link = (path: string, target: string): ManifestEntry => ({ kind: 'symlink', path, target });
const folder = (path: string): ManifestEntry => ({ kind: 'directory', path });

/** As much of a store as the check asks. */
function storeOf(manifests: readonly Manifest[]): { store: ObjectStore; nReads: () => number } {
  const cache = new Map<string, string>();
  let nReads = 0;
  const store = {
    manifest: (path: StorePath) => {
      nReads++;
      return [folder(''), ...manifests[Number(path.slice(storeDir.length + 1, storeDir.length + 33))]!];
    },
    cacheGet: (key: string) => cache.get(key),
    cachePut: (entries: readonly (readonly [string, string])[]) => {
      for (const [key, value] of entries) cache.set(key, value);
    },
  } as unknown as ObjectStore;
  return { store, nReads: () => nReads };
}

function check(
  manifests: readonly Manifest[],
  supersedes: readonly (readonly string[])[] = [],
  levels: readonly number[] = [],
): Layer[] {
  const layers = manifests.map((_, n) => ({
    name: `p${n}`,
    path: pathOf(n),
    supersedes: supersedes[n] ?? [],
    level: levels[n] ?? 0,
  }));
  const ordered = orderLayers(layers);
  checkLayers(storeOf(manifests).store, ordered);
  return ordered;
}

const code = (expected: string, pattern?: RegExp) => (error: unknown) =>
  error instanceof Fault && error.code === expected && (pattern === undefined || pattern.test(error.message));

test('folders merge, equal files are fine', () => {
  check([
    [folder('usr'), file('usr/a', 'x')],
    [folder('usr'), file('usr/a', 'x'), file('usr/b', 'y')],
  ]);
});

test('other content, execute permission, target or kind is a conflict', () => {
  const one = file('usr/a', 'x');
  for (const other of [file('usr/a', 'y'), file('usr/a', 'x', true), link('usr/a', 'x'), folder('usr/a')])
    assert.throws(() => check([[one], [other]]), code('E-BUILD-005', /'p0' and 'p1' both have '\/usr\/a'|'p1' and 'p0'/));
  assert.throws(() => check([[link('a', 'x')], [link('a', 'y')]]), code('E-BUILD-005'));
});

test('what supersedes stands above, also through a third', () => {
  const manifests = ['1', '2', '3'].map((text) => [file('usr/a', text)]);
  const ordered = check(manifests, [['p1'], ['p2'], []]);
  assert.deepEqual(
    ordered.map((layer) => layer.name),
    ['p0', 'p1', 'p2'],
  );
  assert.deepEqual(
    check(manifests, [[], ['p0'], ['p1']]).map((layer) => layer.name),
    ['p2', 'p1', 'p0'],
  );
  assert.throws(() => check(manifests, [[], [], ['p1']]), code('E-BUILD-005'));
  assert.throws(() => check(manifests, [['p2'], ['p0'], ['p1']]), code('E-BUILD-007'));
});

test('of two levels the higher one wins, unless what is on the lower one supersedes', () => {
  const manifests = ['1', '2', '3'].map((text) => [file('usr/a', text)]);
  const names = (layers: readonly Layer[]): string[] => layers.map((layer) => layer.name);
  assert.deepEqual(names(check(manifests, [], [0, 2, 1])), ['p1', 'p2', 'p0']);
  assert.deepEqual(names(check(manifests.slice(0, 2), [['p1']], [0, 1])), ['p0', 'p1']);
  assert.throws(() => check(manifests, [], [0, 1, 1]), code('E-BUILD-005', /'p1' and 'p2'|'p2' and 'p1'/));
});

test('a real folder at the place of a root link is refused, the link itself is fine', () => {
  check([[link('bin', 'usr/bin'), link('lib64', '/usr/lib64')]]);
  for (const bad of [folder('bin'), file('sbin', 'x'), link('lib', 'opt/lib')])
    assert.throws(() => check([[bad]]), code('E-BUILD-006', /'p0'/));
});

test('any trees: the first conflict is that of looking at every path of every layer', () => {
  const name = fc.constantFrom('a', 'b', 'a-b', 'a.b', 'usr');
  const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join('/'));
  const entry = fc.tuple(path, fc.constantFrom('file', 'file', 'other file', 'link', 'folder')).map(([at, kind]) => {
    if (kind === 'folder') return folder(at);
    return kind === 'link' ? link(at, 'x') : file(at, kind);
  });
  fc.assert(
    fc.property(fc.array(fc.array(entry, { maxLength: 8 }).map(treeOf), { maxLength: 4 }), (manifests) => {
      // The last one is on top.
      const known = new Map<string, ManifestEntry>();
      let conflict: string | undefined;
      for (const each of manifests.toReversed().flat()) {
        const other = known.get(each.path) ?? each;
        known.set(each.path, other);
        if (JSON.stringify(other) !== JSON.stringify(each)) conflict ??= each.path;
      }
      if (conflict === undefined) check(manifests);
      else
        assert.throws(
          () => check(manifests),
          code('E-BUILD-005', new RegExp(` both have '/${conflict.replaceAll('.', '[.]')}',`)),
        );
    }),
  );
});

/** What can stand in one tree, of entries that may contradict each other, with the folders that hold it. */
function treeOf(entries: readonly ManifestEntry[]): Manifest {
  const tree = new Map<string, ManifestEntry>();
  for (const each of entries) {
    const above = each.path
      .split('/')
      .map((_, i, names) => names.slice(0, i).join('/'))
      .slice(1);
    if (tree.has(each.path) || above.some((at) => (tree.get(at)?.kind ?? 'directory') !== 'directory')) continue;
    for (const at of above) tree.set(at, folder(at));
    tree.set(each.path, each);
  }
  return [...tree.values()].sort((a, b) => compareBytes(a.path, b.path));
}

test('a set of layers is checked once', () => {
  const { store, nReads } = storeOf([[file('usr/a', 'x')], [file('usr/b', 'y')]]);
  const layers = [0, 1].map((n) => ({ name: `p${n}`, path: pathOf(n), supersedes: [], level: 0 }));
  checkLayers(store, layers);
  checkLayers(store, layers);
  assert.equal(nReads(), 2);
  checkLayers(store, layers.toReversed());
  assert.equal(nReads(), 4);
});

test('the description of a root is not trusted', () => {
  assert.deepEqual(parseLayers(rootOf({ name: 'a', path: pathOf(1) }, { name: 'b', path: pathOf(1) }), storeDir), [
    { name: 'a', path: pathOf(1), supersedes: [], level: 0 },
  ]);
  for (const bad of [
    '',
    '{}',
    '[]',
    'null',
    '{"layers":[1]}',
    '{"layers":[{"name":"a","path":"/etc"}]}',
    `{"layers":[{"name":"a","path":"${pathOf(1)}/usr"}]}`,
    `{"layers":[{"name":"a","path":"${pathOf(1)}","supersedes":"b"}]}`,
    `{"layers":[{"name":"a","path":"${pathOf(1)}","level":-1}]}`,
    `{"layers":[{"name":"a","path":"${pathOf(1)}","level":"1"}]}`,
  ])
    assert.throws(() => parseLayers(bad, storeDir), code('E-BUILD-008'));
});

test('a chain of 100,000 successors costs no stack, and all may have one file', () => {
  const count = 100_000;
  const layers = check(
    Array.from({ length: count }, (_, n) => [file('a', String(n))]),
    Array.from({ length: count }, (_, n) => (n + 1 < count ? [`p${n + 1}`] : [])),
  );
  assert.equal(layers[0]!.name, 'p0');
  assert.equal(layers.at(-1)!.name, `p${count - 1}`);
});
