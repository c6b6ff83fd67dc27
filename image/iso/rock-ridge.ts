/**
 * Rock Ridge: names, modes and symlinks of POSIX in the room that ISO 9660 leaves at the end of a record. What does not fit there goes on
 * in an area elsewhere, and from there in a next one; no area crosses a block, which Linux would not read.
 */
import type { Bytes } from '../../base/index.ts';
import { BLOCK_BYTES, bothEndian32 } from './fields.ts';

const FIELD_BYTES = 255;
const CONTINUATION_BYTES = 28;
const CONTINUES = 1;

export const FOLDER_MODE = 0o040000;
export const FILE_MODE = 0o100000;
export const SYMLINK_MODE = 0o120000;

const field = (signature: string, ...data: readonly (Uint8Array | readonly number[])[]): Buffer => {
  const body = Buffer.concat(data.map((part) => Uint8Array.from(part)));
  return Buffer.concat([Buffer.from(signature, 'latin1'), Buffer.from([body.length + 4, 1]), body]);
};

export const posixField = (mode: number, links: number, uid: number, gid: number): Buffer =>
  field('PX', bothEndian32(mode), bothEndian32(links), bothEndian32(uid), bothEndian32(gid));

/** Stands first in the root: Rock Ridge is used, from the first byte after each record on. */
export const sharingField = (): Buffer => field('SP', [0xbe, 0xef, 0]);

/** Says in the root which extension is meant. */
export function extensionField(): Buffer {
  const id = 'RRIP_1991A';
  const about = 'THE ROCK RIDGE INTERCHANGE PROTOCOL PROVIDES SUPPORT FOR POSIX FILE SYSTEM SEMANTICS';
  return field('ER', [id.length, about.length, 0, 1], Buffer.from(id + about, 'latin1'));
}

export function nameFields(name: Bytes): Buffer[] {
  const room = FIELD_BYTES - 5;
  const fields: Buffer[] = [];
  for (let at = 0; at < name.length; at += room) {
    const piece = name.slice(at, at + room);
    fields.push(field('NM', [at + room < name.length ? CONTINUES : 0], Buffer.from(piece, 'latin1')));
  }
  return fields;
}

/** A part of a target: what is between slashes, or a piece of that. */
interface TargetPart {
  readonly flags: number;
  readonly text: Bytes;
}

const partOf = (text: Bytes): TargetPart =>
  text === '.' ? { flags: 0x02, text: '' } : text === '..' ? { flags: 0x04, text: '' } : { flags: 0, text };

/**
 * A target part by part; an empty part stands for a slash too many, so that the target is read as it was.
 *
 * Fields end within a part wherever one has more than a letter: libarchive forgets the slash between parts of two fields.
 */
export function targetFields(target: Bytes): Buffer[] {
  const isAbsolute = target.startsWith('/');
  const rest = isAbsolute ? target.slice(1) : target;
  const parts = rest === '' ? [] : rest.split('/').map(partOf);
  if (isAbsolute) parts.unshift({ flags: 0x08, text: '' });
  const groups: Buffer[][] = [[]];
  let left = FIELD_BYTES - 5;
  const put = (flags: number, text: Bytes): void => {
    groups.at(-1)!.push(Buffer.from([flags, text.length]), Buffer.from(text, 'latin1'));
    left -= 2 + text.length;
  };
  for (const [index, { flags, text }] of parts.entries()) {
    // Behind it there has to be room for the beginning of the next.
    const behind = index < parts.length - 1 ? 3 : 0;
    let own = text;
    while (own.length > 1 && 2 + own.length + behind > left) {
      const piece = own.slice(0, Math.max(0, Math.min(left - 2, own.length - 1)));
      if (piece !== '') put(CONTINUES, piece);
      own = own.slice(piece.length);
      groups.push([]);
      left = FIELD_BYTES - 5;
    }
    if (2 + own.length > left) {
      groups.push([]);
      left = FIELD_BYTES - 5;
    }
    put(flags, own);
  }
  return groups.map((group, index) => field('SL', [index < groups.length - 1 ? CONTINUES : 0], ...group));
}

/** Fields, divided among a record and areas. */
export type Divided = readonly (readonly Buffer[])[];

/** @param room  bytes that the record has for them */
export function divide(fields: readonly Buffer[], room: number): Divided {
  const groups: Buffer[][] = [[]];
  let left = room;
  let rest = fields.reduce((sum, own) => sum + own.length, 0);
  for (const own of fields) {
    // What follows needs no area if all of it fits.
    if (rest > left && own.length + CONTINUATION_BYTES > left) {
      groups.push([]);
      left = BLOCK_BYTES;
    }
    groups.at(-1)!.push(own);
    left -= own.length;
    rest -= own.length;
  }
  return groups;
}

export const dividedBytes = (divided: Divided, index: number): number =>
  divided[index]!.reduce((sum, own) => sum + own.length, 0) + (index < divided.length - 1 ? CONTINUATION_BYTES : 0);

/** Where an area is. */
export interface Area {
  readonly block: number;
  readonly offset: number;
}

/** The bytes of one group. @param areas  those of the groups from the second on */
export function encodeGroup(divided: Divided, areas: readonly Area[], index: number): Buffer {
  const own = Buffer.concat(divided[index]!);
  const next = areas[index];
  if (next === undefined) return own;
  const length = dividedBytes(divided, index + 1);
  return Buffer.concat([own, field('CE', bothEndian32(next.block), bothEndian32(next.offset), bothEndian32(length))]);
}
