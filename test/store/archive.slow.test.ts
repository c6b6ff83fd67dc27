/** Archives of store paths: Nix's vector and Nix itself as oracles, and everything that must be refused. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { compareBytes, Fault, renderFault, textToBytes } from '../../base/index.ts';
import {
  type ByteSource,
  bytesSource,
  compressingSink,
  decompressingSource,
  exportPaths,
  narOfBytes,
  type ObjectStore,
  openStore,
  type StorePath,
} from '../../store/index.ts';
import { narToken } from '../../store/nar-of-file.ts';
import { golden } from '../golden.ts';
import { faultOf } from './faults.ts';
import { makeTree, temporaryFolder, temporaryStore } from './fixture.ts';
import { vectorFile } from './vectors.ts';

const exported = (store: ObjectStore, paths: Iterable<StorePath>): Buffer => {
  const chunks: Buffer[] = [];
  exportPaths(store, paths, (chunk) => chunks.push(Buffer.from(chunk)));
  return Buffer.concat(chunks);
};

const nixStore = (t: TestContext): ObjectStore => {
  const store = openStore({ home: join(temporaryFolder(t), 'home'), storeDir: '/nix/store' });
  t.after(() => store.close());
  return store;
};

const withoutTime = (store: ObjectStore, path: StorePath): object => ({ ...store.info(path)!, registeredAt: 0 });

/** Nothing valid, nothing in the store folder, no scratch. */
function assertEmpty(store: ObjectStore, what: string): void {
  assert.deepEqual([...store.allPaths()], [], what);
  for (const folder of ['store', 'tmp']) {
    const path = join(store.home, folder);
    if (existsSync(path)) assert.deepEqual(readdirSync(path), [], what);
  }
}

test('the archive that Nix wrote is read, and written again byte for byte', (t) => {
  const store = nixStore(t);
  const archive = vectorFile('export-simple.bin');
  const [path] = store.importArchive(bytesSource(archive), { isTrusted: true });
  assert.equal(path, '/nix/store/94f9f6i31zwzwbf0kclq1naqxxi4c7v9-simple');
  assert.equal(store.info(path!)!.deriver, '/nix/store/3ghsl9sd83mc26i81adpa2fzf3yw4f68-simple.drv');
  assert.equal(store.info(path!)!.ca, undefined);
  assert.deepEqual(exported(store, [path!]), archive);
  assert.deepEqual(store.verify({ contents: true }), []);
});

/** One path of every kind of content address, with references among them. */
function everyKind(store: ObjectStore, folder: string): StorePath[] {
  const tree = makeTree(join(folder, 'tree'), { 'a/b': 'text', 'a/x*': '#!/bin/sh\n', link: '-> a/b', empty: null });
  const file = join(makeTree(join(folder, 'file'), { f: 'some bytes' }), 'f');
  const script = join(makeTree(join(folder, 'script'), { 's*': 'run' }), 's');
  const added = [
    store.addPath('tree', textToBytes(tree)),
    store.addPath('script', textToBytes(script)),
    ...(['sha256', 'sha512', 'sha1', 'md5'] as const).flatMap((algorithm) => [
      store.addPath(`flat-${algorithm}`, textToBytes(file), { method: 'flat', algorithm }),
      store.addPath(`nar-${algorithm}`, textToBytes(tree), { algorithm }),
    ]),
  ];
  const texts = store.addTexts([{ name: 'text', text: `${added[0]} ${added[1]}`, references: [added[0]!, added[1]!] }]);
  const scratchPath = `${store.storeDir}/${'0'.repeat(32)}-self` as StorePath;
  const realPath = join(store.makeScratch(), 'out');
  makeTree(realPath, { me: `${scratchPath}/me`, other: `${added[0]}` });
  const outputs = store.addOutputs(
    new Map([
      [
        'out',
        {
          realPath,
          name: 'self',
          output: { kind: 'floating', method: 'nar', algorithm: 'sha256' },
          scratchPath,
          candidates: added,
          deriver: `${store.storeDir}/${'1'.repeat(32)}-self.drv` as StorePath,
        },
      ],
    ]),
  );
  return [...added, ...texts, ...outputs.values()];
}

