/**
 * Files → an ISO 9660 image of level 3 with Rock Ridge, from which firmware starts whether it is burnt to a CD or copied to a stick: to a
 * CD it has a boot catalog, to a stick a partition table, and both name the same EFI system partition behind the files.
 */
import { encodeGpt, SECTOR_BYTES, TAIL_SECTORS } from '../disk/gpt.ts';
import { guidOf } from '../disk/guid.ts';
import { ALIGNMENT_BYTES } from '../disk/layout-disk.ts';
import { ESP_TYPE, LINUX_TYPE } from '../disk/partition-types.ts';
import { imageFault } from '../faults.ts';
import { type Layout, type Part, partBytes, roundUp, writePart, zerosTo } from '../layout.ts';
import { mediaFault } from '../media-faults.ts';
import type { ImageFile } from '../output.ts';
import { bootCatalog, bootDescriptor, lastDescriptor, primaryDescriptor } from './descriptors.ts';
import { encodeDirectory, encodePathTable, encodeRecord, folderExtent, type TableRow } from './directories.ts';
import { BLOCK_BYTES } from './fields.ts';
import { type IsoEntry, type IsoNode, type IsoRecord, isoTree } from './nodes.ts';
import { type Area, dividedBytes, encodeGroup } from './rock-ridge.ts';

export interface IsoOptions {
  /** At most 32 letters, digits and a few signs. */
  readonly label: string;
  /** Of every file, and of the volume: systems take it for the volume's UUID. */
  readonly timeSeconds: number;
  /** What firmware starts from. */
  readonly esp: Part;
  /** Those of the partitions are made of it. */
  readonly diskGuid: string;
}

const LABEL = /^[A-Za-z0-9_.-]{1,32}$/;
/** Nothing of ISO 9660 is before it: here is the partition table. */
const SYSTEM_BLOCKS = 16;
const CATALOG_BLOCK: number = SYSTEM_BLOCKS + 3;
/** The path table has 16 bits for the number of a folder. */
const FOLDERS = 0xffff;
const MOST_BLOCKS = 0xffffffff;

/**
 * Lays out an ISO 9660 image. The same entries in any order give the same bytes. Folders may be nested deeper than the eight levels that
 * ISO 9660 has: they stay where they are, since nobody who reads Rock Ridge counts.
 *
 * @throws Fault E-IMG-002 · E-IMG-003 · E-IMG-026 to E-IMG-029
 */
