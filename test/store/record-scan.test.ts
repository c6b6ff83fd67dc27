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
import { fixedMemory, recordScan, scanListing } from '../../store/screen/record-scan.ts';
import { EXECUTABLE, FILE, Records } from '../../store/screen/records.ts';
import type { Manifest } from '../../store/types.ts';
import { temporaryFolder } from './fixture.ts';

const ADDRESS = 0x7fff_1234_5678n;
const FOLDER = 7;
const HEADER_BYTES = 192;
const PLACE_BYTES = 40;

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
      n += loop!.countNames(LOOP_BYTES, nBytes);
    }
    assert.equal(calls.close(fd), 0);
    assert.equal(n, readdirSync(folder).length);
  }
});

/** @source WebAssembly Core Specification, 5.4; 0xfe is of threads */
const OPCODES: Readonly<Record<string, number>> = {
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  end: 0x0b,
  br: 0x0c,
  br_if: 0x0d,
  select: 0x1b,
  'local.get': 0x20,
  'local.set': 0x21,
  'local.tee': 0x22,
  'i32.load': 0x28,
  'i64.load': 0x29,
  'i32.load8_u': 0x2d,
  'i32.load16_u': 0x2f,
  'i32.store': 0x36,
  'i64.store': 0x37,
  'i32.const': 0x41,
  'i64.const': 0x42,
  'i32.eqz': 0x45,
  'i32.eq': 0x46,
  'i32.ne': 0x47,
  'i32.gt_u': 0x4b,
  'i32.ge_u': 0x4f,
  'i64.eqz': 0x50,
  'i64.ge_u': 0x5a,
  'i32.add': 0x6a,
  'i32.sub': 0x6b,
  'i32.mul': 0x6c,
  'i32.and': 0x71,
  'i32.or': 0x72,
  'i64.add': 0x7c,
  'i64.mul': 0x7e,
  'i64.and': 0x83,
  'i32.wrap_i64': 0xa7,
  'i64.extend_i32_u': 0xad,
};
const ALIGNMENTS: Readonly<Record<string, number>> = { i32: 2, i64: 3, load8_u: 0, load16_u: 1 };
const NO_RESULT = 0x40;

function signed(value: bigint): number[] {
  const last = value >= -64n && value < 64n;
  return last ? [Number(value & 127n)] : [Number(value & 127n) | 128, ...signed(value >> 7n)];
}
const unsigned = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)]);

function encoded(instruction: string): number[] {
  const [name = '', operand = '0'] = instruction.split(' ');
  const [type = '', operation = ''] = name.split('.');
  if (name === 'i64.atomic.store') return [0xfe, 0x18, ALIGNMENTS['i64']!, ...unsigned(Number(operand))];
  const code = [OPCODES[name]!];
  if (/load|store/.test(name)) return [...code, ALIGNMENTS[operation] ?? ALIGNMENTS[type]!, ...unsigned(Number(operand))];
  if (operation === 'const') return [...code, ...signed(BigInt(operand))];
  if (['block', 'loop', 'if'].includes(name)) return [...code, NO_RESULT];
  return instruction.includes(' ') ? [...code, ...unsigned(Number(operand))] : code;
}

test('the scan is what its listing says', () => {
  const lines = scanListing()
    .split('\n')
    .filter((line) => line !== '');
  let n = 0;
  for (const line of lines) {
    const [, hex = '', text = ''] = /^ {2}((?:[0-9a-f]{2} )+) *(.+?)(?: +;.*)?$/.exec(line) ?? [];
    if (/^(module|types|imports|functions|exports|code|size|locals)$/.test(text)) continue;
    assert.equal(
      hex.trim(),
      Buffer.from(encoded(text))
        .toString('hex')
        .replaceAll(/..(?!$)/g, '$& '),
      line,
    );
    n++;
  }
  assert.equal(n, lines.length - 10);
  // The engine agrees about sections, sizes and types: it takes the code.
  assert.doesNotThrow(() => recordScan(fixedMemory(1)));
});