test('paths named by their content prove themselves, whatever the kind, and keep their address', (t) => {
  const { store, folder } = temporaryStore(t);
  const paths = everyKind(store, folder);
  const { store: other } = temporaryStore(t);
  const archive = exported(store, store.closure(paths));
  const imported = other.importArchive(bytesSource(archive));
  assert.deepEqual([...imported].sort(compareBytes), [...store.allPaths()]);
  for (const path of paths) {
    assert.deepEqual(withoutTime(other, path), withoutTime(store, path));
    assert.deepEqual(other.manifest(path), store.manifest(path));
  }
  assert.deepEqual(other.verify({ contents: true }), []);
  // A second time nothing changes.
  const seen: boolean[] = [];
  other.importArchive(bytesSource(archive), { onPath: (_path, isNew) => seen.push(isNew) });
  assert.ok(seen.length === paths.length && !seen.includes(true));
  assert.deepEqual(readdirSync(join(other.home, 'tmp')), []);
});

test('every shorter archive is refused and leaves nothing', (t) => {
  const { store } = temporaryStore(t);
  const [a] = store.addTexts([{ name: 'a', text: 'a', references: [] }]);
  const [b] = store.addTexts([{ name: 'b', text: `${a}`, references: [a!] }]);
  const archive = exported(store, [a!, b!]);
  const { store: other } = temporaryStore(t);
  for (let length = 0; length < archive.length; length++) {
    const fault = faultOf(() => other.importArchive(bytesSource(archive.subarray(0, length))));
    assert.equal(fault.code, 'E-STORE-040', `${length} bytes`);
    assertEmpty(other, `${length} bytes`);
  }
});

test('an archive with any changed byte imports nothing that is not what its name says', (t) => {
  const { store } = temporaryStore(t);
  const [a] = store.addTexts([{ name: 'a', text: 'some text', references: [] }]);
  const archive = exported(store, [a!]);
  const { store: other } = temporaryStore(t);
  for (let at = 0; at < archive.length; at++) {
    const changed = Buffer.from(archive);
    changed[at]! ^= 1 << (at % 8);
    assert.throws(() => other.importArchive(bytesSource(changed)), Fault, `byte ${at}`);
    assertEmpty(other, `byte ${at}`);
  }
  assert.deepEqual(other.importArchive(bytesSource(archive)), [a]);
});

const number = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeUIntLE(value, 0, 6);
  return bytes;
};
const MAGIC = number(0x4558494e);
const folder = '/igos/store';
const good = `${folder}/${'0'.repeat(32)}-x`;

/** An archive of one path from its parts. */
const archiveOf = (parts: {
  before?: number;
  nar?: Buffer;
  magic?: Buffer;
  path?: string;
  references?: readonly string[];
  nReferences?: number;
  deriver?: string;
  signature?: Buffer;
  after?: Buffer;
}): Buffer =>
  Buffer.concat([
    number(parts.before ?? 1),
    parts.nar ?? narOfBytes(Buffer.from('x')),
    parts.magic ?? MAGIC,
    narToken(parts.path ?? good),
    number(parts.nReferences ?? parts.references?.length ?? 0),
    ...(parts.references ?? []).map(narToken),
    narToken(parts.deriver ?? ''),
    parts.signature ?? number(0),
    parts.after ?? number(0),
  ]);

const narOf = (...words: string[]): Buffer => Buffer.concat(['nix-archive-1', ...words].map(narToken));
const entry = (name: string, ...node: string[]): string[] => ['entry', '(', 'name', name, 'node', ...node, ')'];
const file = ['(', 'type', 'regular', 'contents', 'x', ')'];
const link = ['(', 'type', 'symlink', 'target', '/tmp', ')'];

