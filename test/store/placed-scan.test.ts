/** What reads records of files of a root for the file loop, and the loop that looks at them. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareBytes } from '../../base/index.ts';
import { LOOP_BYTES, N_PLACES } from '../../store/screen/file-loop.ts';
import { PlacedLoop } from '../../store/screen/placed-loop.ts';
import { placedScan, placedScanListing } from '../../store/screen/placed-scan.ts';
import { fixedMemory } from '../../store/screen/web-assembly.ts';
import { temporaryFolder } from './fixture.ts';
import { testAssembly } from './web-assembly-listings.ts';

testAssembly('the scan of placed files', placedScanListing(), placedScan);

const ADDRESS = 0x7fff_1234_5678n;
const FOLDER = 7;
const HEADER_BYTES = 224;
const PLACE_BYTES = 48;
const SKIP = 2;

interface Place {
  readonly path: number;
  readonly hash: number;
  readonly size: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

const memory = fixedMemory(LOOP_BYTES + (1 << 16));
const bytes = Buffer.from(memory.buffer);
const { scan } = placedScan(memory);

/** Records stand behind their folder. */
function scanned(text: Buffer, prefix: string, room: number, before = 0): { stop: number; places: Place[] } {
  bytes.fill(0, 0, LOOP_BYTES);
  bytes.writeBigInt64LE(BigInt(before), 8);
  bytes.writeBigInt64LE(BigInt(N_PLACES - 1), 32);
  bytes.writeBigInt64LE(ADDRESS, 152);
  const at = LOOP_BYTES + bytes.write(prefix, LOOP_BYTES);
  text.copy(bytes, at);
  const stop = scan(at, at + text.length, FOLDER, LOOP_BYTES, at - LOOP_BYTES, SKIP, room) - at;
  const n = Number(bytes.readBigInt64LE(8)) - before;
  const places = Array.from({ length: n }, (_, i) => {
    const place = HEADER_BYTES + ((before + i) % N_PLACES) * PLACE_BYTES;
    assert.equal(bytes.readInt32LE(place + 16), FOLDER);
    assert.equal(bytes.readInt32LE(place + 32), 0);
    return {
      path: Number(bytes.readBigInt64LE(place) - ADDRESS) - at - SKIP,
      hash: Number(bytes.readBigInt64LE(place + 8) - ADDRESS) - at,
      size: Number(bytes.readBigInt64LE(place + 24)),
      mode: bytes.readUInt32LE(place + 20),
      uid: bytes.readUInt32LE(place + 40),
      gid: bytes.readUInt32LE(place + 44),
    };
  });
  return { stop, places };
}

/** The same by other means. */
function expected(text: Buffer, prefix: string, room: number): { stop: number; places: Place[] } {
  const all = text.toString('latin1');
  const record = /([^\0]*)\0([^\0]{64})(\d*):(\d*):(\d*):(\d*):\0/dsy;
  const places: Place[] = [];
  let stop = 0;
  while (places.length < room) {
    record.lastIndex = stop;
    const found = record.exec(all);
    if (found === null) break;
    const [, path = '', , ...numbers] = found;
    const [size = 0, mode = 0, uid = 0, gid = 0] = numbers.map(Number);
    const name = path.slice(Buffer.byteLength(prefix));
    if (!path.startsWith(Buffer.from(prefix).toString('latin1')) || name.includes('/')) break;
    if (size >= 1e15 || mode > 0o7777 || uid >= 2 ** 32 || gid >= 2 ** 32) break;
    places.push({ path: stop, hash: found.indices![2]![0], size, mode: mode | 0o100000, uid, gid });
    stop = record.lastIndex;
  }
  return { stop, places };
}

const path = fc
  .tuple(
    fc.constantFrom('a/', 'a/', 'a/', 'a/é/', '', 'b/', 'a'),
    fc.string({ unit: fc.constantFrom('x', 'é', ':', '0', '/'), maxLength: 3 }),
  )
  .map((parts) => parts.join(''));