export function layoutIso(entries: Iterable<IsoEntry>, options: IsoOptions): Layout {
  const { label, timeSeconds, esp, diskGuid } = options;
  if (!LABEL.test(label)) throw mediaFault.label('a CD', label, '1 to 32 of A-Z, a-z, 0-9, _, . and -');
  const root = isoTree(entries);
  const rows = folderRows(root);
  if (rows.length > FOLDERS) throw imageFault.tooMuch('the number of folders on the CD', `${FOLDERS}`);

  let next = CATALOG_BLOCK + 1;
  const place = (sizeBytes: number): number => {
    const block = next;
    next += Math.ceil(sizeBytes / BLOCK_BYTES);
    return block;
  };
  const pathTableBytes = encodePathTable(rows, false).length;
  const littleTable = place(pathTableBytes);
  const bigTable = place(pathTableBytes);
  for (const { node } of rows) node.block = place(node.sizeBytes);
  const continued = placeAreas(rows, next);
  next = continued.end;
  const files = rows.flatMap(({ node }) => node.children.filter(({ content }) => content !== undefined));
  for (const file of files) file.block = place(file.sizeBytes);

  const espAt = roundUp(next * BLOCK_BYTES, ALIGNMENT_BYTES);
  const espSectors = Math.ceil(partBytes(esp) / SECTOR_BYTES);
  // The room behind the partition is for its table, and for drives that read further than they are asked to.
  const sizeBytes = roundUp(espAt + (espSectors + TAIL_SECTORS) * SECTOR_BYTES, ALIGNMENT_BYTES);
  if (sizeBytes / BLOCK_BYTES > MOST_BLOCKS) throw imageFault.tooMuch('the size of the CD', '8 TiB');
  const { head, tail } = encodeGpt(partitionsOf(espAt / SECTOR_BYTES, espSectors, diskGuid), diskGuid, sizeBytes / SECTOR_BYTES);
  // The root is named in the volume's descriptor by a record of 34 bytes.
  const rootRecord: IsoRecord = { identifier: '\0', fields: [[]], areas: [] };
  const descriptors = Buffer.concat([
    primaryDescriptor({
      label,
      timeSeconds,
      blocks: sizeBytes / BLOCK_BYTES,
      pathTableBytes,
      littleTable,
      bigTable,
      root: encodeRecord(rootRecord, folderExtent(root), timeSeconds),
    }),
    bootDescriptor(CATALOG_BLOCK),
    lastDescriptor(),
    bootCatalog(espAt / BLOCK_BYTES, espSectors),
  ]);
  return {
    sizeBytes,
    write(out) {
      const start = out.position;
      const goTo = (block: number): void => zerosTo(out, start, block * BLOCK_BYTES);
      out.write(head);
      goTo(SYSTEM_BLOCKS);
      out.write(descriptors);
      for (const [block, isBigEndian] of [
        [littleTable, false],
        [bigTable, true],
      ] as const) {
        goTo(block);
        out.write(encodePathTable(rows, isBigEndian));
      }
      for (const { node, parent } of rows) {
        goTo(node.block);
        out.write(encodeDirectory(node, rows[parent - 1]!.node, timeSeconds));
      }
      for (const record of continued.records) writeAreas(out, start, record);
      for (const { block, content } of files) {
        goTo(block);
        out.copy(content!);
      }
      zerosTo(out, start, espAt);
      writePart(out, esp);
      zerosTo(out, start, sizeBytes - tail.length);
      out.write(tail);
    },
  };
}

/** Level by level, as the path table has them; the root is in itself. */
function folderRows(root: IsoNode): TableRow[] {
  const rows: TableRow[] = [{ node: root, parent: 1 }];
  for (let index = 0; index < rows.length; index++) {
    for (const node of rows[index]!.node.children) if (node.isFolder) rows.push({ node, parent: index + 1 });
  }
  return rows;
}

/** Gives places to what records have no room for: one after the other, none across the end of a block. */
function placeAreas(rows: readonly TableRow[], firstBlock: number): { records: IsoRecord[]; end: number } {
  const records: IsoRecord[] = [];
  let at = firstBlock * BLOCK_BYTES;
  for (const { node } of rows) {
    for (const record of [...node.special, ...node.children.map((child) => child.record)]) {
      if (record.fields.length === 1) continue;
      records.push(record);
      for (let index = 1; index < record.fields.length; index++) {
        const length = dividedBytes(record.fields, index);
        if ((at % BLOCK_BYTES) + length > BLOCK_BYTES) at = roundUp(at, BLOCK_BYTES);
        const area: Area = { block: Math.floor(at / BLOCK_BYTES), offset: at % BLOCK_BYTES };
        record.areas.push(area);
        at += length;
      }
    }
  }
  return { records, end: Math.ceil(at / BLOCK_BYTES) };
}

function writeAreas(out: ImageFile, start: number, { fields, areas }: IsoRecord): void {
  for (const [index, { block, offset }] of areas.entries()) {
    zerosTo(out, start, block * BLOCK_BYTES + offset);
    out.write(encodeGroup(fields, areas, index + 1));
  }
}

/** The files have a partition too, so that nobody takes their place for free; it is mounted by the whole disk. */
function partitionsOf(espSector: number, espSectors: number, diskGuid: string): Parameters<typeof encodeGpt>[0] {
  const first = (SYSTEM_BLOCKS * BLOCK_BYTES) / SECTOR_BYTES;
  const unique = (name: string): string => guidOf('igos medium', diskGuid.toLowerCase(), name);
  return [
    { type: LINUX_TYPE, unique: unique('iso9660'), name: 'iso9660', firstSector: first, sectors: espSector - first },
    { type: ESP_TYPE, unique: unique('esp'), name: 'esp', firstSector: espSector, sectors: espSectors },
  ];
}
