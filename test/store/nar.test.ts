import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Bytes, renderFault } from '../../base/index.ts';
import {
  bytesSource,
  compareTreeOrder,
  decodeManifest,
  dumpNar,
  encodeManifest,
  formatContentAddress,
  formatHash,
  ingest,
  ManifestBuilder,
  ModuloHasher,
  NarEncoder,
  narOfBytes,
  orderTree,
  ReferenceScanner,
  readNar,
  readTree,
  type TreeVisitor,
  unpackNar,
} from '../../store/index.ts';
import { TextNars } from '../../store/nar-encode.ts';
import { golden } from '../golden.ts';
import { faultOf } from './faults.ts';
import { vectorFile, vectorJson } from './vectors.ts';

const scratch = (t: { after(run: () => void): void }): string => {
  const folder = mkdtempSync(join(tmpdir(), 'igos-nar-'));
  t.after(() => {
    spawnSync('chmod', ['-R', 'u+w', folder]);
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
};

const collect = (drive: (sink: (chunk: Uint8Array) => void) => void): Buffer => {
  const chunks: Buffer[] = [];
  drive((chunk) => chunks.push(Buffer.from(chunk)));
  return Buffer.concat(chunks);
};

const reencode = (nar: Uint8Array): Buffer =>
  collect((sink) => {
    const encoder = new NarEncoder(sink);
    readNar(bytesSource(nar), encoder);
    encoder.end();
  });

const names = vectorJson<{ name: string; sha256: { hex: string } }[]>('nar/nars.json').map(({ name }) => name);

test('every published NAR reads and writes back byte for byte', () => {
  for (const name of names) {
    const nar = vectorFile(`nar/${name}.nar`);
    assert.deepEqual(reencode(nar), nar, name);
  }
});

test('every published NAR reads the same in pieces of any size, and no beginning of one is a NAR', () => {
  for (const name of names) {
    const nar = vectorFile(`nar/${name}.nar`);
    for (const size of [1, 7, 8, 4096]) {
      const whole = bytesSource(nar);
      const pieces = (buffer: Uint8Array, offset: number, length: number): number =>
        whole(buffer, offset, Math.min(length, size));
      const again = collect((sink) => {
        const encoder = new NarEncoder(sink);
        readNar(pieces, encoder);
        encoder.end();
      });
      assert.deepEqual(again, nar, `${name} by ${size}`);
    }
    for (let length = 0; length < nar.length; length += Math.max(1, nar.length >> 8))
      assert.match(faultOf(() => reencode(nar.subarray(0, length))).message, /it ends too early/, `${length} bytes of ${name}`);
  }
});

test('every published NAR unpacks, and packs again from disk, to the same bytes', (t) => {
  const folder = scratch(t);
  for (const vector of vectorJson<{ name: string; narSize: number; sha256: { hex: string } }[]>('nar/nars.json')) {
    const nar = vectorFile(`nar/${vector.name}.nar`);
    const target = join(folder, vector.name);
    const result = unpackNar(bytesSource(nar), target);
    assert.deepEqual([result.narHash, result.narSizeBytes], [vector.sha256.hex, vector.narSize]);
    assert.deepEqual(
      collect((sink) => dumpNar(target, sink)),
      nar,
      vector.name,
    );
    const stat = lstatSync(target);
    assert.equal(stat.mtimeMs, 1000);
    if (!stat.isSymbolicLink()) assert.equal(stat.mode & 0o7777 & ~0o111, 0o444);
  }
  assert.deepEqual(new Set(readdirSync(folder)), new Set(names));
});

const hasNix = spawnSync('nix-store', ['--version']).status === 0;

/** A tree of any names and contents, as a visit. */
type Node =
  | { kind: 'file'; data: Uint8Array; isExecutable: boolean }
  | { kind: 'symlink'; target: Bytes }
  | { kind: 'directory'; entries: Map<Bytes, Node> };

const hostileName = fc
  .string({
    unit: fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code === 47 ? 46 : code)),
    minLength: 1,
    maxLength: 12,
  })
  .filter((name) => name !== '.' && name !== '..');
const target = fc.string({
  unit: fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code)),
  minLength: 1,
  maxLength: 20,
});
const { tree } = fc.letrec<{ tree: Node; entries: Node }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.record({ kind: fc.constant('file' as const), data: fc.uint8Array({ maxLength: 40 }), isExecutable: fc.boolean() }),
    fc.record({ kind: fc.constant('symlink' as const), target }),
    tie('entries'),
  ),
  entries: fc
    .array(fc.tuple(hostileName, tie('tree')), { maxLength: 5 })
    .map((entries) => ({ kind: 'directory' as const, entries: new Map(entries) })),
}));

