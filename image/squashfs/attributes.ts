/** Extended attributes of a squashfs: sets of them, each stored once. */
import { type Bytes, bytesToText } from '../../base/index.ts';
import type { ImageEntry } from '../entry.ts';
import { imageFault } from '../faults.ts';
import { type Compress, MetadataTable } from './metadata.ts';

/** What inodes without attributes have. */
export const NO_ATTRIBUTES = 0xffffffff;

const PREFIXES: readonly Bytes[] = ['user.', 'trusted.', 'security.'];
/** Of a whole name: Linux asks for no longer one. */
const NAME_BYTES = 255;
const VALUE_BYTES = 65536;

export class Attributes {
  readonly #compress: Compress;
  readonly #values: MetadataTable;
  readonly #sets: Buffer[] = [];
  readonly #known = new Map<string, number>();

  constructor(compress: Compress) {
    this.#compress = compress;
    this.#values = new MetadataTable(compress);
  }

  /** The number of the set that an entry has. @throws Fault E-IMG-003 */
  indexOf({ path, attributes }: ImageEntry): number {
    if (attributes === undefined || attributes.size === 0) return NO_ATTRIBUTES;
    const sorted = [...attributes].sort(([a], [b]) => (a < b ? -1 : 1));
    const key = JSON.stringify(sorted.map(([name, value]) => [name, Buffer.from(value).toString('latin1')]));
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const pieces = sorted.map(([name, value]) => attribute(path, name, value));
    const set = Buffer.alloc(16);
    set.writeBigUInt64LE((BigInt(this.#values.blockStart) << 16n) | BigInt(this.#values.offset), 0);
    set.writeUInt32LE(pieces.length, 8);
    set.writeUInt32LE(
      pieces.reduce((sum, { length }) => sum + length, 0),
      12,
    );
    for (const piece of pieces) this.#values.write(piece);
    const index = this.#sets.push(set) - 1;
    this.#known.set(key, index);
    return index;
  }

  /** The tables as they stand from `at` on, and where in the image their head is. `undefined` where nothing has attributes. */
  end(at: number): { readonly bytes: Buffer; readonly headAt: number } | undefined {
    if (this.#sets.length === 0) return undefined;
    const values = this.#values.end().bytes;
    const table = new MetadataTable(this.#compress);
    for (const set of this.#sets) table.write(set);
    const sets = table.end();
    const setsAt = at + values.length;
    const head = Buffer.alloc(16 + 8 * sets.starts.length);
    head.writeBigUInt64LE(BigInt(at), 0);
    head.writeUInt32LE(this.#sets.length, 8);
    for (const [index, start] of sets.starts.entries()) head.writeBigUInt64LE(BigInt(setsAt + start), 16 + 8 * index);
    return { bytes: Buffer.concat([values, sets.bytes, head]), headAt: setsAt + sets.bytes.length };
  }
}

function attribute(path: Bytes, name: Bytes, value: Uint8Array): Buffer {
  const what = `the attribute '${name}' of '/${bytesToText(path)}'`;
  const type = PREFIXES.findIndex((prefix) => name.startsWith(prefix) && name.length > prefix.length);
  if (type === -1) throw imageFault.tooMuch(what, 'attributes of user, trusted and security');
  if (name.length > NAME_BYTES) throw imageFault.tooMuch(what, `names of ${NAME_BYTES} bytes`);
  if (value.length > VALUE_BYTES) throw imageFault.tooMuch(what, `values of ${VALUE_BYTES} bytes`);
  const own = Buffer.from(name.slice(PREFIXES[type]!.length), 'latin1');
  const bytes = Buffer.alloc(8 + own.length + value.length);
  bytes.writeUInt16LE(type, 0);
  bytes.writeUInt16LE(own.length, 2);
  bytes.set(own, 4);
  bytes.writeUInt32LE(value.length, 4 + own.length);
  bytes.set(value, 8 + own.length);
  return bytes;
}
