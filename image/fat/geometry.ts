/** How a FAT file system of some size is divided. Whether it is FAT16 or FAT32 is told by nothing but the number of its clusters. */

import { imageFault } from '../faults.ts';
import { roundUp } from '../layout.ts';
import { mediaFault } from '../media-faults.ts';

export const SECTOR_BYTES = 512;
export const RECORD_BYTES = 32;
/** FAT12 has fewer clusters than the first, FAT16 fewer than the second. */
const FAT16_FROM = 4085;
const FAT32_FROM = 65525;
/** So far from the limits a file system stays, since not everybody counts to the same number. */
const MARGIN = 16;
const STEP_BYTES: number = 1 << 20;
const MOST_SECTORS = 0xffffffff;

export interface Geometry {
  readonly bits: 16 | 32;
  readonly sectors: number;
  /** Before the first table. */
  readonly reservedSectors: number;
  /** Of one of the two tables. */
  readonly tableSectors: number;
  /** Records of the root folder, which in FAT16 has a place of its own; 0 in FAT32. */
  readonly rootRecords: number;
  readonly clusterSectors: number;
  readonly clusterBytes: number;
  readonly clusters: number;
}

/** What has to be found room for. */
export interface Demand {
  /** In the root folder. */
  readonly rootRecords: number;
  /** Of everything else that takes clusters. */
  readonly sizesBytes: readonly number[];
}

/**
 * The geometry of a file system of that size, or of the smallest whole number of MiB.
 *
 * FAT32 wherever the size allows it, as UEFI has it for disks: from 33 MiB on.
 *
 * @throws Fault E-IMG-024 too small · E-IMG-003 too large
 */
export function geometryFor(demand: Demand, sizeBytes: number | undefined): Geometry {
  if (sizeBytes !== undefined) {
    const found = geometryOf(Math.floor(sizeBytes / SECTOR_BYTES), demand.rootRecords);
    if (found !== undefined && isEnough(found, demand)) return found;
    throw mediaFault.tooSmall('a FAT file system', sizeBytes, smallest(demand).sectors * SECTOR_BYTES);
  }
  return smallest(demand);
}

function smallest(demand: Demand): Geometry {
  for (let size = STEP_BYTES; ; ) {
    const found = geometryOf(size / SECTOR_BYTES, demand.rootRecords);
    if (found !== undefined && isEnough(found, demand)) return found;
    const missing = found === undefined ? 0 : (clustersOf(found, demand) - found.clusters) * found.clusterBytes;
    size += Math.max(STEP_BYTES, Math.floor(missing / STEP_BYTES) * STEP_BYTES);
  }
}

const isEnough = (geometry: Geometry, demand: Demand): boolean => clustersOf(geometry, demand) <= geometry.clusters;

function clustersOf({ bits, clusterBytes }: Geometry, { rootRecords, sizesBytes }: Demand): number {
  let clusters = bits === 32 ? Math.max(1, Math.ceil((rootRecords * RECORD_BYTES) / clusterBytes)) : 0;
  for (const size of sizesBytes) clusters += Math.ceil(size / clusterBytes);
  return clusters;
}

function geometryOf(sectors: number, rootRecords: number): Geometry | undefined {
  if (sectors > MOST_SECTORS) throw imageFault.tooMuch('the size of the FAT file system', 'less than 2 TiB');
  const large = divided(32, sectors, clusterSectorsOfFat32(sectors), 0);
  if (large.clusters >= FAT32_FROM + MARGIN) return large;
  const perSector = SECTOR_BYTES / RECORD_BYTES;
  const inRoot = roundUp(Math.max(512, rootRecords), perSector);
  if (inRoot > 0xffff) return undefined;
  let small = divided(16, sectors, 1, inRoot);
  while (small.clusters >= FAT32_FROM - MARGIN) small = divided(16, sectors, small.clusterSectors * 2, inRoot);
  return small.clusters >= FAT16_FROM + MARGIN ? small : undefined;
}

/** What Microsoft's specification recommends. */
function clusterSectorsOfFat32(sectors: number): number {
  const gib = (sectors * SECTOR_BYTES) / 2 ** 30;
  if (gib <= 260 / 1024) return 1;
  if (gib <= 8) return 8;
  return gib <= 16 ? 16 : gib <= 32 ? 32 : 64;
}

function divided(bits: 16 | 32, sectors: number, clusterSectors: number, rootRecords: number): Geometry {
  const rootSectors = (rootRecords * RECORD_BYTES) / SECTOR_BYTES;
  let reservedSectors = bits === 32 ? 32 : 1;
  const perSector = (SECTOR_BYTES * 8) / bits;
  // The least t with t * perSector >= 2 + (rest - 2 * t) / clusterSectors: the table has two entries more than there are clusters.
  const rest = Math.max(0, sectors - reservedSectors - rootSectors);
  const tableSectors = Math.ceil((rest + 2 * clusterSectors) / (perSector * clusterSectors + 2));
  const before = reservedSectors + 2 * tableSectors + rootSectors;
  // Clusters begin where the medium is written at once, if the partition does.
  if (bits === 32) reservedSectors += (clusterSectors - (before % clusterSectors)) % clusterSectors;
  const clusters = Math.floor((sectors - reservedSectors - 2 * tableSectors - rootSectors) / clusterSectors);
  const clusterBytes = clusterSectors * SECTOR_BYTES;
  return { bits, sectors, reservedSectors, tableSectors, rootRecords, clusterSectors, clusterBytes, clusters };
}