function visit(node: Node, visitor: TreeVisitor, path: Bytes = ''): void {
  if (node.kind === 'symlink') visitor.symlink(path, node.target);
  else if (node.kind === 'file') {
    visitor.beginFile(path, node.isExecutable, node.data.length);
    if (node.data.length > 0) visitor.fileData(node.data);
    visitor.endFile(path);
  } else {
    visitor.enterDirectory(path);
    for (const [name, child] of [...node.entries].sort(([a], [b]) => (a < b ? -1 : 1)))
      visit(child, visitor, path === '' ? name : `${path}/${name}`);
    visitor.leaveDirectory(path);
  }
}

const narOf = (node: Node): Buffer =>
  collect((sink) => {
    const encoder = new NarEncoder(sink);
    visit(node, encoder);
    encoder.end();
  });

test('any tree survives NAR and disk, hostile names included', (t) => {
  const folder = scratch(t);
  let counter = 0;
  fc.assert(
    fc.property(tree, (node) => {
      const nar = narOf(node);
      assert.deepEqual(reencode(nar), nar);
      const place = `${folder}/${counter++}`;
      // As unpackNar does, without waiting for the disk each time.
      const { manifest } = ingest((visitor) => readNar(bytesSource(nar), visitor), { copyTo: place });
      assert.deepEqual(
        collect((sink) => dumpNar(place, sink)),
        nar,
      );
      assert.deepEqual(decodeManifest(encodeManifest(manifest)), manifest);
      assert.deepEqual(
        [...manifest].sort((a, b) => (a.path < b.path ? -1 : 1)),
        manifest,
      );
    }),
    { numRuns: 40 },
  );
});

test('nix-store --dump agrees on any tree', { skip: hasNix ? false : 'nix-store is not installed' }, (t) => {
  const folder = scratch(t);
  let counter = 0;
  fc.assert(
    fc.property(tree, (node) => {
      const place = `${folder}/${counter++}`;
      ingest((visitor) => readNar(bytesSource(narOf(node)), visitor), { copyTo: place });
      assert.deepEqual(
        collect((sink) => dumpNar(place, sink)),
        spawnSync('nix-store', ['--dump', place], { maxBuffer: 1 << 26 }).stdout,
      );
    }),
    { numRuns: 8 },
  );
});

test('a NAR damaged anywhere is refused, or is another canonical NAR', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...names),
      fc.nat(),
      fc.nat(12),
      fc.uint8Array({ maxLength: 12 }),
      (name, at, nRemoved, inserted) => {
        const nar = vectorFile(`nar/${name}.nar`);
        const start = at % nar.length;
        const damaged = Buffer.concat([nar.subarray(0, start), inserted, nar.subarray(start + nRemoved)]);
        let again: Buffer;
        try {
          again = reencode(damaged);
        } catch (error) {
          faultOf(() => {
            throw error;
          });
          return;
        }
        assert.deepEqual(again, damaged);
      },
    ),
    { numRuns: 300 },
  );
});

/** NAR strings and raw parts: `~` marks words with wrong padding. */
const words = (...parts: readonly (string | Buffer)[]): Buffer =>
  Buffer.concat(
    parts.map((part) => {
      if (typeof part !== 'string') return part;
      const bytes = Buffer.alloc(8 + Math.ceil(part.length / 8) * 8);
      bytes.writeUInt32LE(part.length);
      bytes.write(part, 8, 'latin1');
      return bytes;
    }),
  );
const magic = 'nix-archive-1';
const file = ['(', 'type', 'regular', 'contents', '', ')'];
const entry = (name: string, node: readonly (string | Buffer)[] = file) => ['entry', '(', 'name', name, 'node', ...node, ')'];
const folderOf = (...entries: readonly (readonly (string | Buffer)[])[]) => ['(', 'type', 'directory', ...entries.flat(), ')'];
const hugeLength = Buffer.from([0, 0, 0, 0, 0, 0, 0, 1]);
const badPadding = Buffer.concat([
  words('('),
  words('type'),
  words('regular'),
  words('contents'),
  Buffer.from('\x01\0\0\0\0\0\0\0a\0\0\0\0\0\0x', 'latin1'),
  words(')'),
]);