/** What an enemy may send: title → bytes. All with trust switched on, so that nothing but the form protects us. */
const hostile: Readonly<Record<string, Buffer>> = {
  'nothing at all': Buffer.alloc(0),
  'another format': Buffer.from('ustar\0'.repeat(100)),
  'a NAR alone': narOfBytes(Buffer.from('x')),
  'a flag that is neither 0 nor 1': archiveOf({ before: 2 }),
  'a flag beyond 2^53': Buffer.alloc(8, 0xff),
  'no mark': archiveOf({ magic: number(1) }),
  'bytes after the end': archiveOf({ after: Buffer.concat([number(0), Buffer.from('more')]) }),
  'no end': archiveOf({ after: Buffer.alloc(0) }),
  'a path outside of the store': archiveOf({ path: '/etc/passwd' }),
  'a path that climbs': archiveOf({ path: `${folder}/../../etc/${'0'.repeat(32)}-x` }),
  'a path that is the folder': archiveOf({ path: folder }),
  'a path of another store': archiveOf({ path: `/nix/store/${'0'.repeat(32)}-x` }),
  'a path with a file behind': archiveOf({ path: `${good}/bin` }),
  'a name of dots': archiveOf({ path: `${folder}/${'0'.repeat(32)}-..` }),
  'a name with a slash and NUL': archiveOf({ path: `${folder}/${'0'.repeat(32)}-a\0/b` }),
  'a hash with a letter that base 32 lacks': archiveOf({ path: `${folder}/${'e'.repeat(32)}-x` }),
  'a path of a megabyte': archiveOf({ path: `${folder}/${'0'.repeat(2 ** 20)}` }),
  'a reference outside of the store': archiveOf({ references: ['/etc/passwd'] }),
  'a reference to nothing': archiveOf({ references: [`${folder}/${'1'.repeat(32)}-gone`] }),
  'more references than there are bytes': archiveOf({ nReferences: 1000 }),
  'an absurd number of references': archiveOf({ nReferences: 2 ** 40 }),
  'a deriver that is no path': archiveOf({ deriver: '../../x' }),
  'a signature flag of 7': archiveOf({ signature: number(7) }),
  'a signature of a gigabyte': archiveOf({ signature: Buffer.concat([number(1), number(2 ** 30)]) }),
  'an entry that climbs': archiveOf({ nar: narOf('(', 'type', 'directory', ...entry('..', ...file), ')') }),
  'an entry with a slash': archiveOf({ nar: narOf('(', 'type', 'directory', ...entry('a/b', ...file), ')') }),
  'an entry without a name': archiveOf({ nar: narOf('(', 'type', 'directory', ...entry('', ...file), ')') }),
  'an entry with NUL': archiveOf({ nar: narOf('(', 'type', 'directory', ...entry('a\0b', ...file), ')') }),
  'a link, then a folder in its place': archiveOf({
    nar: narOf('(', 'type', 'directory', ...entry('a', ...link), ...entry('a', '(', 'type', 'directory', ')'), ')'),
  }),
  'entries out of order': archiveOf({
    nar: narOf('(', 'type', 'directory', ...entry('b', ...file), ...entry('a', ...file), ')'),
  }),
  'a device': archiveOf({ nar: narOf('(', 'type', 'device', ')') }),
  'a file longer than the archive': archiveOf({
    nar: Buffer.concat([narOf('(', 'type', 'regular', 'contents'), number(2 ** 45)]),
  }),
  'a thousand folders': archiveOf({
    nar: narOf(
      ...Array.from({ length: 1000 }, () => ['(', 'type', 'directory', 'entry', '(', 'name', 'd', 'node']).flat(),
      ...file,
      ...Array.from({ length: 1000 }, () => [')', ')']).flat(),
    ),
  }),
  'padding that is not zero': (() => {
    const archive = archiveOf({});
    archive[archive.indexOf('nix-archive-1') + 14] = 1;
    return archive;
  })(),
  'a zstd frame of zeros that would fill the disk': zstdCompressSync(Buffer.alloc(2 ** 27)),
  'a zstd frame that is cut off': zstdCompressSync(archiveOf({})).subarray(0, -5),
  'a zstd frame and then none': Buffer.concat([zstdCompressSync(archiveOf({})), Buffer.from('no frame, this')]),
  'a zstd frame that lies about its size': (() => {
    const frame = zstdCompressSync(Buffer.alloc(100));
    frame[5] = 99;
    return frame;
  })(),
};

test('hostile archives are refused with a reason, and leave nothing', (t) => {
  const { store } = temporaryStore(t);
  const lines: string[] = [];
  for (const [title, bytes] of Object.entries(hostile)) {
    const source = (): ByteSource => decompressingSource(bytesSource(bytes));
    const fault = faultOf(() => store.importArchive(source(), { isTrusted: true }));
    lines.push(`${title}: ${fault.code}: ${fault.message.replaceAll('\0', '\\0')}`);
    assertEmpty(store, title);
  }
  golden(t, 'errors/store-archive-hostile.txt', `${lines.join('\n')}\n`);
});

test('what stands in the place of a signature and is none is not kept', (t) => {
  const kept = ['key-1:QUJD', 'key-1:QUJD key-2:QUI=', 'key-1:QUJD key-2:QQ== key-1:Ag=='];
  const dropped = [
    ...[
      '',
      ' ',
      'key-1',
      'key-1:',
      ':QUJD',
      'key-1:QUJD ',
      ' key-1:QUJD',
      'key-1:QUJD  key-2:QUJD',
      'key-1:QUJD\n',
      '\nkey-1:QUJD',
    ],
    ...['key-1:QU-D', 'key-1:QUJD==='],
    // What Nix wrote before 2014: of the program openssl.
    ...['BEGIN key-1:QUJD', 'key-1:QUJD END', 'key-1:QUJD\tkey-2:QUJD', 'key-1:QUJD:QUJD'],
  ];
  for (const text of [...kept, ...dropped]) {
    const { store } = temporaryStore(t);
    const archive = archiveOf({ signature: Buffer.concat([number(1), narToken(text)]) });
    const [path] = store.importArchive(bytesSource(archive), { isTrusted: true });
    assert.deepEqual(store.info(path!)!.signatures, kept.includes(text) ? text.split(' ') : undefined, JSON.stringify(text));
  }
});

