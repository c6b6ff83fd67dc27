/**
 * A finished evaluation as one file:
 *
 * ```
 * igos evaluation record
 * <checksum of all that follows>
 * <length of the JSON> <descriptor>:<length> …
 * <JSON: the key, what was seen, and the result><bytes of each write>
 * ```
 *
 * What was printed is kept as bytes beside the JSON: a megabyte of store paths needs no parsing. A file that was cut short or changed is
 * no record. What the JSON holds is part of igos, and which igos it is, of the key.
 */
import { checksum } from './fingerprint.ts';
import type { Seen } from './seen.ts';

/** Bytes that the command wrote, in order; 1 is standard output, 2 standard error. */
export interface Write {
  readonly descriptor: 1 | 2;
  readonly data: Buffer;
}

export interface EvaluationRecord {
  readonly seen: Seen;
  readonly writes: readonly Write[];
  /** What evaluation gave to the command that goes on with it; JSON. */
  readonly result: unknown;
}

const MAGIC = 'igos evaluation record\n';
/** A multiple of 4: `checksum` reads words. */
const BODY_START = MAGIC.length + 16 + 1;

export function encodeRecord(key: string, { seen, writes, result }: EvaluationRecord): Buffer {
  const json = Buffer.from(JSON.stringify({ key, seen, result }), 'utf8');
  const lengths = writes.map(({ descriptor, data }) => `${descriptor}:${data.length}`);
  const head = Buffer.from(`${[json.length, ...lengths].join(' ')}\n`, 'latin1');
  const body = Buffer.concat([head, json, ...writes.map(({ data }) => data)]);
  return Buffer.concat([Buffer.from(`${MAGIC}${checksum(body)}\n`, 'latin1'), body]);
}

/** `undefined` for anything that is not the whole record of this key. Never throws. */
export function decodeRecord(key: string, file: Buffer): EvaluationRecord | undefined {
  if (file.toString('latin1', 0, MAGIC.length) !== MAGIC) return undefined;
  const body = file.subarray(BODY_START);
  if (file.toString('latin1', MAGIC.length, BODY_START - 1) !== checksum(body)) return undefined;
  const headEnd = body.indexOf(10);
  const [jsonLength, ...lengths] = body.toString('latin1', 0, headEnd).split(' ');
  let at = headEnd + 1 + Number(jsonLength);
  const found = JSON.parse(body.toString('utf8', headEnd + 1, at)) as EvaluationRecord & { readonly key: string };
  if (found.key !== key) return undefined;
  const writes = lengths.map((each): Write => {
    const length = Number(each.slice(2));
    const data = body.subarray(at, at + length);
    at += length;
    return { descriptor: each.startsWith('1') ? 1 : 2, data };
  });
  return { seen: found.seen, writes, result: found.result };
}
