/** What stands before the files of a FAT file system: boot sector, what is known of free space, and the table of clusters. */
import type { ImageFile } from '../output.ts';
import { type Geometry, SECTOR_BYTES } from './geometry.ts';

export interface FatIdentity {
  readonly label: string;
  readonly serial: number;
  /** The first that nothing has. */
  readonly nextCluster: number;
}

const MEDIUM = 0xf8;
const INFO_SECTOR = 1;
const BACKUP_SECTOR = 6;
/** Asks a BIOS for the next thing to start from, and stops: nothing is started from here but by UEFI. */
const BOOT_CODE = [0xcd, 0x18, 0xf4, 0xeb, 0xfd];
const PIECE_ENTRIES: number = 1 << 18;

export function writeBoot(out: ImageFile, geometry: Geometry, identity: FatIdentity): void {
  const reserved = Buffer.alloc(geometry.reservedSectors * SECTOR_BYTES);
  const boot = bootSector(geometry, identity);
  boot.copy(reserved);
  if (geometry.bits === 32) {
    const info = infoSector(geometry, identity);
    info.copy(reserved, INFO_SECTOR * SECTOR_BYTES);
    boot.copy(reserved, BACKUP_SECTOR * SECTOR_BYTES);
    info.copy(reserved, (BACKUP_SECTOR + INFO_SECTOR) * SECTOR_BYTES);
  }
  out.write(reserved);
}

function bootSector(geometry: Geometry, { label, serial }: FatIdentity): Buffer {
  const { bits, sectors } = geometry;
  const bytes = Buffer.alloc(SECTOR_BYTES);
  // The name that old readers want to see.
  bytes.write('MSWIN4.1', 3, 'latin1');
  bytes.writeUInt16LE(SECTOR_BYTES, 11);
  bytes.writeUInt8(geometry.clusterSectors, 13);
  bytes.writeUInt16LE(geometry.reservedSectors, 14);
  bytes.writeUInt8(2, 16);
  bytes.writeUInt16LE(geometry.rootRecords, 17);
  const isShort = bits === 16 && sectors < 0x10000;
  bytes.writeUInt16LE(isShort ? sectors : 0, 19);
  bytes.writeUInt8(MEDIUM, 21);
  bytes.writeUInt16LE(bits === 16 ? geometry.tableSectors : 0, 22);
  // Sectors a track and heads: nobody asks any more.
  bytes.writeUInt16LE(63, 24);
  bytes.writeUInt16LE(255, 26);
  bytes.writeUInt32LE(isShort ? 0 : sectors, 32);
  if (bits === 32) {
    bytes.writeUInt32LE(geometry.tableSectors, 36);
    bytes.writeUInt32LE(2, 44);
    bytes.writeUInt16LE(INFO_SECTOR, 48);
    bytes.writeUInt16LE(BACKUP_SECTOR, 50);
  }
  const end = bits === 32 ? 64 : 36;
  bytes.writeUInt8(0x80, end);
  bytes.writeUInt8(0x29, end + 2);
  bytes.writeUInt32LE(serial, end + 3);
  bytes.write(label.padEnd(11), end + 7, 'latin1');
  bytes.write(`FAT${bits}   `, end + 18, 'latin1');
  bytes.set(BOOT_CODE, end + 26);
  bytes.set([0xeb, end + 26 - 2, 0x90], 0);
  bytes.set([0x55, 0xaa], 510);
  return bytes;
}

function infoSector({ clusters }: Geometry, { nextCluster }: FatIdentity): Buffer {
  const bytes = Buffer.alloc(SECTOR_BYTES);
  const free = clusters - (nextCluster - 2);
  bytes.write('RRaA', 0, 'latin1');
  bytes.write('rrAa', 484, 'latin1');
  bytes.writeUInt32LE(free, 488);
  bytes.writeUInt32LE(free === 0 ? 0xffffffff : nextCluster, 492);
  bytes.set([0x55, 0xaa], 510);
  return bytes;
}

/** @param ends  the last clusters of what stands there, one piece after the other from the first cluster on */
export function writeTable(out: ImageFile, { bits, tableSectors }: Geometry, ends: readonly number[]): void {
  const entryBytes = bits / 8;
  const [end, first] = bits === 16 ? [0xffff, 0xff00 | MEDIUM] : [0x0fffffff, 0x0fffff00 | MEDIUM];
  const used = (ends.at(-1) ?? 1) + 1;
  let piece = 0;
  for (let from = 0; from < used; from += PIECE_ENTRIES) {
    const length = Math.min(PIECE_ENTRIES, used - from);
    const bytes = Buffer.alloc(length * entryBytes);
    for (let index = 0; index < length; index++) {
      const cluster = from + index;
      let value = cluster + 1;
      if (cluster < 2) value = cluster === 0 ? first : end;
      else if (cluster === ends[piece]) {
        value = end;
        piece++;
      }
      bytes.writeUIntLE(value, index * entryBytes, entryBytes);
    }
    out.write(bytes);
  }
  // No hole: who copies an image to a disk may leave out those, and free clusters would have what lay there.
  const bytes = tableSectors * SECTOR_BYTES - used * entryBytes;
  for (let at = 0; at < bytes; at += PIECE_ENTRIES) out.write(Buffer.alloc(Math.min(PIECE_ENTRIES, bytes - at)));
}