test('malformed NARs', (t) => {
  const deep = Array.from({ length: 66 }).reduce<(string | Buffer)[]>((inner) => folderOf(entry('d', inner)), [...file]);
  const cases: Record<string, Buffer> = {
    empty: Buffer.alloc(0),
    magic: words('nix-archive-2'),
    truncated: words(magic, '(', 'type', 'regular', 'contents').subarray(0, 70),
    'trailing bytes': words(magic, ...file, 'x'),
    'unknown type': words(magic, '(', 'type', 'device', ')'),
    'name with slash': words(magic, ...folderOf(entry('a/b'))),
    'name ..': words(magic, ...folderOf(entry('..'))),
    'name .': words(magic, ...folderOf(entry('.'))),
    'empty name': words(magic, ...folderOf(entry(''))),
    'name with NUL': words(magic, ...folderOf(entry('a\0b'))),
    'name too long': words(magic, ...folderOf(entry('x'.repeat(256)))),
    unsorted: words(magic, ...folderOf(entry('b'), entry('a'))),
    twice: words(magic, ...folderOf(entry('a'), entry('a'))),
    'file over symlink': words(
      magic,
      ...folderOf(entry('a', ['(', 'type', 'symlink', 'target', '/etc', ')']), entry('a', folderOf(entry('passwd')))),
    ),
    'empty target': words(magic, '(', 'type', 'symlink', 'target', '', ')'),
    'long target': words(magic, '(', 'type', 'symlink', 'target', 'x'.repeat(4096), ')'),
    'executable with value': words(magic, '(', 'type', 'regular', 'executable', 'yes', 'contents', '', ')'),
    'no contents': words(magic, '(', 'type', 'regular', ')'),
    'length beyond 2^53': words(magic, '(', 'type', 'regular', 'contents', hugeLength),
    padding: Buffer.concat([words(magic), badPadding]),
    'long word': words(magic, '('.repeat(33)),
    deep: words(magic, ...deep),
  };
  const nothing: TreeVisitor = new ManifestBuilder();
  const texts = Object.entries(cases).map(
    ([name, nar]) => `${name}\n  ${renderFault(faultOf(() => readNar(bytesSource(nar), nothing))).trimEnd()}`,
  );
  golden(t, 'errors/store-nar.txt', `${texts.join('\n')}\n`);
});

test('a malformed NAR leaves nothing behind', (t) => {
  const folder = scratch(t);
  const nar = words(magic, ...folderOf(entry('a'), entry('b', ['(', 'type', 'regular', 'contents', 'data', ')']), entry('../c')));
  faultOf(() => unpackNar(bytesSource(nar), `${folder}/x`));
  assert.deepEqual(readdirSync(folder), []);
});

test('the NAR of bytes is the NAR of the file', (t) => {
  const folder = scratch(t);
  for (const size of [0, 1, 8, 4097]) {
    const data = Buffer.alloc(size, 'x');
    writeFileSync(join(folder, 'f'), data);
    assert.deepEqual(
      collect((sink) => dumpNar(`${folder}/f`, sink)),
      narOfBytes(data),
    );
  }
});

test('the NAR of a text is that of its bytes, and its memory is used again', () => {
  const nars = new TextNars();
  for (const size of [0, 1, 40_000, 7, 8, 9, 70_001, 3]) {
    const text = '\xe9x'.repeat(size).slice(0, size);
    const { nar, data } = nars.of(text);
    assert.deepEqual(nar, narOfBytes(Buffer.from(text, 'latin1')));
    assert.equal(data.toString('latin1'), text);
  }
});

test('lengths beyond 4 GiB are written and read', () => {
  const sizeBytes = 2 ** 32 + 5;
  const start = collect((sink) => {
    const encoder = new NarEncoder(sink);
    encoder.beginFile('', false, sizeBytes);
    encoder.end();
  });
  assert.equal(start.readBigUInt64LE(start.length - 8), BigInt(sizeBytes));
  let announced = 0;
  const visitor = new ManifestBuilder();
  visitor.beginFile = (_path, _isExecutable, size) => {
    announced = size;
  };
  faultOf(() => readNar(bytesSource(start), visitor));
  assert.equal(announced, sizeBytes);
});

test('trees are put in NAR order and completed', (t) => {
  const paths = orderTree(
    ['a/b', 'a.b', 'a', 'c/d/e'].map((path) =>
      path === 'a' ? { kind: 'directory', path } : { kind: 'symlink', path, target: 'x' },
    ),
  );
  assert.deepEqual(
    paths.map(({ path }) => path),
    ['', 'a', 'a/b', 'a.b', 'c', 'c/d', 'c/d/e'],
  );
  assert.ok(compareTreeOrder('a/z', 'a.b') < 0);
  const link = (path: string) => ({ kind: 'symlink', path, target: 'x' }) as const;
  const faults = [
    [link('a'), link('a')],
    [link('a'), link('a/b')],
    [link('a//b')],
    [link('../b')],
    [link('a\0')],
    [link(Array(66).fill('d').join('/'))],
  ].map((entries) => renderFault(faultOf(() => orderTree(entries))));
  golden(t, 'errors/store-tree.txt', faults.join('\n'));
});

