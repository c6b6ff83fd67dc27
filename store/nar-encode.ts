/**
 * Trees → NAR bytes. A NAR holds what the store keeps of a tree and nothing else, so that its hash is the tree's name.
 *
 * @source docs/store.md §4
 */
import { Bug, type Bytes } from '../base/index.ts';
import type { KeptText } from './kept-text.ts';
import { CLOSE, fileOpening, MAGIC, narToken, narTokens, OPEN_EXECUTABLE, OPEN_FILE } from './nar-of-file.ts';
import { baseName, type TreeVisitor } from './tree.ts';

/** Takes the bytes of a NAR in order. A chunk is only valid during the call. */
export type ByteSink = (chunk: Uint8Array) => void;

const BUFFER_SIZE = 1 << 17;

const OPEN_DIRECTORY = narTokens('(', 'type', 'directory');
const OPEN_SYMLINK = narTokens('(', 'type', 'symlink', 'target');
const ENTRY = narTokens('entry', '(', 'name');
const NODE = narToken('node');
/** The same with what stands before or after it in a folder: most of a NAR of small files. */
const NODE_FILE = Buffer.concat([NODE, OPEN_FILE]);
const NODE_EXECUTABLE = Buffer.concat([NODE, OPEN_EXECUTABLE]);
const CLOSE_BOTH = Buffer.concat([CLOSE, CLOSE]);

/** Writes the NAR of the tree it visits. Memory: one buffer of 128 KiB. Call `end` when the tree is complete. */
export class NarEncoder implements TreeVisitor {
  readonly #sink: ByteSink;
  readonly #buffer: Buffer = Buffer.allocUnsafeSlow(BUFFER_SIZE);
  #used = 0;
  #sizeBytes = 0;
  #remaining = 0;
  #padding = 0;

  constructor(sink: ByteSink) {
    this.#sink = sink;
    this.#raw(MAGIC);
  }

  enterDirectory(path: Bytes): void {
    this.#openEntry(path);
    this.#raw(OPEN_DIRECTORY);
  }

  leaveDirectory(path: Bytes): void {
    this.#raw(CLOSE);
    this.#closeEntry(path);
  }

  symlink(path: Bytes, target: Bytes): void {
    this.#openEntry(path);
    this.#raw(OPEN_SYMLINK);
    this.#string(target);
    this.#raw(path === '' ? CLOSE : CLOSE_BOTH);
  }

  beginFile(path: Bytes, isExecutable: boolean, sizeBytes: number): void {
    if (path === '') this.#raw(isExecutable ? OPEN_EXECUTABLE : OPEN_FILE);
    else {
      this.#raw(ENTRY);
      this.#string(baseName(path));
      this.#raw(isExecutable ? NODE_EXECUTABLE : NODE_FILE);
    }
    this.#reserve(8);
    this.#length(sizeBytes);
    this.#remaining = sizeBytes;
    this.#padding = (8 - (sizeBytes % 8)) % 8;
  }

  fileData(chunk: Uint8Array): void {
    this.#remaining -= chunk.length;
    this.#raw(chunk);
  }

  endFile(path: Bytes): void {
    if (this.#remaining !== 0) throw new Bug(`'${path}' has ${this.#remaining} bytes less than announced`);
    this.#reserve(8);
    this.#zeros(this.#padding);
    this.#raw(path === '' ? CLOSE : CLOSE_BOTH);
  }

  /** @returns the size of the NAR in bytes */
  end(): number {
    this.#flush();
    return this.#sizeBytes;
  }

  #openEntry(path: Bytes): void {
    if (path === '') return;
    this.#raw(ENTRY);
    this.#string(baseName(path));
    this.#raw(NODE);
  }

  #closeEntry(path: Bytes): void {
    if (path !== '') this.#raw(CLOSE);
  }

  /** Names and targets: at most 4,095 bytes. */
  #string(text: Bytes): void {
    this.#reserve(text.length + 16);
    this.#length(text.length);
    this.#used += this.#buffer.write(text, this.#used, 'latin1');
    this.#zeros((8 - (text.length % 8)) % 8);
  }

  #length(n: number): void {
    this.#used = this.#buffer.writeUInt32LE(n % 2 ** 32, this.#used);
    this.#used = this.#buffer.writeUInt32LE(Math.floor(n / 2 ** 32), this.#used);
  }

  #zeros(n: number): void {
    this.#buffer.fill(0, this.#used, this.#used + n);
    this.#used += n;
  }

  #raw(bytes: Uint8Array): void {
    if (bytes.length > BUFFER_SIZE - this.#used) this.#flush();
    if (bytes.length > BUFFER_SIZE / 2) {
      this.#flush();
      this.#sizeBytes += bytes.length;
      this.#sink(bytes);
      return;
    }
    this.#buffer.set(bytes, this.#used);
    this.#used += bytes.length;
  }

  #reserve(nBytes: number): void {
    if (BUFFER_SIZE - this.#used < nBytes) this.#flush();
  }

  #flush(): void {
    if (this.#used === 0) return;
    this.#sizeBytes += this.#used;
    this.#sink(this.#buffer.subarray(0, this.#used));
    this.#used = 0;
  }
}

/** NARs of texts, all in the same memory: each is good until the next. */
export class TextNars {
  #memory = Buffer.allocUnsafeSlow(1 << 14);

  /** @returns the NAR of a file that is not executable, and the file's bytes in it */
  of(text: Bytes | KeptText): { nar: Buffer; data: Buffer } {
    const opening = fileOpening(false);
    const start = opening.length + 8;
    const length = start + Math.ceil(text.length / 8) * 8 + CLOSE.length;
    if (this.#memory.length < length) this.#memory = Buffer.allocUnsafeSlow(length * 2);
    const nar = this.#memory.subarray(0, length);
    nar.set(opening);
    nar.writeBigUInt64LE(BigInt(text.length), start - 8);
    const data = nar.subarray(start, start + text.length);
    if (typeof text === 'string') data.write(text, 'latin1');
    else text.copyTo(data, 0);
    nar.fill(0, start + text.length, length - CLOSE.length);
    nar.set(CLOSE, length - CLOSE.length);
    return { nar, data };
  }
}
