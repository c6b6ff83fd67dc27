/**
 * What others may hand us to break out, to exhaust us, or to give one content two names. Each case is refused with a reason (the
 * golden), leaves the store as it was, and touches nothing outside of it.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Bytes, renderFault, textToBytes } from '../../base/index.ts';
import {
  bytesSource,
  decodeDerivation,
  dumpNar,
  type ObjectStore,
  parseContentAddress,
  parseHash,
  parseStorePath,
  unpackNar,
} from '../../store/index.ts';
import { golden } from '../golden.ts';
import { faultOf } from './faults.ts';
import { storeDir, temporaryStore } from './fixture.ts';
import { entry, file, folder, link, nar, sizeOf, words } from './nar-words.ts';

const deep = (levels: number): readonly (string | Buffer)[] =>
  Array.from({ length: levels }).reduce<readonly (string | Buffer)[]>((inner) => folder(entry('d', inner)), file());

const NARS: Readonly<Record<string, Buffer>> = {
  'nothing at all': Buffer.alloc(0),
  'another magic': words('nix-archive-2', ...file()),
  'a tar archive': Buffer.concat([Buffer.from('etc/passwd'), Buffer.alloc(502)]),
  'no node': words('nix-archive-1'),
  'cut in the contents': nar(...file('x'.repeat(100))).subarray(0, 150),
  'cut in the padding': nar(...file('x')).subarray(0, 101),
  'cut before the last bracket': nar(...folder(entry('a'))).subarray(0, -16),
  'bytes after the end': Buffer.concat([nar(...file()), Buffer.from('x')]),
  'a second archive after the end': Buffer.concat([nar(...file()), nar(...file())]),
  'a name that climbs': nar(...folder(entry('..'))),
  'a name that stays': nar(...folder(entry('.'))),
  'a name that climbs with a slash': nar(...folder(entry('../../outside/planted'))),
  'an absolute name': nar(...folder(entry('/etc/planted'))),
  'a name with a slash': nar(...folder(entry('a/b'))),
  'a name that ends in a slash': nar(...folder(entry('a/'))),
  'an empty name': nar(...folder(entry(''))),
  'a name with NUL': nar(...folder(entry('a\0.txt'))),
  'a name too long for a disk': nar(...folder(entry('x'.repeat(256)))),
  'a name of 4 GiB': nar('(', 'type', 'directory', 'entry', '(', 'name', sizeOf(2n ** 32n)),
  'names not sorted': nar(...folder(entry('b'), entry('a'))),
  'a name twice': nar(...folder(entry('a', file('one')), entry('a', file('two')))),
  'a file written through a symlink': nar(...folder(entry('a', link('../../outside')), entry('a', folder(entry('planted'))))),
  'a symlink replaced by a file': nar(...folder(entry('a', link('/etc/passwd')), entry('a', file('root::0:0')))),
  'names sorted as numbers, not as bytes': nar(...folder(entry('a2'), entry('a10'))),
  'an empty target': nar(...link('')),
  'a target with NUL': nar(...link('a\0b')),
  'a target too long': nar(...link('x'.repeat(4096))),
  'a device': nar('(', 'type', 'device', ')'),
  'no type': nar('(', ')'),
  'a file without contents': nar('(', 'type', 'regular', ')'),
  'contents twice': nar('(', 'type', 'regular', 'contents', 'a', 'contents', 'b', ')'),
  'executable with a value': nar('(', 'type', 'regular', 'executable', 'yes', 'contents', '', ')'),
  'setuid, which no NAR has': nar('(', 'type', 'regular', 'setuid', '', 'contents', '', ')'),
  'executable after the contents': nar('(', 'type', 'regular', 'contents', '', 'executable', '', ')'),
  'an entry outside of a folder': nar('(', 'type', 'regular', 'contents', '', ...entry('a'), ')'),
  'an entry without a node': nar('(', 'type', 'directory', 'entry', '(', 'name', 'a', ')', ')'),
  'a length beyond what numbers hold': nar('(', 'type', 'regular', 'contents', sizeOf(2n ** 64n - 1n)),
  'a file of 2^52 bytes with none there': nar('(', 'type', 'regular', 'contents', sizeOf(2n ** 52n)),
  'padding that is not zero': nar('(', 'type', 'regular', 'contents', sizeOf(1n), Buffer.from('axxxxxxx'), ')'),
  'a word too long': words('nix-archive-1', '('.repeat(33)),
  'deeper than 64 folders': nar(...deep(65)),
  'deeper than a stack': nar(...deep(3000)),
};

const DIGITS = '0c0bkv3y3pnsb2zzlfm7s3sgp9vnpxhx';

type Attempt = (store: ObjectStore, outside: string) => unknown;
const named =
  (name: string): Attempt =>
  (store) =>
    store.addTexts([{ name, text: 'x', references: [] }]);
const planted =
  (...paths: readonly Bytes[]): Attempt =>
  (store, outside) =>
    store.addTree(
      'x',
      paths.map((path) => ({ kind: 'file', path, realPath: `${outside}/canary` })),
    );

const OTHERS: Readonly<Record<string, Attempt>> = {
  'object: no name': named(''),
  'object: a name that is a folder': named('..'),
  'object: a name whose first part is a folder': named('..-x'),
  'object: a name with a slash': named('../x'),
  'object: a name with NUL': named('a\0b'),
  'object: a name with a line end': named('a\nb'),
  'object: a name with a space': named('a b'),
  'object: a name that is not ASCII': named('\u00fc'),
  'object: a name of 212 characters': named('x'.repeat(212)),
  'path: not in the store': () => parseStorePath(`/nix/store/${DIGITS}-x`, storeDir),
  'path: out of the store again': () => parseStorePath(`${storeDir}/../../etc/passwd`, storeDir),
  'path: a file inside': () => parseStorePath(`${storeDir}/${DIGITS}-x/../y`, storeDir),
  'path: a letter that base 32 lacks': () => parseStorePath(`${storeDir}/${DIGITS.replace('b', 'e')}-x`, storeDir),
  'path: digits alone': () => parseStorePath(`${storeDir}/${DIGITS}`, storeDir),
  'path: relative': () => parseStorePath(`${DIGITS}-x`, storeDir),
  'hash: an algorithm that is none': () => parseHash('crc32-AAAAAA=='),
  'hash: of another length': () => parseHash('sha256:00'),
  'address: of no known kind': () => parseContentAddress('nar:sha256:00'),
  'tree: a name that climbs': planted('../planted'),
  'tree: an absolute name': planted('/etc/planted'),
  'tree: an empty name inside': planted('a//b'),
  'tree: a file below a file': planted('a', 'a/b'),
  'tree: a name twice': planted('a', 'a'),
  'tree: deeper than 64 folders': planted(Array.from({ length: 66 }, () => 'd').join('/')),
  'derivation: not one': () => decodeDerivation('x', 'Derive(', storeDir),
  'derivation: text after it': () => decodeDerivation('x', 'Derive([],[],[],"s","b",[],[])x', storeDir),
};

/** Everything that lies outside of the store, with type, size, link target or contents. */
function photograph(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: 'latin1' })
    .sort()
    .map((name) => {
      const path = Buffer.from(`${root}/${name}`, 'latin1');
      const stat = lstatSync(path);
      const what = stat.isSymbolicLink() ? readlinkSync(path) : stat.isFile() ? readFileSync(path, 'latin1') : '';
      return `${name} ${stat.mode.toString(8)} ${stat.mtimeMs} ${what}`;
    });
}