test('special files and files that shrink are refused by name', (t) => {
  const folder = scratch(t);
  mkdirSync(join(folder, 'tree'));
  assert.equal(spawnSync('mkfifo', [join(folder, 'tree/pipe')]).status, 0);
  const pipe = faultOf(() => dumpNar(`${folder}/tree`, () => {}));
  const path = join(folder, 'shrinks');
  writeFileSync(path, Buffer.alloc(3 << 20));
  const shrink = faultOf(() =>
    ingest((visitor) => {
      const cut: TreeVisitor = Object.create(visitor) as TreeVisitor;
      cut.fileData = () => truncateSync(path, 0);
      readTree([{ kind: 'file', path: '', realPath: path }], cut);
    }),
  );
  golden(
    t,
    'errors/store-read-tree.txt',
    [pipe, shrink].map((fault) => renderFault(fault).replaceAll(folder, '<tmp>')).join('\n'),
  );
});

test('the scanner finds exactly the hash parts that occur, however the bytes are cut', () => {
  const digit = fc.constantFrom(...'0123456789abcdfghijklmnpqrsvwxyz');
  const part = fc.array(digit, { minLength: 32, maxLength: 32 }).map((digits) => digits.join(''));
  const noise = fc.oneof(
    fc.string({ unit: fc.oneof(digit, fc.constantFrom('e', '/', '\0', 'ÿ')), maxLength: 70 }),
    part.map((text) => text.slice(1)),
  );
  fc.assert(
    fc.property(
      fc.array(part, { minLength: 1, maxLength: 5 }),
      fc.array(fc.tuple(noise, fc.option(fc.nat(4)))),
      fc.array(fc.integer({ min: 1, max: 80 })),
      (parts, pieces, cuts) => {
        const text = pieces.map(([before, which]) => before + (which === null ? '' : (parts[which] ?? ''))).join('');
        const scanner = new ReferenceScanner(parts);
        const bytes = Buffer.from(text, 'latin1');
        let at = 0;
        for (const cut of cuts) {
          scanner.update(bytes.subarray(at, at + cut));
          at += cut;
        }
        scanner.update(bytes.subarray(at));
        assert.deepEqual(scanner.found, new Set(parts.filter((candidate) => text.includes(candidate))));
      },
    ),
    { numRuns: 300 },
  );
});

test('the hash modulo a part does not depend on the part or on how the bytes are cut, but on its places', () => {
  const digest = (text: string, part: string, cut: number) => {
    const hasher = new ModuloHasher('sha256', part);
    const bytes = Buffer.from(text, 'latin1');
    for (let at = 0; at < bytes.length; at += cut) hasher.update(bytes.subarray(at, at + cut));
    return hasher.end();
  };
  const [a, b] = ['1'.padEnd(32, '2'), 'z'.padEnd(32, 'y')];
  const make = (part: string) => `start ${part} middle ${part}${part} end`;
  const expected = createHash('sha256')
    .update(`${make('\0'.repeat(32))}|6|46|78`)
    .digest('hex');
  for (const cut of [1, 7, 31, 32, 33, 1000]) {
    assert.deepEqual(digest(make(a), a, cut), { hex: expected, nOccurrences: 3 });
    assert.deepEqual(digest(make(b), b, cut), { hex: expected, nOccurrences: 3 });
  }
  assert.notEqual(digest(make('\0'.repeat(32)), a, 9).hex, expected);
});

test('the published self-referential object has the content address that Nix gave it', () => {
  const path = '/nix/store/bcxcd47kzzbjnjshh2hijb17mnkn521z-ca-a';
  const info = vectorJson<{ path: string; ca?: string; narHash: string }[]>('path-info.json').find((item) => item.path === path)!;
  const nar = vectorFile('ca-a.nar');
  const part = path.slice(11, 43);
  const { narHash, modulo, found } = ingest((visitor) => readNar(bytesSource(nar), visitor), {
    modulo: part,
    scanFor: [part, '0'.repeat(32)],
  });
  assert.equal(formatHash({ algorithm: 'sha256', hex: narHash }, 'sri'), info.narHash);
  assert.equal(
    formatContentAddress({ kind: 'fixed', method: 'nar', digest: { algorithm: 'sha256', hex: modulo!.hex } }),
    info.ca,
  );
  assert.deepEqual([...found], [part]);
});
