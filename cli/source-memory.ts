/**
 * `<home>/var/cache/source/<SHA-256 of a text>-<what else it hangs on>`: what parsing large sources found out about them, as numbers
 * (eval/large-source.ts). It depends on nothing but the text and this igos, so that it serves also where evaluations are not
 * remembered. Whatever is not exactly what was written is not there.
 */
import { sha256 } from '../base/index.ts';
import type { AboutText } from '../eval/index.ts';
import { codeIdentity } from './evaluation-cache/code-identity.ts';
import { fingerprint } from './evaluation-cache/fingerprint.ts';
import { CacheFolder } from './evaluation-cache/folder.ts';

const LIMITS = { maxBytes: 64 << 20, maxRecords: 2000, sweepEvery: 64 };
const MAGIC = 'igos source\n';

export class SourceFolder {
  readonly #folder: CacheFolder;
  /** What entries hang on beside their texts, and its fingerprint. */
  readonly #ways = new Map<string, readonly [way: string, name: string] | undefined>();

  constructor(home: string) {
    this.#folder = new CacheFolder(home, LIMITS, 'source');
  }

  about(text: string, how: string): AboutText {
    if (!this.#ways.has(how)) this.#ways.set(how, wayOf(how));
    const way = this.#ways.get(how);
    if (way === undefined) return { found: undefined, keep: () => {} };
    const hash = sha256(text);
    const name = `${hash}-${way[1]}`;
    const head = headOf(hash, way[0]);
    const bytes = this.#folder.read(name);
    return {
      found: bytes === undefined ? undefined : decode(head, bytes),
      keep: (found) => this.#folder.write(name, encode(head, found)),
    };
  }
}

/** `undefined` where the code of igos is changing. */
function wayOf(how: string): readonly [string, string] | undefined {
  const igos = codeIdentity();
  if (igos === undefined) return undefined;
  const way = JSON.stringify([how, process.arch, igos]);
  return [way, fingerprint(Buffer.from(way))];
}

/** As hexadecimal. SHA-256, since the text was hashed by it a moment ago: a loop of ours would run once, and is not compiled yet. */
const CHECKSUM_BYTES = 64;

/** Checksum of all that follows, what it is about, the numbers: each begins at a word. */
function encode(head: Buffer, found: Int32Array): Buffer {
  const body = Buffer.concat([head, Buffer.from(found.buffer, found.byteOffset, found.byteLength)]);
  return Buffer.concat([Buffer.from(sha256(body)), body]);
}

/** Never throws. */
function decode(head: Buffer, file: Buffer): Int32Array | undefined {
  const start = CHECKSUM_BYTES + head.length;
  if (file.length < start + 4 || file.length % 4 !== 0) return undefined;
  // What is read may stand in a pool, where it begins anywhere.
  const bytes = Buffer.from(new Uint8Array(file).buffer);
  if (!bytes.subarray(CHECKSUM_BYTES, start).equals(head)) return undefined;
  if (bytes.toString('latin1', 0, CHECKSUM_BYTES) !== sha256(bytes.subarray(CHECKSUM_BYTES))) return undefined;
  return new Int32Array(bytes.buffer, start);
}

function headOf(hash: string, way: string): Buffer {
  const head = `${MAGIC}${hash}\n${way}\n`;
  return Buffer.from(head.padEnd((head.length + 3) & ~3));
}