const number = (most: number) => fc.oneof(fc.nat(9), fc.integer({ min: most - 2, max: most + 2 }));
const entry = fc
  .tuple(path, fc.constantFrom('0', 'f'), fc.oneof(fc.nat(), fc.maxSafeNat()), number(0o7777), number(2 ** 32), number(2 ** 32))
  .map(([path, digit, ...numbers]) => `${path}\0${digit.repeat(64)}${numbers.map((n) => `${n}:`).join('')}\0`);

test('the scan hands over files of one folder, whole records only, as many as there is room for', () => {
  fc.assert(
    fc.property(
      fc.array(entry, { maxLength: 8 }),
      fc.constantFrom('a/', 'a/', 'a/é/', ''),
      fc.nat(9),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (entries, prefix, room, part) => {
        const text = Buffer.from(entries.join(''));
        const cut = text.subarray(0, Math.round(text.length * part));
        for (const given of [text, cut]) assert.deepEqual(scanned(given, prefix, room), expected(given, prefix, room));
      },
    ),
    { numRuns: 500 },
  );
});

test('the scan goes round the places, and counts on', () => {
  const one = (n: number): string => `a/f${n}\0${'a'.repeat(64)}${n}:420:0:0:\0`;
  const text = Buffer.from(Array.from({ length: 200 }, (_, n) => one(n)).join(''));
  assert.deepEqual(scanned(text, 'a/', 500, 3 * N_PLACES - 70), expected(text, 'a/', 500));
});

test('what is no record is not handed over', () => {
  const zeros = '0'.repeat(64);
  for (const text of [
    `a/p\0${zeros}`,
    `a/p\0${zeros}1:2:3:4:`,
    `a/p\0${zeros}1:2:3:4:5:\0`,
    `a/p\0${zeros}1:2:3:4\0`,
    `a/p\0${zeros}-1:2:3:4:\0`,
    `a/p\0${zeros}1:a:3:4:\0`,
    `a/p\0${zeros}${'9'.repeat(17)}:2:3:4:\0`,
    `a/p\0${zeros}1:2:3:4:x`,
    'a/p',
    'a',
    '\0',
    '',
  ]) {
    assert.deepEqual(scanned(Buffer.from(text), 'a/', 9), { stop: 0, places: [] }, text);
  }
});

// ---- the loop

const started = PlacedLoop.start('/', false);
started?.close();
const needsLoop = { skip: started === undefined ? `no loop for ${process.platform} on ${process.arch}` : false };

const SIZES = [0, 1, 55, 56, 64, 4096, 65_535, 65_536, 65_537, 131_072, 200_001];

/** A file, and its record. */
function make(root: string, path: string, size: number, { mode = 0o644, uid = process.getuid!(), more = 0 } = {}): string {
  const data = Buffer.alloc(size, path);
  mkdirSync(join(root, path, '..'), { recursive: true });
  writeFileSync(join(root, path), data);
  chmodSync(join(root, path), 0o644);
  const sha256 = createHash('sha256').update(data).digest('hex');
  return `${path}\0${sha256}${size + more}:${mode}:${uid}:${process.getgid!()}:\0`;
}

/** The descriptor may be closed meanwhile: that of the folder it was found in is. */
function leadsTo(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return '';
  }
}

const asNamed = (folder: string): string => folder;

