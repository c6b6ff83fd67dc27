/** Holds listings of WebAssembly against an assembler. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fixedMemory, type WebAssemblyMemory } from '../../store/screen/web-assembly.ts';

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

/** A test that the bytes are the instructions which stand beside them, and that the engine takes them. */
export function testAssembly(what: string, listing: string, compile: (memory: WebAssemblyMemory) => unknown): void {
  test(`${what} is what its listing says`, () => {
    const lines = listing.split('\n').filter((line) => line !== '');
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
    const nFunctions = lines.filter((line) => line.includes(' locals ')).length;
    assert.equal(n, lines.length - 6 - 2 * nFunctions);
    // The engine agrees about sections, sizes and types: it takes the code.
    assert.doesNotThrow(() => compile(fixedMemory(1)));
  });
}