const outsideOf = (root: string): string => {
  const outside = join(root, 'outside');
  mkdirSync(outside);
  writeFileSync(join(outside, 'canary'), 'alive');
  return outside;
};

test('hostile NARs are refused by name, and write nothing', (t) => {
  const { store, folder: root, home } = temporaryStore(t);
  const outside = outsideOf(root);
  store.addTexts([{ name: 'first', text: '', references: [] }]);
  const before = photograph(outside);
  const lines = Object.entries(NARS).map(([name, bytes]) => {
    const fault = faultOf(() => store.addNar('x', bytesSource(bytes)));
    assert.equal(fault.code, 'E-STORE-009', name);
    // By the other way in, and in small pieces, the reason is the same.
    const target = join(outside, 'restored');
    assert.equal(faultOf(() => unpackNar(inPieces(bytes), textToBytes(target))).message, fault.message, name);
    return `${name}\n  ${fault.message}\n`;
  });
  golden(t, 'errors/store-hostile-nars.txt', lines.join(''));
  assert.deepEqual(photograph(outside), before);
  assert.deepEqual(readdirSync(join(home, 'tmp')), []);
  assert.equal([...store.allPaths()].length, 1);
  assert.deepEqual(store.verify({ contents: true }), []);
});

/** Three bytes at a time: the reader must not depend on how they come. */
function inPieces(bytes: Buffer): (buffer: Uint8Array, offset: number, length: number) => number {
  const source = bytesSource(bytes);
  return (buffer, offset, length) => source(buffer, offset, Math.min(length, 3));
}

test('hostile names, paths, hashes, trees and derivations are refused by name', (t) => {
  const { store, folder: root, home } = temporaryStore(t);
  const outside = outsideOf(root);
  store.addTexts([{ name: 'first', text: '', references: [] }]);
  const before = photograph(outside);
  const lines = Object.entries(OTHERS).map(
    ([name, attempt]) =>
      `${name}\n  ${renderFault(faultOf(() => attempt(store, outside)))
        .trimEnd()
        .replaceAll('\n', '\n  ')}\n`,
  );
  golden(t, 'errors/store-hostile-names.txt', lines.join('').replaceAll(root, '<tmp>'));
  assert.deepEqual(photograph(outside), before);
  assert.deepEqual(readdirSync(join(home, 'tmp')), []);
  assert.equal([...store.allPaths()].length, 1);
});

test('hostile folders: links are kept, not followed; what has no bytes is refused', async (t) => {
  const { store, folder: root } = temporaryStore(t);
  const outside = outsideOf(root);
  const source = join(root, 'source');
  mkdirSync(source);
  symlinkSync(outside, join(source, 'way-out'));
  symlinkSync('way-out/canary', join(source, 'through'));
  const path = store.addPath('x', textToBytes(source));
  assert.deepEqual(
    store.manifest(path).map(({ kind, path: at }) => `${kind} ${at}`),
    ['directory ', 'symlink through', 'symlink way-out'],
  );
  execFileSync('mkfifo', [join(source, 'pipe')]);
  const pipe = faultOf(() => store.addPath('y', textToBytes(source)));
  const server = createServer().listen(join(source, 'a-socket'));
  await new Promise((resolve) => server.once('listening', resolve));
  const socket = faultOf(() => dumpNar(textToBytes(source), () => {}));
  server.close();
  golden(
    t,
    'errors/store-hostile-folders.txt',
    [pipe, socket].map((fault) => renderFault(fault).replaceAll(root, '<tmp>')).join('\n'),
  );
});
