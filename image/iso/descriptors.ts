/** What stands in fixed places of a CD: the volume's descriptors, and by El Torito what firmware starts from. */
import { BLOCK_BYTES, bothEndian16, bothEndian32, descriptorTime } from './fields.ts';

export interface Volume {
  readonly label: string;
  readonly timeSeconds: number;
  readonly blocks: number;
  readonly pathTableBytes: number;
  /** Of the path tables in either byte order. */
  readonly littleTable: number;
  readonly bigTable: number;
  /** The root's record without Rock Ridge. */
  readonly root: Uint8Array;
}

const descriptor = (type: number): Buffer => {
  const bytes = Buffer.alloc(BLOCK_BYTES);
  bytes.writeUInt8(type, 0);
  bytes.write('CD001', 1, 'latin1');
  bytes.writeUInt8(1, 6);
  return bytes;
};

export function primaryDescriptor(volume: Volume): Buffer {
  const bytes = descriptor(1);
  const text = (at: number, length: number, value = ''): void => {
    bytes.write(value.padEnd(length), at, 'latin1');
  };
  text(8, 32);
  text(40, 32, volume.label);
  bothEndian32(volume.blocks).copy(bytes, 80);
  bothEndian16(1).copy(bytes, 120);
  bothEndian16(1).copy(bytes, 124);
  bothEndian16(BLOCK_BYTES).copy(bytes, 128);
  bothEndian32(volume.pathTableBytes).copy(bytes, 132);
  bytes.writeUInt32LE(volume.littleTable, 140);
  bytes.writeUInt32BE(volume.bigTable, 148);
  bytes.set(volume.root, 156);
  // Set of volumes, publisher, preparer, application, and files that say more.
  text(190, 623);
  const time = descriptorTime(volume.timeSeconds);
  bytes.write(time, 813, 'latin1');
  bytes.write(time, 830, 'latin1');
  bytes.write(`${'0'.repeat(16)}\0`, 847, 'latin1');
  bytes.write(time, 864, 'latin1');
  bytes.writeUInt8(1, 881);
  return bytes;
}

/** Says where the boot catalog is. */
export function bootDescriptor(catalogBlock: number): Buffer {
  const bytes = descriptor(0);
  bytes.write('EL TORITO SPECIFICATION', 7, 'latin1');
  bytes.writeUInt32LE(catalogBlock, 71);
  return bytes;
}

export const lastDescriptor = (): Buffer => descriptor(255);

/** A catalog of one thing to start: the EFI system partition. */
export function bootCatalog(espBlock: number, espSectors: number): Buffer {
  const bytes = Buffer.alloc(BLOCK_BYTES);
  bytes.writeUInt8(1, 0);
  // For UEFI.
  bytes.writeUInt8(0xef, 1);
  bytes.set([0x55, 0xaa], 30);
  let sum = 0;
  for (let at = 0; at < 32; at += 2) sum += bytes.readUInt16LE(at);
  bytes.writeUInt16LE(-sum & 0xffff, 28);
  // To be started, emulating nothing.
  bytes.writeUInt8(0x88, 32);
  // To UEFI, 0 is all up to the end of the medium.
  bytes.writeUInt16LE(espSectors > 0xffff ? 0 : espSectors, 38);
  bytes.writeUInt32LE(espBlock, 40);
  return bytes;
}