test('the refusals as people read them', (t) => {
  const { store } = temporaryStore(t);
  const [a] = store.addTexts([{ name: 'a', text: 'a', references: [] }]);
  const [b] = store.addTexts([{ name: 'b', text: `${a}`, references: [a!] }]);
  const { store: other } = temporaryStore(t);
  const real = store.toReal(a!);
  const onlyB = exported(store, [b!]);
  chmodSync(real, 0o644);
  writeFileSync(real, 'b');
  const faults = [
    () => other.importArchive(bytesSource(Buffer.from('no archive, this'))),
    () => exported(store, [a!]),
    () => other.importArchive(bytesSource(archiveOf({ path: `/nix/store/${'0'.repeat(32)}-x` }))),
    () => other.importArchive(bytesSource(archiveOf({}))),
    () => other.importArchive(decompressingSource(bytesSource(zstdCompressSync(Buffer.alloc(2 ** 27))))),
    () => other.importArchive(bytesSource(onlyB)),
  ].map((run) => renderFault(faultOf(run)));
  golden(t, 'errors/store-archive.txt', faults.join('\n'));
});

test('compressed streams: any chunks in, the same bytes out', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 3000 }), { maxLength: 8 }),
      fc.integer({ min: 1, max: 5000 }),
      (parts, step) => {
        const chunks: Buffer[] = [];
        const { sink, end } = compressingSink((chunk) => chunks.push(Buffer.from(chunk)));
        for (const part of parts) sink(part);
        end();
        const compressed = bytesSource(Buffer.concat(chunks));
        const stingy: ByteSource = (buffer, offset, length) => compressed(buffer, offset, Math.min(length, step));
        const source = decompressingSource(stingy);
        const back: Buffer[] = [];
        for (;;) {
          const buffer = Buffer.alloc(700);
          const nRead = source(buffer, 0, buffer.length);
          if (nRead === 0) break;
          back.push(buffer.subarray(0, nRead));
        }
        assert.deepEqual(Buffer.concat(back), Buffer.concat(parts));
      },
    ),
    { numRuns: 50 },
  );
});

test('more than a frame: the zstd program reads what we write', (t) => {
  if (spawnSync('zstd', ['--version']).status !== 0) {
    t.skip('no zstd program here');
    return;
  }
  const data = Buffer.from(Array.from({ length: 600_000 }, (_, i) => `line ${i * 7919}\n`).join(''));
  const chunks: Buffer[] = [];
  const { sink, end } = compressingSink((chunk) => chunks.push(Buffer.from(chunk)));
  sink(data);
  end();
  assert.ok(chunks.length > 1);
  const { stdout } = spawnSync('zstd', ['-dc'], { input: Buffer.concat(chunks), maxBuffer: 1 << 28 });
  assert.ok(stdout.equals(data));
});

test('Nix takes what we export, and we take what Nix exports', (t) => {
  if (spawnSync('nix-store', ['--version']).status !== 0) {
    t.skip('no nix-store program here');
    return;
  }
  const store = nixStore(t);
  const work = temporaryFolder(t);
  const nix = (root: string, words: readonly string[], input?: Buffer): Buffer => {
    const run = spawnSync('nix-store', ['--store', join(work, root), ...words], {
      ...(input === undefined ? {} : { input }),
      env: { PATH: process.env['PATH'], HOME: work, NIX_CONFIG: 'sandbox = false\nbuild-users-group =' },
    });
    assert.equal(run.status, 0, run.stderr.toString());
    return run.stdout;
  };
  everyKind(store, work);
  const paths = [...store.allPaths()];
  const archive = exported(store, paths);
  const taken = nix('a', ['--import'], archive).toString().trim().split('\n');
  assert.deepEqual(taken.sort(), paths);
  nix('a', ['--verify', '--check-contents']);
  for (const path of paths) {
    assert.deepEqual(nix('a', ['-q', '--references', path]).toString().split('\n').filter(Boolean).sort(), [
      ...store.info(path)!.references,
    ]);
  }
  const back = nix('a', ['--export', ...paths]);
  const other = nixStore(t);
  assert.deepEqual(other.importArchive(bytesSource(back)).sort(compareBytes), paths);
  for (const path of paths) assert.deepEqual(withoutTime(other, path), withoutTime(store, path));
  assert.deepEqual(other.verify({ contents: true }), []);
});
