import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { Fault } from '../../base/index.ts';
import { ImageFile, readUki, readUkiSection, type UkiParts, writeUki } from '../../image/index.ts';
import { golden } from '../golden.ts';
import { at, changed, OWN_MACHINE, program, STUB, someSections } from './pe-program.ts';
import { made, missing, output, refusal, run, scratch } from './support.ts';

const noStub = existsSync(STUB) ? false : "not installed: systemd's EFI stub";
const kernel = program(0x8664, [{ name: '.text', address: 0x1000, bytes: randomBytes(0x4000) }]);

const parts: UkiParts = {
  linux: kernel,
  initrd: randomBytes(3_000_001),
  commandLine: 'console=ttyS0 verity.roothash=0123 quiet',
  osRelease: Buffer.from('ID=igos\nPRETTY_NAME="igos"\n'),
  version: '6.18.44',
};

const uki = (path: string, stub: Uint8Array, given: UkiParts = parts): Promise<string> =>
  made(path, (image) => writeUki(image, { path: 'stub', bytes: stub }, given));

/** The sum that PE headers have, word by word. */
function checksumOf(bytes: Buffer, checksumAt: number): number {
  const copy = Buffer.concat([bytes, Buffer.alloc(bytes.length % 2)]);
  copy.fill(0, checksumAt, checksumAt + 4);
  let sum = 0;
  for (let offset = 0; offset < copy.length; offset += 2) {
    sum += copy.readUInt16LE(offset);
    sum = (sum & 0xffff) + (sum >>> 16);
  }
  return sum + bytes.length;
}

test("with systemd's stub: what objdump sees, and nothing that depends on the time", {
  skip: noStub || missing('objdump', 'objcopy', 'sbverify'),
}, async (t) => {
  const folder = scratch(t);
  const stub = readFileSync(STUB);
  const initrd = join(folder, 'initrd');
  writeFileSync(initrd, parts.initrd as Buffer);
  const own: UkiParts = { ...parts, linux: changed(kernel, at.coff, OWN_MACHINE, 2) };
  const path = await uki(join(folder, 'a.efi'), stub, { ...own, initrd: { file: initrd, sizeBytes: 3_000_001 } });
  assert.ok(readFileSync(await uki(join(folder, 'b.efi'), stub, own)).equals(readFileSync(path)), 'from memory, a second time');

  const { headers: before, sections: theirs } = seen(STUB);
  const { headers: after, sections: ours } = seen(path);
  assert.deepEqual(ours.slice(0, theirs.length), theirs);
  const added = ours.slice(theirs.length);
  assert.deepEqual(
    added.map(({ name, size }) => `${name} ${size}`),
    ['.osrel 27', '.cmdline 40', '.uname 7', '.initrd 3000001', `.linux ${kernel.length}`],
  );
  const aligned = (size: number, field: string): number => Math.ceil(size / before(field)) * before(field);
  const stubEnd = Math.max(...theirs.map(({ start, size }) => aligned(start + size, 'FileAlignment')));
  let [memory, end] = [aligned(before('SizeOfImage'), 'SectionAlignment'), stubEnd];
  for (const { name, size, address, start } of added) {
    assert.deepEqual([address, start], [memory, end], name);
    memory = aligned(memory + size, 'SectionAlignment');
    end = aligned(end + size, 'FileAlignment');
    output('objcopy', ['-O', 'binary', `--only-section=${name}`, path, join(folder, 'section')]);
    assert.ok(readFileSync(join(folder, 'section')).equals(Buffer.from(readUkiSection(path, name, 2 ** 32)!)), name);
  }
  assert.equal(statSync(path).size, end);
  assert.equal(after('SizeOfImage'), memory);
  assert.equal(after('SizeOfInitializedData'), before('SizeOfInitializedData') + end - stubEnd);
  assert.match(output('objdump', ['-p', path]), /Time\/Date\s+Thu Jan +1 00:00:00 1970/);
  const bytes = readFileSync(path);
  const checksumAt = bytes.readUInt32LE(0x3c) + 24 + 64;
  assert.equal(bytes.readUInt32LE(checksumAt), checksumOf(bytes, checksumAt));
  assert.match(run('sbverify', ['--list', path]).stderr, /No signature table present/);
  // All of the stub's own is there; headers differ where they have to.
  const start = before('SizeOfHeaders');
  assert.ok(bytes.subarray(start, stubEnd).equals(stub.subarray(start, stubEnd)));
});

