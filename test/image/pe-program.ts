/** A small EFI program, with headers as the test wants them: it does nothing but be read. */

/** systemd's stub for this machine. */
export const STUB = `/usr/lib/systemd/boot/efi/linux${process.arch === 'arm64' ? 'aa64' : 'x64'}.efi.stub`;
export const OWN_MACHINE: number = process.arch === 'arm64' ? 0xaa64 : 0x8664;

/** Offsets of fields in the programs made here. */
export const at = { coff: 0x44, optional: 0x58, security: 0x58 + 112 + 32, table: 0x58 + 240 } as const;

export interface ProgramSection {
  readonly name: string;
  readonly address: number;
  readonly bytes: Uint8Array;
}

export const someSections: readonly ProgramSection[] = [
  { name: '.text', address: 0x1000, bytes: Buffer.alloc(0x400, 0xc3) },
  { name: '.data', address: 0x2000, bytes: Buffer.alloc(0x200, 'data') },
];

export function program(machine = 0x8664, sections = someSections, headerBytes = 0x400): Buffer {
  const bytes = Buffer.alloc(headerBytes + sections.reduce((sum, section) => sum + section.bytes.length, 0));
  bytes.write('MZ');
  bytes.writeUInt32LE(at.coff - 4, 0x3c);
  bytes.write('PE\0\0', at.coff - 4);
  bytes.writeUInt16LE(machine, at.coff);
  bytes.writeUInt16LE(sections.length, at.coff + 2);
  bytes.writeUInt16LE(240, at.coff + 16);
  bytes.writeUInt16LE(0x206, at.coff + 18);
  bytes.writeUInt16LE(0x20b, at.optional);
  bytes.writeUInt32LE(0x1000, at.optional + 16);
  bytes.writeUInt32LE(0x1000, at.optional + 32);
  bytes.writeUInt32LE(0x200, at.optional + 36);
  bytes.writeUInt32LE(0x3000, at.optional + 56);
  bytes.writeUInt32LE(headerBytes, at.optional + 60);
  bytes.writeUInt16LE(10, at.optional + 68);
  bytes.writeUInt32LE(16, at.optional + 108);
  let start = headerBytes;
  for (const [index, section] of sections.entries()) {
    const header = at.table + index * 40;
    bytes.write(section.name, header);
    bytes.writeUInt32LE(section.bytes.length, header + 8);
    bytes.writeUInt32LE(section.address, header + 12);
    bytes.writeUInt32LE(section.bytes.length, header + 16);
    bytes.writeUInt32LE(start, header + 20);
    bytes.writeUInt32LE(0x6000_0020, header + 36);
    bytes.set(section.bytes, start);
    start += section.bytes.length;
  }
  return bytes;
}

/** The program with one field changed. */
export function changed(bytes: Buffer, offset: number, value: number, sizeBytes: 2 | 4 = 4): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUIntLE(value, offset, sizeBytes);
  return copy;
}
