import assert from 'node:assert/strict';
import { readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Program, readProgram } from '../../store/elf.ts';
import { temporaryFolder } from './fixture.ts';

/** A minimal 64-bit little-endian program: one PT_LOAD over all, a PT_INTERP and a PT_DYNAMIC. */
function program(texts: readonly string[], tags: readonly (readonly [tag: number, text: number])[]): Buffer {
  const strings = Buffer.from(`\0${texts.join('\0')}\0`, 'latin1');
  const offsetOf = (index: number) => 1 + texts.slice(0, index).reduce((sum, text) => sum + text.length + 1, 0);
  const stringsAt = 64 + 3 * 56;
  const dynamicAt = stringsAt + strings.length;
  const entries = [
    ...tags.map(([tag, text]) => [tag, offsetOf(text)] as const),
    [5, 0x1000 + stringsAt] as const,
    [10, strings.length] as const,
    [0, 0] as const,
  ];
  const file = Buffer.alloc(dynamicAt + entries.length * 16);
  file.write('\x7fELF\x02\x01\x01', 'latin1');
  file.writeUInt16LE(62, 18);
  file.writeBigUInt64LE(64n, 32);
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(3, 56);
  const segment = (index: number, type: number, offset: number, address: number, size: number) => {
    const at = 64 + index * 56;
    file.writeUInt32LE(type, at);
    file.writeBigUInt64LE(BigInt(offset), at + 8);
    file.writeBigUInt64LE(BigInt(address), at + 16);
    file.writeBigUInt64LE(BigInt(size), at + 32);
  };
  segment(0, 1, 0, 0x1000, file.length);
  segment(1, 3, stringsAt + offsetOf(0), 0, texts[0]!.length + 1);
  segment(2, 2, dynamicAt, 0, entries.length * 16);
  strings.copy(file, stringsAt);
  entries.forEach(([tag, value], i) => {
    file.writeBigUInt64LE(BigInt(tag), dynamicAt + i * 16);
    file.writeBigUInt64LE(BigInt(value), dynamicAt + i * 16 + 8);
  });
  return file;
}

test('a program tells its loader, libraries and folders', (t) => {
  const path = join(temporaryFolder(t), 'program');
  writeFileSync(
    path,
    program(
      ['/lib/ld.so', 'libone.so', 'libtwo.so.2', '$ORIGIN/../lib:/opt/lib', '/old'],
      [
        [1, 1],
        [1, 2],
        [29, 3],
        [15, 4],
      ],
    ),
  );
  assert.deepEqual(readProgram(path), {
    kind: 'elf',
    elf: {
      bits: 64,
      machine: 62,
      interpreter: '/lib/ld.so',
      needed: ['libone.so', 'libtwo.so.2'],
      runpath: ['$ORIGIN/../lib', '/opt/lib'],
      rpath: ['/old'],
    },
  } satisfies Program);
});

test('scripts tell their interpreter', (t) => {
  const path = join(temporaryFolder(t), 'script');
  const read = (text: string) => {
    writeFileSync(path, text);
    return readProgram(path);
  };
  assert.deepEqual(read('#! /bin/sh  -e x \nrest'), { kind: 'script', script: { interpreter: '/bin/sh', argument: '-e x' } });
  assert.deepEqual(read('#!/bin/sh'), { kind: 'script', script: { interpreter: '/bin/sh', argument: '' } });
  for (const text of ['', '#', '#!', '#!\n/bin/sh', '#!relative', '\x7fELF', '\x7fELF'.padEnd(70, '\0')])
    assert.equal(read(text).kind, 'other', JSON.stringify(text));
});

test('damaged files are read without a fault', (t) => {
  const path = join(temporaryFolder(t), 'damaged');
  const samples = [program(['/lib/ld.so', 'libone.so'], [[1, 1]]), readFileSync(realpathSync('/bin/sh'))];
  fc.assert(
    fc.property(
      fc.constantFrom(...samples),
      fc.nat(),
      fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { minLength: 1, maxLength: 6 }),
      (sample, length, changes) => {
        const bytes = Buffer.from(sample.subarray(0, length % 3 === 0 ? length % sample.length : sample.length));
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
        writeFileSync(path, bytes);
        assert.ok(['elf', 'script', 'other'].includes(readProgram(path).kind));
      },
    ),
    { numRuns: 300 },
  );
});