/** What objdump says of headers and sections. */
function seen(path: string): {
  headers: (field: string) => number;
  sections: readonly { name: string; size: number; address: number; start: number }[];
} {
  const text = output('objdump', ['-p', path]);
  const rows = output('objdump', ['-h', path]).matchAll(/^ +\d+ (\S+) +(\w+) +(\w+) +\w+ +(\w+)/gm);
  return {
    headers: (field) => Number.parseInt(new RegExp(`^${field}\\s+(\\w+)`, 'm').exec(text)![1]!, 16),
    sections: Array.from(rows, ([, name, ...numbers]) => {
      const [size, address, start] = numbers.map((number) => Number.parseInt(number, 16));
      return { name: name!, size: size!, address: address!, start: start! };
    }),
  };
}

test('what is inside is told', async (t) => {
  const path = await uki(join(scratch(t), 'uki'), program());
  const { machine, sections, signatureBytes } = readUki(path);
  assert.deepEqual([machine, signatureBytes], ['x86-64', 0]);
  const names = sections.map(({ name, sizeBytes }) => `${name} ${sizeBytes}`);
  assert.deepEqual(names, [
    '.text 1024',
    '.data 512',
    '.osrel 27',
    '.cmdline 40',
    '.uname 7',
    '.initrd 3000001',
    `.linux ${kernel.length}`,
  ]);
  assert.equal(Buffer.from(readUkiSection(path, '.cmdline', 99)!).toString(), parts.commandLine);
  assert.equal(Buffer.from(readUkiSection(path, '.osrel', 4)!).toString(), 'ID=i');
  assert.equal(readUkiSection(path, '.dtb', 99), undefined);
  assert.ok(Buffer.from(readUkiSection(path, '.initrd', 2 ** 31)!).equals(parts.initrd as Buffer));
});

test('all parts, for ARM64; time, symbols and signatures of the stub are left out', async (t) => {
  const folder = scratch(t);
  const wide = program(0xaa64, someSections, 0x800);
  const linux = program(0xaa64);
  const all: UkiParts = {
    ...parts,
    linux,
    sbat: Buffer.from('sbat,1\n'),
    splash: Buffer.from('BM'),
    deviceTree: Buffer.from('dt'),
  };
  const path = await uki(join(folder, 'a'), wide, all);
  assert.deepEqual(
    readUki(path).sections.map(({ name }) => name),
    ['.text', '.data', '.osrel', '.cmdline', '.uname', '.sbat', '.splash', '.dtb', '.initrd', '.linux'],
  );
  assert.equal(readUki(path).machine, 'ARM64');
  // A time, a table of symbols, a checksum and signatures.
  const fields = [at.coff + 4, at.coff + 8, at.coff + 12, at.optional + 64, at.security, at.security + 4];
  const marked = fields.reduce((bytes, field) => changed(bytes, field, 0x1234), wide);
  const longer = await uki(join(folder, 'b'), Buffer.concat([marked, Buffer.from('symbols')]), all);
  assert.ok(readFileSync(longer).equals(readFileSync(path)));
});

