/** What reads records for the file loop reads what `Records` does, and is the code that its listing says. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { AT_FDCWD, fileCalls, textToBytes } from '../../base/index.ts';
import { encodeManifest } from '../../store/manifest.ts';
import { CHECKER_BYTES } from '../../store/screen/by-calls.ts';
import { EXECUTABLE_MODE, FILE_MODE, FileLoop, LOOP_BYTES, N_PLACES } from '../../store/screen/file-loop.ts';
import { recordScan, scanListing } from '../../store/screen/record-scan.ts';
import { EXECUTABLE, FILE, Records } from '../../store/screen/records.ts';
import { fixedMemory } from '../../store/screen/web-assembly.ts';
import type { Manifest } from '../../store/types.ts';
import { temporaryFolder } from './fixture.ts';
import { testAssembly } from './web-assembly-listings.ts';

const ADDRESS = 0x7fff_1234_5678n;
const FOLDER = 7;
const HEADER_BYTES = 224;
const PLACE_BYTES = 48;

interface Place {
  readonly path: number;
  readonly hash: number;
  readonly mode: number;
  readonly size: number;
}

const memory = fixedMemory(LOOP_BYTES + CHECKER_BYTES);
const bytes = Buffer.from(memory.buffer);
const { scan } = recordScan(memory);

/** @param before  how many were handed over already */
function scanned(text: Buffer, room: number, before = 0): { stop: number; places: Place[] } {
  bytes.fill(0, 0, LOOP_BYTES);
  bytes.writeBigInt64LE(BigInt(before), 8);
  bytes.writeBigInt64LE(BigInt(N_PLACES - 1), 32);
  bytes.writeBigInt64LE(ADDRESS, 152);
  bytes.writeUInt32LE(FILE_MODE, 160);
  bytes.writeUInt32LE(EXECUTABLE_MODE, 164);
  text.copy(bytes, LOOP_BYTES);
  const stop = scan(LOOP_BYTES, LOOP_BYTES + text.length, FOLDER, room) - LOOP_BYTES;
  const n = Number(bytes.readBigInt64LE(8)) - before;
  const offsetOf = (at: number): number => Number(bytes.readBigInt64LE(at) - ADDRESS) - LOOP_BYTES;
  const places = Array.from({ length: n }, (_, i) => {
    const at = HEADER_BYTES + ((before + i) % N_PLACES) * PLACE_BYTES;
    assert.equal(bytes.readInt32LE(at + 16), FOLDER);
    assert.equal(bytes.readInt32LE(at + 32), 0);
    return {
      path: offsetOf(at),
      hash: offsetOf(at + 8),
      mode: bytes.readUInt32LE(at + 20),
      size: Number(bytes.readBigInt64LE(at + 24)),
    };
  });
  return { stop, places };
}

/** What comes of it by other means: files up to the first that is none, not whole, or the object itself. */
function expected(text: Buffer, room: number): { stop: number; places: Place[] } {
  const record = new Records(text);
  const places: Place[] = [];
  let stop = 0;
  while (places.length < room && record.next()) {
    if ((record.kind !== FILE && record.kind !== EXECUTABLE) || record.isRoot) break;
    const mode = record.kind === FILE ? FILE_MODE : EXECUTABLE_MODE;
    places.push({ path: record.pathAt, hash: record.hashAt, mode, size: record.sizeBytes });
    stop = record.end;
  }
  return { stop, places };
}

const hash = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 64, maxLength: 64 });
const path = fc.string({ unit: fc.constantFrom('a', '/', 'é', ':', '0', 'f'), maxLength: 9 }).map(textToBytes);
const entry = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('file' as const),
      path,
      isExecutable: fc.boolean(),
      sizeBytes: fc.oneof(
        fc.nat(),
        fc.maxSafeNat().map((size) => size % 1e15),
      ),
      sha256: hash,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('directory' as const), path }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('symlink' as const), path, target: path }) },
);

test('the scan hands over the files that are recorded, whole records only, as many as there is room for', () => {
  fc.assert(
    fc.property(
      fc.array(entry, { maxLength: 12 }),
      fc.nat(14),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (entries, room, part) => {
        const text = Buffer.from(encodeManifest(entries as unknown as Manifest), 'latin1');
        const cut = text.subarray(0, Math.round(text.length * part));
        for (const given of [text, cut]) assert.deepEqual(scanned(given, room), expected(given, room));
      },
    ),
    { numRuns: 300 },
  );
});

test('the scan goes round the places, and counts on', () => {
  const one = (n: number): Manifest[number] => ({
    kind: 'file',
    path: `f${n}`,
    isExecutable: false,
    sizeBytes: n,
    sha256: 'a'.repeat(64),
  });
  const text = Buffer.from(encodeManifest(Array.from({ length: 200 }, (_, n) => one(n))), 'latin1');
  assert.deepEqual(scanned(text, 500, 3 * N_PLACES - 70), expected(text, 500));
});

test('what is no record is not handed over', () => {
  const zeros = '0'.repeat(64);
  for (const text of [
    `f${zeros}1a:p\0`,
    `f${zeros}/:p\0`,
    `f${zeros}${'9'.repeat(17)}:p\0`,
    `f${zeros}1`,
    `f${zeros}1:`,
    'f',
    '',
  ]) {
    assert.deepEqual(scanned(Buffer.from(text), 9), { stop: 0, places: [] }, text);
  }
});

const loop = FileLoop.start(1, CHECKER_BYTES);
test('names of a folder are counted, however many there are and however they begin', { skip: loop === undefined }, (t) => {
  t.after(() => loop!.close());
  const calls = fileCalls()!;
  for (const names of [[], ['.a', '..b', '...', 'x'.repeat(255)], Array.from({ length: 300 }, (_, i) => `name-${i}`)]) {
    const folder = join(temporaryFolder(t), 'names');
    mkdirSync(folder);
    for (const name of names) writeFileSync(join(folder, name), '');
    const text = Buffer.from(`${folder}\0`);
    const fd = calls.openat(AT_FDCWD, calls.addressOf(text), 0, 0);
    let n = 0;
    for (;;) {
      const nBytes = calls.getdents64(fd, loop!.address + LOOP_BYTES, 4096);
      if (nBytes <= 0) break;
      n += loop!.records.count(LOOP_BYTES, LOOP_BYTES + nBytes);
    }
    assert.equal(calls.close(fd), 0);
    assert.equal(n, readdirSync(folder).length);
  }
});

testAssembly('the scan', scanListing(), recordScan);
