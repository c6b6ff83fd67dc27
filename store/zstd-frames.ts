/**
 * A stream as zstd frames of bounded size, each with its size in its header: `zstd -d` reads it like any other, and we read it back
 * synchronously in bounded memory, since a frame that would grow beyond the bound is refused before it is unpacked.
 *
 * @source RFC 8878 §3.1.1
 */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { Fault } from '../base/index.ts';
import type { StoreCode } from './codes.ts';
import type { ByteSource } from './nar-decode.ts';
import type { ByteSink } from './nar-encode.ts';

/** Bytes in a frame, before compression. */
const FRAME_SIZE = 1 << 22;
/** Largest that is taken, of others' making. */
const MAX_FRAME_SIZE = 1 << 26;
const MAGIC = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
const LEVEL = 3;
/** Magic, descriptor, window, dictionary, size. */
const MAX_HEADER_LENGTH = 18;

/** A sink that compresses into another; `end` sends the rest. Memory: one frame, 4 MiB. */
export function compressingSink(sink: ByteSink): { readonly sink: ByteSink; end(): void } {
  const buffer = Buffer.allocUnsafeSlow(FRAME_SIZE);
  let used = 0;
  const flush = () => {
    if (used > 0) sink(zstdCompressSync(buffer.subarray(0, used), { params: { [constants.ZSTD_c_compressionLevel]: LEVEL } }));
    used = 0;
  };
  return {
    sink: (chunk) => {
      for (let at = 0; at < chunk.length; ) {
        const part = chunk.subarray(at, at + FRAME_SIZE - used);
        buffer.set(part, used);
        used += part.length;
        at += part.length;
        if (used === FRAME_SIZE) flush();
      }
    },
    end: flush,
  };
}

/** The same bytes where they do not begin as a zstd frame, else what the frames hold. @throws Fault E-STORE-044 while it is read */
export function decompressingSource(source: ByteSource): ByteSource {
  const input = new FrameInput(source);
  let isCompressed: boolean | undefined;
  let frame: Buffer = Buffer.alloc(0);
  return (buffer, offset, length) => {
    isCompressed ??= input.peek(MAGIC.length).equals(MAGIC);
    if (!isCompressed) return input.take(buffer, offset, length);
    while (frame.length === 0) {
      const next = input.readFrame();
      if (next === undefined) return 0;
      frame = next;
    }
    const part = frame.subarray(0, length);
    buffer.set(part, offset);
    frame = frame.subarray(part.length);
    return part.length;
  };
}

class FrameInput {
  readonly #source: ByteSource;
  #buffer: Buffer = Buffer.alloc(0);

  constructor(source: ByteSource) {
    this.#source = source;
  }

  /** Up to `nBytes` of what comes next; fewer only at the end. */
  peek(nBytes: number): Buffer {
    if (this.#buffer.length < nBytes) {
      const larger = Buffer.allocUnsafe(Math.max(nBytes, 1 << 16, this.#buffer.length * 2));
      let used = this.#buffer.copy(larger);
      while (used < nBytes) {
        const nRead = this.#source(larger, used, larger.length - used);
        if (nRead === 0) break;
        used += nRead;
      }
      this.#buffer = larger.subarray(0, used);
    }
    return this.#buffer.subarray(0, nBytes);
  }

  take(buffer: Uint8Array, offset: number, length: number): number {
    if (this.#buffer.length === 0) return this.#source(buffer, offset, length);
    const part = this.#buffer.subarray(0, length);
    buffer.set(part, offset);
    this.#buffer = this.#buffer.subarray(part.length);
    return part.length;
  }

  /** The content of the next frame; `undefined` at the end. */
  readFrame(): Buffer | undefined {
    const header = this.peek(MAX_HEADER_LENGTH);
    if (header.length === 0) return undefined;
    const { headerLength, sizeBytes, hasChecksum } = parseHeader(header);
    let end = headerLength;
    for (let isLast = false; !isLast; ) {
      const block = this.#need(end + 3).readUIntLE(end, 3);
      isLast = (block & 1) === 1;
      const type = (block >> 1) & 3;
      if (type === 3) throw badFrame('a block of a reserved kind');
      end += 3 + (type === 1 ? 1 : block >> 3);
      if (end > MAX_FRAME_SIZE + (1 << 20)) throw badFrame('a frame that is larger than its content');
    }
    if (hasChecksum) end += 4;
    const bytes = this.#need(end);
    let content: Buffer;
    try {
      content = zstdDecompressSync(bytes, { maxOutputLength: Math.max(sizeBytes, 1) });
    } catch (error) {
      throw badFrame('a damaged frame', error);
    }
    if (content.length !== sizeBytes) throw badFrame('a frame that lies about its size');
    this.#buffer = this.#buffer.subarray(end);
    return content;
  }

  #need(nBytes: number): Buffer {
    const bytes = this.peek(nBytes);
    if (bytes.length < nBytes) throw badFrame('it ends too early');
    return bytes;
  }
}

function parseHeader(header: Buffer): { headerLength: number; sizeBytes: number; hasChecksum: boolean } {
  if (header.length < 6 || !header.subarray(0, 4).equals(MAGIC)) throw badFrame('bytes that are no frame');
  const descriptor = header[4]!;
  const isSingle = (descriptor & 0x20) !== 0;
  const sizeFlag = descriptor >> 6;
  const sizeLength = sizeFlag === 0 ? (isSingle ? 1 : 0) : 1 << sizeFlag;
  const dictionaryLength = [0, 1, 2, 4][descriptor & 3]!;
  const at = 5 + (isSingle ? 0 : 1) + dictionaryLength;
  const headerLength = at + sizeLength;
  if (header.length < headerLength) throw badFrame('it ends too early');
  if (sizeLength === 0) throw tooLarge('a frame that does not say its size');
  const sizeBytes =
    sizeLength === 8 ? Number(header.readBigUInt64LE(at)) : header.readUIntLE(at, sizeLength) + (sizeLength === 2 ? 256 : 0);
  if (sizeBytes > MAX_FRAME_SIZE) throw tooLarge(`a frame of ${sizeBytes} bytes`);
  return { headerLength, sizeBytes, hasChecksum: (descriptor & 4) !== 0 };
}

const badFrame = (reason: string, cause?: unknown): Fault =>
  new Fault('E-STORE-044' satisfies StoreCode, `cannot decompress the archive: ${reason}`, {
    hints: ['it was damaged or cut off on its way: copy it again'],
    cause,
  });

const tooLarge = (what: string): Fault =>
  new Fault('E-STORE-044' satisfies StoreCode, `cannot decompress the archive: ${what}`, {
    notes: [`frames that are read in place hold at most ${MAX_FRAME_SIZE / 2 ** 20} MiB, and say so`],
    hints: ['let zstd decompress it: zstd -dc FILE | igos store import'],
  });