test('stubs, kernels and parts that are refused', async (t) => {
  const folder = scratch(t);
  const refused = (stub: Buffer, given: UkiParts = parts): Promise<string> =>
    refusal(folder, () => uki(join(folder, 'image'), stub, given));
  const stub = program();
  const section = (index: number, field: number): number => at.table + index * 40 + field;
  const noise = Buffer.from(stub);
  noise.write('bound', at.table + 2 * 40 + 45);
  golden(
    t,
    'errors/E-IMG-012.txt',
    [
      await refused(Buffer.from('#!/bin/sh\n')),
      await refused(stub.subarray(0, 0x60)),
      await refused(changed(stub, 0x3c, 0xffff_fff0)),
      await refused(changed(stub, at.coff, 0x14c, 2)),
      await refused(changed(stub, at.coff + 2, 0, 2)),
      await refused(changed(stub, at.coff + 2, 0xffff, 2)),
      await refused(changed(stub, at.coff + 16, 0xfff0, 2)),
      await refused(changed(stub, at.coff + 16, 232, 2)),
      await refused(changed(stub, at.optional, 0x10b, 2)),
      await refused(changed(stub, at.optional + 108, 0xffff_ffff)),
      await refused(changed(stub, at.optional + 68, 3, 2)),
      await refused(changed(stub, at.optional + 60, 0x100)),
      await refused(changed(stub, at.optional + 60, 0xffff_0000)),
      await refused(changed(stub, section(0, 16), 0xffff_fe00)),
      await refused(changed(stub, section(0, 20), 0x600)),
      await refused(changed(stub, section(1, 20), 0x400)),
      await refused(changed(stub, section(1, 12), 0x1200)),
      await refused(changed(stub, section(1, 12), 0xffff_f000)),
      await refused(changed(stub, at.optional + 36, 0)),
      await refused(changed(stub, at.optional + 36, 0x8000_0000)),
      await refused(changed(stub, at.optional + 32, 0x1800)),
      await refused(changed(changed(stub, at.optional + 36, 0x1000), at.optional + 32, 0x1000)),
      await refused(changed(stub, section(1, 16), 0x1ff)),
    ].join('\n'),
  );
  const sbat = Buffer.from('sbat,1\n');
  golden(
    t,
    'errors/E-IMG-013.txt',
    [
      await refused(noise),
      await refused(program(0x8664, someSections, 0x200)),
      await refused(program(0x8664, [{ name: '.sbat', address: 0x1000, bytes: Buffer.alloc(512) }]), { ...parts, sbat }),
      await refused(program(0x8664, [{ name: '.linux', address: 0x1000, bytes: Buffer.alloc(512) }])),
      await refused(stub, { ...parts, commandLine: '' }),
      await refused(stub, { ...parts, commandLine: 'quiet\0init=/bin/sh' }),
      await refused(stub, { ...parts, initrd: { file: join(folder, 'large'), sizeBytes: 2 ** 32 - 4096 } }),
    ].join('\n'),
  );
  golden(
    t,
    'errors/E-IMG-014.txt',
    [
      await refused(stub, { ...parts, linux: Buffer.from('\x1f\x8b compressed') }),
      await refused(stub, { ...parts, linux: program(0xaa64) }),
    ].join('\n'),
  );
  const odd = join(folder, 'odd');
  writeFileSync(odd, kernel);
  golden(t, 'errors/E-IMG-001-kernel.txt', await refused(stub, { ...parts, linux: { file: odd, sizeBytes: 5 } }));
  assert.ok(!existsSync(join(folder, 'image')));
});

test('headers of any content give an image with the sections where they are said to be, or a fault', (t) => {
  const folder = scratch(t);
  const stub = program();
  const small: UkiParts = { linux: kernel.subarray(0, 0x400), commandLine: 'x' };
  const field = fc.record({
    offset: fc.nat({ max: at.table + 79 }),
    value: fc.oneof(
      fc.nat({ max: 0x4000 }),
      fc.constantFrom(0xffff_ffff, 0x8000_0000, 0xffff_f000, 0x7fff_ffff),
      fc.nat(0xffff_ffff),
    ),
  });
  let nWritten = 0;
  fc.assert(
    fc.property(fc.array(field, { minLength: 1, maxLength: 4 }), (fields) => {
      const bytes = Buffer.from(stub);
      for (const { offset, value } of fields) bytes.writeUInt32LE(value, offset);
      using image = new ImageFile(join(folder, 'image'));
      try {
        writeUki(image, { path: 'stub', bytes }, small);
      } catch (error) {
        if (error instanceof Fault) return;
        throw error;
      }
      nWritten += 1;
      assert.ok(image.position < 1 << 20, `${image.position}`);
      image.commit();
      const { sections } = readUki(image.path);
      const linux = sections.at(-1)!;
      assert.equal(linux.name, '.linux');
      assert.ok(
        readFileSync(image.path)
          .subarray(linux.startBytes)
          .indexOf(small.linux as Buffer) === 0,
      );
    }),
    { numRuns: 2000 },
  );
  assert.ok(nWritten > 100, `${nWritten}`);
});
