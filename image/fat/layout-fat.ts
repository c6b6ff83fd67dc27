/** Files → a FAT file system: what firmware starts from. */
import { type Bytes, bytesToText } from '../../base/index.ts';
import { imageFault } from '../faults.ts';
import { type Layout, roundUp, zerosTo } from '../layout.ts';
import { mediaFault } from '../media-faults.ts';
import { type Content, type ImageFile, sizeOf } from '../output.ts';
import { type Placed, placed } from '../placed.ts';
import { writeBoot, writeTable } from './boot.ts';
import { type Geometry, geometryFor, RECORD_BYTES, SECTOR_BYTES } from './geometry.ts';
import { type FatName, fatNames } from './names.ts';
import { FatRecords, recordsOf } from './records.ts';

/** Folders between are made; an empty one has to be named. Paths are UTF-8 with slashes, without one at their ends. */
export type FatEntry =
  | { readonly path: Bytes; readonly kind: 'file'; readonly content: Content }
  | { readonly path: Bytes; readonly kind: 'directory' };

export interface FatOptions {
  /** At most 11 capitals, digits and a few signs. */
  readonly label: string;
  /** 32 bits by which systems tell file systems from each other. */
  readonly serial: number;
  /** Of every file. */
  readonly timeSeconds: number;
  /** Rounded up to 512; the smallest number of MiB that is enough, unless said. */
  readonly sizeBytes?: number;
}

/** A file or folder with its place. */
interface Node {
  readonly name: FatName | undefined;
  readonly isFolder: boolean;
  readonly content: Content | undefined;
  readonly sizeBytes: number;
  readonly children: Node[];
  cluster: number;
}

const LABEL = /^[A-Z0-9!#$%&'()@^_`{}~-](?:[A-Z0-9 !#$%&'()@^_`{}~-]{0,9}[A-Z0-9!#$%&'()@^_`{}~-])?$/;
const FILE_BYTES = 0xffffffff;
const FOLDER_RECORDS = 65536;

/**
 * Lays out a FAT16 or FAT32 file system. The same entries in any order give the same bytes.
 *
 * @throws Fault E-IMG-002 · E-IMG-003 · E-IMG-021 to E-IMG-026
 */
export function layoutFat(entries: Iterable<FatEntry>, options: FatOptions): Layout {
  const { label } = options;
  if (!LABEL.test(label)) throw mediaFault.label('a FAT file system', label, 'at most 11 of A-Z, 0-9, - and _');
  const root = nodeOf(placed(entries), undefined, true);
  const others = [...below(root)];
  const demand = { rootRecords: root.sizeBytes / RECORD_BYTES, sizesBytes: others.map((node) => node.sizeBytes) };
  const wanted = options.sizeBytes === undefined ? undefined : roundUp(options.sizeBytes, SECTOR_BYTES);
  const geometry = geometryFor(demand, wanted);

  // Everything is in one piece, in the order of the tree.
  const ends: number[] = [];
  let next = 2;
  for (const node of geometry.bits === 32 ? [root, ...others] : others) {
    const clusters = Math.ceil(node.sizeBytes / geometry.clusterBytes);
    if (clusters === 0) continue;
    node.cluster = next;
    next += clusters;
    ends.push(next - 1);
  }
  const sizeBytes = geometry.sectors * SECTOR_BYTES;
  return {
    sizeBytes,
    write(out) {
      const start = out.position;
      writeBoot(out, geometry, { label, serial: options.serial >>> 0, nextCluster: next });
      for (let copy = 0; copy < 2; copy++) writeTable(out, geometry, ends);
      if (geometry.bits === 16) out.write(encodeFolder(root, root, geometry.rootRecords * RECORD_BYTES, options));
      const data = out.position;
      writeNodes(out, data, root, root, geometry, options);
      zerosTo(out, start, sizeBytes);
    },
  };
}

function nodeOf(tree: Placed<FatEntry>, name: FatName | undefined, isRoot: boolean): Node {
  const content = tree.entry?.kind === 'file' ? tree.entry.content : undefined;
  if (content !== undefined) {
    const sizeBytes = sizeOf(content);
    if (sizeBytes > FILE_BYTES) throw mediaFault.fatFile(tree.path, sizeBytes);
    return { name, isFolder: false, content, sizeBytes, children: [], cluster: 0 };
  }
  const names = fatNames(tree.children);
  // The root has the label, other folders have `.` and `..`.
  const nRecords = names.reduce((sum, own) => sum + recordsOf(own), isRoot ? 1 : 2);
  if (nRecords > FOLDER_RECORDS)
    throw imageFault.tooMuch(
      `the folder '/${bytesToText(tree.path)}'`,
      `${FOLDER_RECORDS} records, of which a long name takes several`,
    );
  const children = tree.children.map((child, index) => nodeOf(child, names[index], false));
  return { name, isFolder: true, content, sizeBytes: nRecords * RECORD_BYTES, children, cluster: 0 };
}

/** All but the node itself, in the order in which they are written. */
function* below(node: Node): Generator<Node> {
  for (const child of node.children) {
    yield child;
    yield* below(child);
  }
}

function writeNodes(out: ImageFile, data: number, node: Node, parent: Node, geometry: Geometry, options: FatOptions): void {
  const { clusterBytes } = geometry;
  if (node.cluster !== 0) {
    zerosTo(out, data, (node.cluster - 2) * clusterBytes);
    if (node.content === undefined) out.write(encodeFolder(node, parent, node.sizeBytes, options));
    else out.copy(node.content);
  }
  for (const child of node.children) writeNodes(out, data, child, node, geometry, options);
}

function encodeFolder(node: Node, parent: Node, sizeBytes: number, { label, timeSeconds }: FatOptions): Buffer {
  const records = new FatRecords(sizeBytes, timeSeconds);
  if (node.name === undefined) records.label(label);
  else {
    records.special('.'.padEnd(11), { isFolder: true, cluster: node.cluster, sizeBytes: 0 });
    // The root is 0 here, wherever it stands.
    const cluster = parent.name === undefined ? 0 : parent.cluster;
    records.special('..'.padEnd(11), { isFolder: true, cluster, sizeBytes: 0 });
  }
  for (const child of node.children) {
    const { isFolder, cluster } = child;
    records.add(child.name!, { isFolder, cluster, sizeBytes: isFolder ? 0 : child.sizeBytes });
  }
  return records.bytes;
}
