/**
 * NAR bytes → trees, strictly: a NAR that is read without a fault encodes to the very same bytes, and cannot name a place outside
 * of its tree.
 *
 * @source docs/store.md §4
 */
import { type Bytes, bytesToText, Fault } from '../base/index.ts';
import type { StoreCode } from './codes.ts';
import { isEntryName, maxDepth, maxEntryNameLength, maxTargetLength, type TreeVisitor } from './tree.ts';

/** Gives bytes in order: fills part of the buffer from `offset`, at most `length`, and says how many; 0 at the end. */
export type ByteSource = (buffer: Uint8Array, offset: number, length: number) => number;

/** Longest word of the format itself. */
const MAX_WORD_LENGTH = 32;
const BUFFER_SIZE = 1 << 17;

/** A source over bytes in memory. */
export function bytesSource(data: Uint8Array): ByteSource {
  let at = 0;
  return (buffer, offset, length) => {
    const part = data.subarray(at, at + length);
    buffer.set(part, offset);
    at += part.length;
    return part.length;
  };
}

/**
 * Reads one NAR up to the end of the source and drives the visitor. Memory: one buffer of 128 KiB, whatever the sizes inside.
 *
 * @throws Fault E-STORE-009 with the offset; the visitor has then seen the part before it
 */
export function readNar(source: ByteSource, visitor: TreeVisitor): void {
  const reader = new NarReader(source);
  readOneNar(reader, visitor);
  reader.expectEnd();
}

/** Reads one NAR where more may follow. */
export function readOneNar(reader: NarReader, visitor: TreeVisitor): void {
  reader.expect('nix-archive-1');
  readNode(reader, visitor, '', 0);
}

function readNode(reader: NarReader, visitor: TreeVisitor, path: Bytes, depth: number): void {
  if (depth > maxDepth) throw reader.fault(`it has more than ${maxDepth + 1} levels`);
  reader.expect('(');
  reader.expect('type');
  const type = reader.word();
  switch (type) {
    case 'regular':
      readRegular(reader, visitor, path);
      return;
    case 'symlink': {
      reader.expect('target');
      const target = reader.string(maxTargetLength, 'symlink target');
      if (target === '' || target.includes('\0')) throw reader.fault(`the symlink '${bytesToText(path)}' has a bad target`);
      visitor.symlink(path, target);
      reader.expect(')');
      return;
    }
    case 'directory':
      readDirectory(reader, visitor, path, depth);
      return;
    default:
      throw reader.fault(`unknown type '${bytesToText(type)}'`);
  }
}

function readRegular(reader: NarReader, visitor: TreeVisitor, path: Bytes): void {
  let next = reader.word();
  const isExecutable = next === 'executable';
  if (isExecutable) {
    reader.expect('');
    next = reader.word();
  }
  if (next !== 'contents') throw reader.fault(`expected 'contents', not '${bytesToText(next)}'`);
  const sizeBytes = reader.length();
  visitor.beginFile(path, isExecutable, sizeBytes);
  reader.contents(sizeBytes, visitor);
  visitor.endFile(path);
  reader.expect(')');
}

function readDirectory(reader: NarReader, visitor: TreeVisitor, path: Bytes, depth: number): void {
  visitor.enterDirectory(path);
  let last: Bytes | undefined;
  for (;;) {
    const next = reader.word();
    if (next === ')') break;
    if (next !== 'entry') throw reader.fault(`expected 'entry' or ')', not '${bytesToText(next)}'`);
    reader.expect('(');
    reader.expect('name');
    const name = reader.string(maxEntryNameLength, 'file name');
    if (!isEntryName(name)) throw reader.fault(`'${bytesToText(name).replaceAll('\0', '\\0')}' is not a file name`);
    if (last !== undefined && name <= last) {
      throw reader.fault(`'${bytesToText(name)}' after '${bytesToText(last)}': names must ascend`);
    }
    last = name;
    reader.expect('node');
    readNode(reader, visitor, path === '' ? name : `${path}/${name}`, depth + 1);
    reader.expect(')');
  }
  visitor.leaveDirectory(path);
}

/** Why bytes are not what they should be. */
type Refusal = (reason: string, offset: number) => Fault;

const notNar: Refusal = (reason, offset) =>
  new Fault('E-STORE-009' satisfies StoreCode, `not a NAR: ${reason} (near byte ${offset})`);

/** The words of a NAR, and of what is written in the same way: lengths of 8 bytes, strings padded with zeros. */
export class NarReader {
  readonly #source: ByteSource;
  readonly #refuse: Refusal;
  readonly #buffer: Buffer = Buffer.allocUnsafeSlow(BUFFER_SIZE);
  #at = 0;
  #end = 0;
  /** Offset in the NAR of the buffer's start. */
  #base = 0;

  constructor(source: ByteSource, refuse: Refusal = notNar) {
    this.#source = source;
    this.#refuse = refuse;
  }

  expect(word: string): void {
    const found = this.word();
    if (found !== word) throw this.fault(`expected '${word}', not '${bytesToText(found)}'`);
  }

  word(): Bytes {
    return this.string(MAX_WORD_LENGTH, 'word');
  }

  string(limit: number, what: string): Bytes {
    const size = this.length();
    if (size > limit) throw this.fault(`a ${what} of ${size} bytes, at most ${limit} are allowed`);
    const padded = Math.ceil(size / 8) * 8;
    this.#need(padded);
    const text = this.#buffer.toString('latin1', this.#at, this.#at + size);
    this.#checkPadding(this.#at + size, this.#at + padded);
    this.#at += padded;
    return text;
  }

  length(): number {
    this.#need(8);
    const low = this.#buffer.readUInt32LE(this.#at);
    const high = this.#buffer.readUInt32LE(this.#at + 4);
    if (high >= 2 ** 21) throw this.fault('a length beyond 2^53');
    this.#at += 8;
    return high * 2 ** 32 + low;
  }

  contents(sizeBytes: number, visitor: TreeVisitor): void {
    for (let remaining = sizeBytes; remaining > 0; ) {
      if (this.#at === this.#end) this.#need(1);
      const part = this.#buffer.subarray(this.#at, Math.min(this.#end, this.#at + remaining));
      visitor.fileData(part);
      this.#at += part.length;
      remaining -= part.length;
    }
    const padding = (8 - (sizeBytes % 8)) % 8;
    this.#need(padding);
    this.#checkPadding(this.#at, this.#at + padding);
    this.#at += padding;
  }

  expectEnd(): void {
    if (this.#at < this.#end || this.#fill() > 0) throw this.fault('bytes after its end');
  }

  #checkPadding(start: number, end: number): void {
    for (let at = start; at < end; at++) if (this.#buffer[at] !== 0) throw this.fault('padding that is not zero');
  }

  /** Makes at least `nBytes` bytes available at `#at`; far fewer than the buffer holds. */
  #need(nBytes: number): void {
    while (this.#end - this.#at < nBytes) {
      if (this.#fill() === 0) throw this.fault('it ends too early');
    }
  }

  #fill(): number {
    if (this.#at > 0) {
      this.#buffer.copyWithin(0, this.#at, this.#end);
      this.#base += this.#at;
      this.#end -= this.#at;
      this.#at = 0;
    }
    const nRead = this.#source(this.#buffer, this.#end, BUFFER_SIZE - this.#end);
    this.#end += nRead;
    return nRead;
  }

  fault(reason: string): Fault {
    return this.#refuse(reason, this.#base + this.#at);
  }
}
