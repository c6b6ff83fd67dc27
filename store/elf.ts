/**
 * What the dynamic loader reads of an ELF file: its interpreter, the libraries it needs, where to look for them. Little-endian files of
 * 32 and 64 bit; anything else, and anything that contradicts itself, is not ELF to us.
 *
 * @source System V ABI, "Object Files" and "Program Loading and Dynamic Linking"
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { type Bytes, bytesToPath, bytesToText, sys } from '../base/index.ts';

export interface ElfFile {
  /** Bits, and machine number: a library fits where both are equal. */
  readonly bits: 32 | 64;
  readonly machine: number;
  readonly interpreter?: Bytes;
  readonly needed: readonly Bytes[];
  /** Split at colons, `$ORIGIN` not yet replaced. */
  readonly rpath: readonly Bytes[];
  readonly runpath: readonly Bytes[];
}

/** `#!` line of a script: the interpreter and the rest of the line. */
export interface ScriptFile {
  readonly interpreter: Bytes;
  readonly argument: Bytes;
}

export type Program =
  | { readonly kind: 'elf'; readonly elf: ElfFile }
  | { readonly kind: 'script'; readonly script: ScriptFile }
  | { readonly kind: 'other' };

const HEAD_SIZE = 4096;
/** Tables beyond this are no real file's; the names that cc1 exports to its plugins take more than 1 MiB. */
const MAX_TABLE_SIZE = 1 << 26;
const head = Buffer.allocUnsafeSlow(HEAD_SIZE);

const OTHER: Program = { kind: 'other' };

/** Looks at the start of a regular file. Cost: one read for most files, four for a dynamic program. @throws SystemFault */
export function readProgram(path: Bytes): Program {
  return sys('read', bytesToText(path), () => {
    const fd = openSync(bytesToPath(path), 'r');
    try {
      const start = head.subarray(0, readSync(fd, head, 0, HEAD_SIZE, 0));
      if (start[0] === 0x23 && start[1] === 0x21) return parseScript(start.toString('latin1'));
      if (start.length < 52 || start.readUInt32BE(0) !== 0x7f454c46) return OTHER;
      const elf = parseElf(start, (offset, size) => readAt(fd, start, offset, size));
      return elf === undefined ? OTHER : { kind: 'elf', elf };
    } finally {
      closeSync(fd);
    }
  });
}

function parseScript(text: Bytes): Program {
  const [, interpreter, argument = ''] = /^#![ \t]*([^ \t\n]+)(?:[ \t]+([^\n]*?))?[ \t]*(?:\n|$)/.exec(text) ?? [];
  return interpreter?.startsWith('/') ? { kind: 'script', script: { interpreter, argument } } : OTHER;
}

type ReadAt = (offset: number, size: number) => Buffer | undefined;

function readAt(fd: number, start: Buffer, offset: number, size: number): Buffer | undefined {
  if (!Number.isSafeInteger(offset + size) || size < 0 || size > MAX_TABLE_SIZE) return undefined;
  if (offset + size <= start.length) return Buffer.from(start.subarray(offset, offset + size));
  const bytes = Buffer.alloc(size);
  return readSync(fd, bytes, 0, size, offset) === size ? bytes : undefined;
}

const CLASS_64 = 2;
const LITTLE_ENDIAN = 1;
const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const PT_INTERP = 3;
const DT_NEEDED = 1;
const DT_STRTAB = 5;
const DT_STRSZ = 10;
const DT_RPATH = 15;
const DT_RUNPATH = 29;

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly fileSize: number;
}

function parseElf(start: Buffer, read: ReadAt): ElfFile | undefined {
  const is64 = start[4] === CLASS_64;
  if ((!is64 && start[4] !== 1) || start[5] !== LITTLE_ENDIAN) return undefined;
  if (is64 && start.length < 64) return undefined;
  const machine = start.readUInt16LE(18);
  const tableOffset = is64 ? word64(start, 32) : start.readUInt32LE(28);
  const entrySize = start.readUInt16LE(is64 ? 54 : 42);
  const nEntries = start.readUInt16LE(is64 ? 56 : 44);
  const base = { bits: is64 ? 64 : 32, machine, needed: [], rpath: [], runpath: [] } as const;
  if (nEntries === 0) return base; // an object file
  if (entrySize < (is64 ? 56 : 32)) return undefined;
  const table = read(tableOffset, entrySize * nEntries);
  if (table === undefined) return undefined;
  const segments = Array.from({ length: nEntries }, (_, i) => parseSegment(table, i * entrySize, is64));
  const interp = segments.find(({ type }) => type === PT_INTERP);
  const interpreter =
    interp === undefined ? undefined : read(interp.offset, interp.fileSize)?.toString('latin1').replace(/\0.*$/s, '');
  const dynamic = parseDynamic(segments, is64, read);
  if (dynamic === undefined) return undefined;
  return { ...base, ...dynamic, ...(interpreter?.startsWith('/') ? { interpreter } : {}) };
}

const parseSegment = (table: Buffer, at: number, is64: boolean): Segment => ({
  type: table.readUInt32LE(at),
  offset: is64 ? word64(table, at + 8) : table.readUInt32LE(at + 4),
  address: is64 ? word64(table, at + 16) : table.readUInt32LE(at + 8),
  fileSize: is64 ? word64(table, at + 32) : table.readUInt32LE(at + 16),
});

function parseDynamic(
  segments: readonly Segment[],
  is64: boolean,
  read: ReadAt,
): Pick<ElfFile, 'needed' | 'rpath' | 'runpath'> | undefined {
  const segment = segments.find(({ type }) => type === PT_DYNAMIC);
  if (segment === undefined) return { needed: [], rpath: [], runpath: [] };
  const table = read(segment.offset, segment.fileSize);
  if (table === undefined) return undefined;
  const values = new Map<number, number[]>();
  const size = is64 ? 16 : 8;
  for (let at = 0; at + size <= table.length; at += size) {
    const tag = is64 ? word64(table, at) : table.readUInt32LE(at);
    if (tag === 0) break;
    const value = is64 ? word64(table, at + 8) : table.readUInt32LE(at + 4);
    const known = values.get(tag);
    if (known === undefined) values.set(tag, [value]);
    else known.push(value);
  }
  const address = values.get(DT_STRTAB)?.[0];
  const length = values.get(DT_STRSZ)?.[0];
  if (address === undefined || length === undefined) return { needed: [], rpath: [], runpath: [] };
  const load = segments.find(
    ({ type, address: from, fileSize }) => type === PT_LOAD && address >= from && address < from + fileSize,
  );
  // A position-independent file starts at address 0, where offsets and addresses agree.
  const strings = read(load === undefined ? address : load.offset + address - load.address, length);
  if (strings === undefined) return undefined;
  const textsOf = (tag: number): Bytes[] =>
    (values.get(tag) ?? []).map((offset) => {
      const end = strings.indexOf(0, offset);
      return strings.toString('latin1', offset, end === -1 ? strings.length : end);
    });
  const pathsOf = (tag: number) => textsOf(tag).flatMap((text) => text.split(':').filter((path) => path !== ''));
  return { needed: textsOf(DT_NEEDED).filter((name) => name !== ''), rpath: pathsOf(DT_RPATH), runpath: pathsOf(DT_RUNPATH) };
}

/** Offsets beyond 2^53 are nonsense and come out as NaN, which no read accepts. */
function word64(bytes: Buffer, at: number): number {
  const high = bytes.readUInt32LE(at + 4);
  return high >= 2 ** 21 ? Number.NaN : high * 2 ** 32 + bytes.readUInt32LE(at);
}
