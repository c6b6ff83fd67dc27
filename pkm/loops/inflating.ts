/**
 * A thread of the C library that takes a text out of its gzip frame while the main thread goes on: Node's own zlib, called by machine code.
 * Node's way of asking it is a stream with a transform in it, made anew for each text: 2 ms of the main thread where unpacking takes 3.
 *
 * The memory that the thread is given, a table:
 *
 * | at | |
 * | --- | --- |
 * | 0 | four bytes: what zlib said at the end |
 * | 8, 16, 24 | where functions are: `inflateInit2_`, `inflate`, `inflateEnd` |
 * | 32 | the version of zlib's interface, a text |
 * | 40 | zlib's `z_stream`, 112 bytes where addresses have eight |
 *
 * @source zlib.h, whose layout and numbers are part of the interface of version 1
 */
import { type NativeLoop, nativeLoop, type Thread } from '../../base/index.ts';
import { INFLATING } from './machine-code.ts';

const TABLE_BYTES = 152;
const VERSION_AT = 32;
const NEXT_IN_AT = 40;
const AVAILABLE_IN_AT = 48;
const NEXT_OUT_AT = 64;
const AVAILABLE_OUT_AT = 72;
const NOT_ASKED = -1;
const Z_STREAM_END = 1;
/** Of a frame: ten at its beginning, eight at its end. @source RFC 1952 */
const LEAST_BYTES = 18;

const inflating = nativeLoop(INFLATING, ['inflateInit2_', 'inflate', 'inflateEnd']);

/** A text on its way out of its frame. */
export interface Inflation {
  /** Waits for it; to be called in any case, once. @returns `undefined` where it did not come out whole: another way says why */
  end(): Buffer | undefined;
}

/**
 * Takes a text out of its gzip frame, beside whoever calls.
 *
 * @param packed    stays as it is until the end
 * @param maxBytes  what a frame says of its text's length is believed up to here
 * @returns `undefined` where that has to be done in another way: no thread, no frame, or one that says that it holds more, or nothing
 */
export function startInflation(packed: Buffer, maxBytes: number): Inflation | undefined {
  const loop = inflating();
  if (loop === undefined || packed.length < LEAST_BYTES) return undefined;
  const sizeBytes = packed.readUInt32LE(packed.length - 4);
  if (sizeBytes === 0 || sizeBytes > maxBytes) return undefined;
  const bytes = Buffer.allocUnsafeSlow(sizeBytes);
  const table = tableOf(loop, packed, bytes);
  const thread: Thread | undefined = loop.native.start(loop.code, loop.addressOf(table));
  if (thread === undefined) return undefined;
  return {
    end() {
      thread.join();
      const isWhole =
        table.readInt32LE(0) === Z_STREAM_END &&
        table.readUInt32LE(AVAILABLE_IN_AT) === 0 &&
        table.readUInt32LE(AVAILABLE_OUT_AT) === 0;
      return isWhole ? bytes : undefined;
    },
  };
}

function tableOf({ functions, addressOf }: NativeLoop, packed: Buffer, bytes: Buffer): Buffer {
  const table = Buffer.allocUnsafeSlow(TABLE_BYTES).fill(0);
  table.writeInt32LE(NOT_ASKED, 0);
  for (const [index, address] of functions.entries()) table.writeBigUInt64LE(BigInt(address), 8 + index * 8);
  table.write('1', VERSION_AT);
  table.writeBigUInt64LE(BigInt(addressOf(packed)), NEXT_IN_AT);
  table.writeUInt32LE(packed.length, AVAILABLE_IN_AT);
  table.writeBigUInt64LE(BigInt(addressOf(bytes)), NEXT_OUT_AT);
  table.writeUInt32LE(bytes.length, AVAILABLE_OUT_AT);
  return table;
}
