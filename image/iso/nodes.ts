/** Entries of an ISO 9660 file system with their names and what Rock Ridge says of them, before they have places. */
import type { Bytes } from '../../base/index.ts';
import { imageFault } from '../faults.ts';
import { mediaFault } from '../media-faults.ts';
import { type Content, sizeOf } from '../output.ts';
import { type Placed, placed } from '../placed.ts';
import { BLOCK_BYTES } from './fields.ts';
import { compareIsoNames, isoIdentifier, isoNames } from './names.ts';
import {
  type Area,
  type Divided,
  divide,
  dividedBytes,
  extensionField,
  FILE_MODE,
  FOLDER_MODE,
  nameFields,
  posixField,
  SYMLINK_MODE,
  sharingField,
  targetFields,
} from './rock-ridge.ts';

interface Common {
  /** Below the root, without a slash at its ends. Empty for the root itself. */
  readonly path: Bytes;
  /** Permissions with set-user-id, set-group-id and sticky bit. */
  readonly mode: number;
  readonly uid?: number;
  readonly gid?: number;
}

/** Folders between are made with mode 755. */
export type IsoEntry = Common &
  (
    | { readonly kind: 'directory' }
    | { readonly kind: 'file'; readonly content: Content }
    | { readonly kind: 'symlink'; readonly target: Bytes }
  );

/** One record of a directory, without its place. */
export interface IsoRecord {
  readonly identifier: Bytes;
  readonly fields: Divided;
  /** Of `fields` from the second group on. */
  readonly areas: Area[];
}

export interface IsoNode {
  readonly record: IsoRecord;
  readonly isFolder: boolean;
  readonly content: Content | undefined;
  /** Of a folder, all its records. */
  readonly sizeBytes: number;
  readonly children: readonly IsoNode[];
  /** `.` and `..`; none in files. */
  readonly special: readonly IsoRecord[];
  block: number;
}

/** What a record has besides its identifier. */
const FIXED_BYTES = 33;
const RECORD_BYTES = 254;
/** A part of a file is shorter than 4 GiB, and all but the last are whole blocks. */
export const EXTENT_BYTES: number = 2 ** 32 - BLOCK_BYTES;
/** What Linux reads of a name. */
const NAME_BYTES = 253;
/** Linux reads 4095 bytes, but xorriso takes no medium that has a longer target on it. */
const TARGET_BYTES = 1023;

/** @throws Fault E-IMG-002 · E-IMG-029 */
export function isoTree(entries: Iterable<IsoEntry>): IsoNode {
  return nodeOf(placed(entries), '\0', undefined);
}

function nodeOf(tree: Placed<IsoEntry>, identifier: Bytes, parentPosix: Buffer | undefined): IsoNode {
  const { path, name, entry, isFolder } = tree;
  if (name.length > NAME_BYTES) throw mediaFault.isoName(path, 'name', name.length, NAME_BYTES);
  const kind = isFolder ? FOLDER_MODE : entry?.kind === 'symlink' ? SYMLINK_MODE : FILE_MODE;
  const links = isFolder ? 2 + tree.children.filter((child) => child.isFolder).length : 1;
  const posix = posixField(kind | ((entry?.mode ?? 0o755) & 0o7777), links, entry?.uid ?? 0, entry?.gid ?? 0);
  const fields = [posix, ...nameFields(name)];
  if (entry?.kind === 'symlink') {
    const { target } = entry;
    if (target.length > TARGET_BYTES) throw mediaFault.isoName(path, 'target', target.length, TARGET_BYTES);
    if (target === '' || target.includes('\0')) throw imageFault.misplaced(path, 'no symlink has such a target');
    fields.push(...targetFields(target));
  }
  const record = recordOf(identifier, fields);
  if (!isFolder) {
    const content = entry?.kind === 'file' ? entry.content : undefined;
    const sizeBytes = content === undefined ? 0 : sizeOf(content);
    return { record, isFolder, content, sizeBytes, children: [], special: [], block: 0 };
  }
  const names = isoNames(tree.children);
  const ordered = tree.children
    .map((child, index) => ({ child, name: names[index]! }))
    .sort((a, b) => compareIsoNames(a.name, b.name));
  const children = ordered.map(({ child, name: own }) => nodeOf(child, isoIdentifier(own, child.isFolder), posix));
  const isRoot = parentPosix === undefined;
  const special = [
    recordOf('\0', isRoot ? [sharingField(), posix, extensionField()] : [posix]),
    recordOf('\x01', [parentPosix ?? posix]),
  ];
  let end = 0;
  const put = (length: number): void => {
    end = recordPlace(end, length) + length;
  };
  for (const own of special) put(recordBytes(own));
  for (const child of children) for (let part = 0; part < extentsOf(child); part++) put(recordBytes(child.record));
  const sizeBytes = Math.ceil(end / BLOCK_BYTES) * BLOCK_BYTES;
  return { record, isFolder, content: undefined, sizeBytes, children, special, block: 0 };
}

const baseBytes = (identifier: Bytes): number => FIXED_BYTES + identifier.length + ((identifier.length + 1) % 2);

const recordOf = (identifier: Bytes, fields: readonly Buffer[]): IsoRecord => ({
  identifier,
  fields: divide(fields, RECORD_BYTES - baseBytes(identifier)),
  areas: [],
});

/** Always even. */
export function recordBytes({ identifier, fields }: IsoRecord): number {
  const length = baseBytes(identifier) + dividedBytes(fields, 0);
  return length + (length % 2);
}

/** Where a record begins that cannot stand before `end`: it crosses no block. */
export const recordPlace = (end: number, length: number): number =>
  (end % BLOCK_BYTES) + length > BLOCK_BYTES ? Math.ceil(end / BLOCK_BYTES) * BLOCK_BYTES : end;

/** In so many records a file stands. */
export const extentsOf = ({ isFolder, sizeBytes }: IsoNode): number =>
  isFolder ? 1 : Math.max(1, Math.ceil(sizeBytes / EXTENT_BYTES));
