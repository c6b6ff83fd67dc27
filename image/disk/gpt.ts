/** Partition tables as UEFI defines them: at both ends of a disk, behind an MBR that says that the disk is taken. */
import { crc32 } from 'node:zlib';
import { imageFault } from '../faults.ts';
import { mediaFault } from '../media-faults.ts';
import { guidBytes } from './guid.ts';

export const SECTOR_BYTES = 512;
/** What the tables take at the start of a disk, with the MBR. */
export const HEAD_SECTORS = 34;
/** What they take at its end. */
export const TAIL_SECTORS = 33;

const ENTRIES = 128;
const ENTRY_BYTES = 128;
const HEADER_BYTES = 92;
const NAME_UNITS = 36;

export interface GptEntry {
  /** GUID of what it is for. */
  readonly type: string;
  /** GUID of this one. */
  readonly unique: string;
  readonly name: string;
  readonly firstSector: number;
  readonly sectors: number;
  /** Bits of the specifications: `PARTITION_IS_READ_ONLY`, … */
  readonly attributes?: bigint;
}

export interface Gpt {
  /** `HEAD_SECTORS` for the start of the disk. */
  readonly head: Buffer;
  /** `TAIL_SECTORS` for its end. */
  readonly tail: Buffer;
}

/**
 * @param sectors  of the whole disk
 * @throws Fault   E-IMG-027 a GUID that is none · E-IMG-028 a partition that cannot be
 */
export function encodeGpt(entries: readonly GptEntry[], diskGuid: string, sectors: number): Gpt {
  const table = encodeEntries(entries);
  const last = sectors - 1;
  const header = (own: number, other: number, tableAt: number): Buffer => {
    const bytes = Buffer.alloc(SECTOR_BYTES);
    bytes.write('EFI PART', 'latin1');
    bytes.writeUInt32LE(0x00010000, 8);
    bytes.writeUInt32LE(HEADER_BYTES, 12);
    bytes.writeBigUInt64LE(BigInt(own), 24);
    bytes.writeBigUInt64LE(BigInt(other), 32);
    bytes.writeBigUInt64LE(BigInt(HEAD_SECTORS), 40);
    bytes.writeBigUInt64LE(BigInt(last - TAIL_SECTORS), 48);
    guidBytes(diskGuid).copy(bytes, 56);
    bytes.writeBigUInt64LE(BigInt(tableAt), 72);
    bytes.writeUInt32LE(ENTRIES, 80);
    bytes.writeUInt32LE(ENTRY_BYTES, 84);
    bytes.writeUInt32LE(crc32(table), 88);
    bytes.writeUInt32LE(crc32(bytes.subarray(0, HEADER_BYTES)), 16);
    return bytes;
  };
  return {
    head: Buffer.concat([protectiveMbr(sectors), header(1, last, 2), table]),
    tail: Buffer.concat([table, header(last, 1, sectors - TAIL_SECTORS)]),
  };
}

function encodeEntries(entries: readonly GptEntry[]): Buffer {
  if (entries.length > ENTRIES) throw imageFault.tooMuch('the number of partitions', `${ENTRIES}`);
  const table = Buffer.alloc(ENTRIES * ENTRY_BYTES);
  const seen = new Set<string>();
  for (const [index, { type, unique, name, firstSector, sectors, attributes = 0n }] of entries.entries()) {
    if (name.length > NAME_UNITS) throw mediaFault.partition(name, `its name is longer than ${NAME_UNITS} UTF-16 units`);
    if (sectors <= 0) throw mediaFault.partition(name, 'it has no size');
    if (seen.has(unique.toLowerCase())) throw mediaFault.partition(name, `another one has its GUID, ${unique}`);
    seen.add(unique.toLowerCase());
    const bytes = table.subarray(index * ENTRY_BYTES, (index + 1) * ENTRY_BYTES);
    guidBytes(type).copy(bytes, 0);
    guidBytes(unique).copy(bytes, 16);
    bytes.writeBigUInt64LE(BigInt(firstSector), 32);
    bytes.writeBigUInt64LE(BigInt(firstSector + sectors - 1), 40);
    bytes.writeBigUInt64LE(attributes, 48);
    bytes.write(name, 56, 'utf16le');
  }
  return table;
}

/** Says to whoever knows no GPT that one partition takes the whole disk. */
function protectiveMbr(sectors: number): Buffer {
  const bytes = Buffer.alloc(SECTOR_BYTES);
  const entry = bytes.subarray(446, 462);
  // Begins at the second sector of the first cylinder, and ends where such numbers end.
  entry.set([0x00, 0x00, 0x02, 0x00, 0xee, 0xff, 0xff, 0xff]);
  entry.writeUInt32LE(1, 8);
  entry.writeUInt32LE(Math.min(sectors - 1, 0xffffffff), 12);
  bytes.set([0x55, 0xaa], 510);
  return bytes;
}
