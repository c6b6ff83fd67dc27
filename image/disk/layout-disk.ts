/** Partitions → a disk. */
import { type Layout, type Part, partBytes, roundUp, writePart, zerosTo } from '../layout.ts';
import { mediaFault } from '../media-faults.ts';
import { encodeGpt, type GptEntry, SECTOR_BYTES, TAIL_SECTORS } from './gpt.ts';

export interface Partition extends Omit<GptEntry, 'firstSector' | 'sectors'> {
  /** What it holds from its start; zeros follow. */
  readonly part?: Part;
  /** What `part` takes, unless said. Rounded up to 4 KiB. */
  readonly sizeBytes?: number;
}

export interface DiskLayout extends Layout {
  /** Where each partition begins, in bytes. */
  readonly starts: readonly number[];
}

export interface DiskOptions {
  readonly diskGuid: string;
  /** Rounded up to 512; what is needed, up to a whole MiB, unless said. */
  readonly sizeBytes?: number;
}

/** Where partitions begin: at a multiple of what any medium writes at once. */
export const ALIGNMENT_BYTES: number = 1 << 20;
const GRAIN_BYTES = 4096;

/**
 * Lays out a disk with a GUID partition table. Partitions stand in the order in which they are given.
 *
 * @throws Fault E-IMG-024 too small · E-IMG-003 too many partitions · E-IMG-027, E-IMG-028
 */
export function layoutDisk(partitions: readonly Partition[], { diskGuid, sizeBytes: wanted }: DiskOptions): DiskLayout {
  let end = ALIGNMENT_BYTES;
  const entries = partitions.map(({ type, unique, name, attributes = 0n, part, sizeBytes }): GptEntry => {
    const needed = part === undefined ? 0 : partBytes(part);
    if (sizeBytes !== undefined && sizeBytes < needed) throw mediaFault.tooSmall(`partition '${name}'`, sizeBytes, needed);
    const firstSector = roundUp(end, ALIGNMENT_BYTES) / SECTOR_BYTES;
    const sectors = roundUp(sizeBytes ?? needed, GRAIN_BYTES) / SECTOR_BYTES;
    end = (firstSector + sectors) * SECTOR_BYTES;
    return { type, unique, name, attributes, firstSector, sectors };
  });
  const needed = end + TAIL_SECTORS * SECTOR_BYTES;
  const size = roundUp(wanted ?? roundUp(needed, ALIGNMENT_BYTES), SECTOR_BYTES);
  if (size < needed) throw mediaFault.tooSmall('the disk', size, needed);
  const { head, tail } = encodeGpt(entries, diskGuid, size / SECTOR_BYTES);
  return {
    sizeBytes: size,
    starts: entries.map(({ firstSector }) => firstSector * SECTOR_BYTES),
    write(out) {
      const start = out.position;
      out.write(head);
      for (const [index, { firstSector }] of entries.entries()) {
        const { part } = partitions[index]!;
        if (part === undefined) continue;
        zerosTo(out, start, firstSector * SECTOR_BYTES);
        writePart(out, part);
      }
      zerosTo(out, start, size - tail.length);
      out.write(tail);
    },
  };
}
