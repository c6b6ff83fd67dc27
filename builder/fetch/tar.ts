/**
 * Unpacks tar archives that may be hostile: nothing is written outside of the target, not through links either, and whatever is not a
 * file, folder or link ends it.
 *
 * @source POSIX.1 ustar and pax; GNU tar's long names (types L and K) and base-256 sizes
 */
import {
  chmodSync,
  closeSync,
  fstatSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs';
import { type Bytes, bytesToPath, bytesToText, type Fault, sys, textToBytes, writeAll } from '../../base/index.ts';
import { buildFault } from '../build-fault.ts';

const BLOCK = 512;
const CHUNK_BYTES = 1 << 20;
/** Longest name or extended header that is believed. */
const MAX_META_BYTES = 1 << 20;
/** No system call takes a longer one: PATH_MAX of Linux, without the zero at its end. */
const MAX_PATH_BYTES = 4095;

/** Where entries go when it is not simply where they say. */
export interface Placing {
  /** The place of an entry below the target, of its plain path; `undefined` leaves it out. */
  place(path: Bytes): Bytes | undefined;
  /** Something else is at this place already; returns to have it replaced, throws to have it not. */
  taken?(path: Bytes): void;
}

/**
 * Unpacks the archive at `file` into the folder `target`, which is empty or was filled by this function.
 *
 * @returns when its youngest entry was modified, in seconds since 1970; 0 where it tells no time
 * @throws Fault E-BUILD-013 · SystemFault
 */
export function unpackTar(file: string, target: string, placing?: Placing): number {
  const fd = sys('read', file, () => openSync(file, 'r'));
  try {
    return new TarReader(fd, textToBytes(target), placing).unpack();
  } finally {
    closeSync(fd);
  }
}

interface TarEntry {
  readonly path: Bytes;
  readonly type: string;
  readonly sizeBytes: number;
  readonly mode: number;
  /** Seconds since 1970. */
  readonly modified: number;
  readonly linkTarget: Bytes;
}

class TarReader {
  readonly #fd: number;
  readonly #target: Bytes;
  readonly #sizeBytes: number;
  readonly #buffer = Buffer.alloc(CHUNK_BYTES);
  /** Folders that were made here, and so are real ones. */
  readonly #folders = new Set<Bytes>(['']);
  readonly #placing: Placing | undefined;
  #at = 0;

  constructor(fd: number, target: Bytes, placing: Placing | undefined) {
    this.#fd = fd;
    this.#target = target;
    this.#placing = placing;
    this.#sizeBytes = fstatSync(fd).size;
  }

  unpack(): number {
    let count = 0;
    let youngest = 0;
    for (let entry = this.#next(); entry !== undefined; entry = this.#next()) {
      this.#place(entry);
      youngest = Math.max(youngest, entry.modified);
      count++;
    }
    if (count === 0) throw broken('it is empty');
    return youngest;
  }

  /** Header with what extends it; `undefined` at the end. */
  #next(): TarEntry | undefined {
    let pax = new Map<string, Bytes>();
    let longPath: Bytes | undefined;
    let longTarget: Bytes | undefined;
    for (;;) {
      if (this.#at + BLOCK > this.#sizeBytes) {
        if (this.#at === 0 || this.#at < this.#sizeBytes || longPath !== undefined || pax.size > 0)
          throw broken('it ends too early');
        return undefined;
      }
      const header = this.#read(BLOCK).toString('latin1');
      if (/^\0*$/.test(header)) return undefined;
      checkSum(header);
      const type = header[156]!;
      const sizeBytes = number(header, 124, 12);
      if (type === 'x' || type === 'g' || type === 'L' || type === 'K') {
        if (sizeBytes > MAX_META_BYTES) throw broken('a header in it is too long');
        const text = this.#read(sizeBytes).toString('latin1');
        this.#skipPadding(sizeBytes);
        if (type === 'x') pax = paxRecords(text);
        else if (type === 'L') longPath = cString(text);
        else if (type === 'K') longTarget = cString(text);
        continue;
      }
      if ([...pax.keys()].some((key) => key.startsWith('GNU.sparse.'))) throw broken('a file in it is sparse');
      const prefix = header.slice(257, 262) === 'ustar' && header[262] === '\0' ? cString(header.slice(345, 500)) : '';
      const name = cString(header.slice(0, 100));
      const size = pax.get('size');
      if (size !== undefined && !/^\d{1,15}$/.test(size)) throw broken('a size in it is no number');
      return {
        path: pax.get('path') ?? longPath ?? (prefix === '' ? name : `${prefix}/${name}`),
        type: type === '\0' || type === '7' ? '0' : type,
        sizeBytes: size === undefined ? sizeBytes : Number(size),
        mode: number(header, 100, 8),
        modified: timeOf(pax.get('mtime'), header),
        linkTarget: pax.get('linkpath') ?? longTarget ?? cString(header.slice(157, 257)),
      };
    }
  }

  #place(entry: TarEntry): void {
    // Old archives mark folders by a slash alone.
    const isFolder = entry.type === '5' || (entry.type === '0' && entry.path.endsWith('/'));
    const named = safePath(entry.path);
    const path = this.#placing === undefined || named === '' ? named : this.#placing.place(named);
    const isData = entry.type === '0' && !isFolder && path !== undefined;
    if (!isData) this.#skip(entry);
    if (path === undefined) return;
    const real = bytesToPath(`${this.#target}/${path}`);
    if (path === '') {
      if (isFolder) return;
      throw broken('it has an entry without a name');
    }
    sys('unpack', bytesToText(path), () => {
      if (isFolder) return this.#makeFolder(path);
      this.#makeFolder(parentOf(path));
      if (entry.type === '0') return this.#writeFile(path, real, entry);
      if (entry.type === '2') {
        if (entry.linkTarget === '' || entry.linkTarget.includes('\0'))
          throw broken(`the link '${bytesToText(path)}' leads nowhere`);
        this.#clear(path, real);
        return symlinkSync(bytesToPath(entry.linkTarget), real);
      }
      if (entry.type === '1') {
        const linked = safePath(entry.linkTarget);
        const from = this.#placing === undefined ? linked : this.#placing.place(linked);
        if (from === undefined) throw broken(`'${bytesToText(path)}' is a link to what was left out`);
        this.#checkFolder(parentOf(from));
        const existing = bytesToPath(`${this.#target}/${from}`);
        if (lstatSync(existing, { throwIfNoEntry: false })?.isFile() !== true)
          throw broken(`'${bytesToText(path)}' is a link to what is no file of it`);
        if (from === path) return;
        this.#clear(path, real);
        return linkSync(existing, real);
      }
      throw broken(`'${bytesToText(path)}' is neither file, folder nor link (type '${entry.type}')`);
    });
  }

  #writeFile(path: Bytes, real: string | Buffer, entry: TarEntry): void {
    this.#clear(path, real);
    if (this.#at + entry.sizeBytes > this.#sizeBytes) throw broken('it ends too early');
    const fd = openSync(real, 'wx', (entry.mode & 0o100) === 0 ? 0o644 : 0o755);
    try {
      for (let left = entry.sizeBytes; left > 0; ) {
        const chunk = this.#read(Math.min(left, CHUNK_BYTES));
        writeAll(fd, chunk);
        left -= chunk.length;
      }
    } finally {
      closeSync(fd);
    }
    this.#skipPadding(entry.sizeBytes);
  }

  /** Makes a folder and those above it; a link or file in its place ends it. */
  #makeFolder(path: Bytes): void {
    if (this.#folders.has(path)) return;
    this.#makeFolder(parentOf(path));
    const real = bytesToPath(`${this.#target}/${path}`);
    const stat = lstatSync(real, { throwIfNoEntry: false });
    if (stat !== undefined && !stat.isDirectory()) throw broken(`'${bytesToText(path)}' is a folder and something else`);
    if (stat === undefined) mkdirSync(real);
    chmodSync(real, 0o755);
    this.#folders.add(path);
  }

  #checkFolder(path: Bytes): void {
    if (!this.#folders.has(path)) throw broken(`'${bytesToText(path)}' is no folder of it`);
  }

  /** A later entry of the same name counts. */
  #clear(path: Bytes, real: string | Buffer): void {
    const stat = lstatSync(real, { throwIfNoEntry: false });
    if (stat?.isDirectory() === true) throw broken(`'${bytesToText(path)}' is a folder and something else`);
    if (stat === undefined) return;
    this.#placing?.taken?.(path);
    unlinkSync(real);
  }

  #skip(entry: TarEntry): void {
    // Links of old archives say the size of what they point to, and have no data.
    if (entry.type === '1' || entry.type === '2' || entry.type === '5') return;
    this.#at += entry.sizeBytes;
    this.#skipPadding(entry.sizeBytes);
  }

  #skipPadding(sizeBytes: number): void {
    this.#at += (BLOCK - (sizeBytes % BLOCK)) % BLOCK;
  }

  /** The next bytes, valid until the next call. */
  #read(length: number): Buffer {
    const view = this.#buffer.subarray(0, length);
    for (let done = 0; done < length; ) {
      const count = readSync(this.#fd, view, done, length - done, this.#at + done);
      if (count === 0) throw broken('it ends too early');
      done += count;
    }
    this.#at += length;
    return view;
  }
}