test('files are told apart, however many come, in however many pieces', needsLoop, (t) => {
  const root = temporaryFolder(t);
  const bad = [
    make(root, 'usr/bad/mode', 5, { mode: 0o755 }),
    make(root, 'usr/bad/owner', 5, { uid: process.getuid!() + 1 }),
    make(root, 'usr/bad/size', 5, { more: 1 }),
    make(root, 'usr/bad/large', 5, { more: 2 ** 32 }),
    `usr/bad/gone\0${'0'.repeat(64)}1:420:0:0:\0`,
  ];
  const nOpen = (): number => readdirSync('/proc/self/fd').filter((fd) => leadsTo(fd).startsWith(root)).length;
  // More than there are places, and more than stands in memory at once.
  for (const [folder, leastBytes] of [
    ['', 0],
    ['long '.repeat(40), 5 << 20],
  ] as const) {
    const good = SIZES.map((size, n) => make(root, `usr/${folder}${n % 3}/${n}`, size));
    const records: string[] = [];
    let nBad = 0;
    for (let n = 0; n < N_PLACES + 3000; n++) {
      if (n % 1009 === 7) records.push(bad[nBad++ % bad.length]!);
      records.push(good[n % good.length]!);
    }
    const text = Buffer.from(records.join(''));
    assert.ok(text.length >= leastBytes);
    const loop = PlacedLoop.start(root, true, 2)!;
    assert.equal(loop.look(text, asNamed), true);
    assert.equal(loop.look(Buffer.from(bad.join('')), asNamed), true);
    assert.notEqual(nOpen(), 0);
    const found = loop.end();
    assert.equal(found.length, nBad + bad.length);
    assert.deepEqual(
      [...new Set(found)].toSorted(compareBytes),
      ['gone', 'large', 'mode', 'owner', 'size'].map((name) => `usr/bad/${name}`),
    );
    assert.deepEqual(loop.end(), []);
    loop.close();
  }
  assert.equal(nOpen(), 0);
  const anyone = PlacedLoop.start(root, false, 1)!;
  assert.equal(anyone.look(Buffer.from(bad.join('')), asNamed), true);
  assert.equal(anyone.end().includes('usr/bad/owner'), false);
  anyone.close();
});

test('files are asked for where their folders are', needsLoop, (t) => {
  const root = temporaryFolder(t);
  const outside = temporaryFolder(t);
  make(outside, 'f', 1);
  symlinkSync(outside, join(root, 'astray'));
  const real: Record<string, string | undefined> = {
    bin: 'usr/bin',
    'bin/deep': 'usr/bin/deep',
    opt: 'a/b/other',
    'opt/x/y': 'a/b/other/x/y',
    astray: undefined,
    'no/folder': 'nowhere',
    link: 'astray',
  };
  const records = Object.entries(real).map(([named, meant]) => {
    const place = `${meant ?? named}/f`;
    if (named === 'no/folder') return `${named}/f\0${'0'.repeat(64)}1:420:0:0:\0`;
    if (named === 'link') return `${named}/f\0${'0'.repeat(64)}1:420:0:0:\0`;
    return make(root, named === 'astray' ? 'elsewhere/f' : place, 9).replace(/^[^\0]*/, `${named}/f`);
  });
  records.push(make(root, 'top', 7), make(root, 'usr/plain/f', 7));
  const loop = PlacedLoop.start(root, true)!;
  t.after(() => loop.close());
  assert.equal(
    loop.look(Buffer.from(records.join('')), (folder) => (folder in real ? real[folder] : folder)),
    true,
  );
  assert.deepEqual(loop.end().toSorted(compareBytes), ['astray/f', 'link/f', 'no/folder/f']);
});

test('more folders elsewhere than may be open, and names that are no text, are looked at again', needsLoop, (t) => {
  const root = temporaryFolder(t);
  const records = Array.from({ length: 300 }, (_, n) => make(root, `real-${n}/f`, 1).replace(/^real/, 'named'));
  const before = readdirSync('/proc/self/fd').length;
  const loop = PlacedLoop.start(root, true)!;
  assert.equal(
    loop.look(Buffer.from(records.join('')), (folder) => folder.replace('named', 'real')),
    true,
  );
  assert.deepEqual(
    loop.end().toSorted(compareBytes),
    Array.from({ length: 101 }, (_, n) => `named-${n + 199}/f`),
  );
  const text = Buffer.from(make(root, 'a/x', 1));
  text[0] = 0xff;
  assert.equal(loop.look(text, asNamed), false);
  loop.close();
  assert.equal(readdirSync('/proc/self/fd').length, before);
});