const broken = (reason: string): Fault =>
  buildFault('E-BUILD-013', `cannot unpack the archive: ${reason}`, {
    hints: ['fetch it without unpack = true, and unpack it in a build: there it can do no harm'],
  });

/** Without '.', '..' and empty parts. */
function safePath(path: Bytes): Bytes {
  if (path.length > MAX_PATH_BYTES)
    throw broken(`a path in it has more than ${MAX_PATH_BYTES} bytes: '${bytesToText(path.slice(0, 80))}…'`);
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (path.startsWith('/') || parts.includes('..') || path.includes('\0')) throw broken(`'${bytesToText(path)}' leads out of it`);
  return parts.join('/');
}

const parentOf = (path: Bytes): Bytes => path.slice(0, Math.max(0, path.lastIndexOf('/')));

const cString = (text: Bytes): Bytes => text.split('\0', 1)[0]!;

function checkSum(header: Bytes): void {
  let sum = 0;
  for (let i = 0; i < BLOCK; i++) sum += i >= 148 && i < 156 ? 32 : header.charCodeAt(i);
  if (sum !== number(header, 148, 8)) throw broken('it is damaged, or no tar archive');
}

/** Octal digits, or GNU's base 256 when the first bit is set. */
function number(header: Bytes, at: number, length: number): number {
  const field = header.slice(at, at + length);
  if (field.charCodeAt(0) & 0x80) {
    let value = field.charCodeAt(0) & 0x7f;
    for (let i = 1; i < length; i++) value = value * 256 + field.charCodeAt(i);
    if (!Number.isSafeInteger(value)) throw broken('a size in it is too large');
    return value;
  }
  const digits = field.replace(/[\0 ]+$/, '').trimStart();
  if (!/^[0-7]*$/.test(digits)) throw broken('it is damaged, or no tar archive');
  return digits === '' ? 0 : Number.parseInt(digits, 8);
}

/** A time before 1970, or one that is none, is 0: nothing that is unpacked hangs on it. */
function timeOf(pax: Bytes | undefined, header: Bytes): number {
  const digits = pax === undefined ? /^[0-7]*/.exec(header.slice(136, 148).trimStart())![0] : /^\d*/.exec(pax)![0];
  const seconds = digits === '' ? 0 : Number.parseInt(digits, pax === undefined ? 8 : 10);
  return Number.isSafeInteger(seconds) ? seconds : 0;
}

/** `LENGTH KEY=VALUE\n`, the length counting itself. */
function paxRecords(text: Bytes): Map<string, Bytes> {
  const records = new Map<string, Bytes>();
  for (let at = 0; at < text.length; ) {
    const length = Number(/^\d{1,9} /.exec(text.slice(at, at + 10))?.[0] ?? Number.NaN);
    const record = text.slice(at, at + length);
    const equals = record.indexOf('=');
    if (Number.isNaN(length) || length < 5 || record.length !== length || !record.endsWith('\n') || equals === -1)
      throw broken('a header in it is damaged');
    records.set(record.slice(record.indexOf(' ') + 1, equals), record.slice(equals + 1, -1));
    at += length;
  }
  return records;
}
