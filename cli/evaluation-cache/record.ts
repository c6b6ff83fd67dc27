/**
 * A finished evaluation as one file:
 *
 * ```
 * igos-evaluation 1 <SHA-256 of all that follows>
 * <key> <length of the JSON> <descriptor>:<length> …
 * <JSON: what was seen, and the result><bytes of each write>
 * ```
 *
 * What was printed is kept as bytes beside the JSON: a megabyte of store paths needs no parsing. A file that was cut short, changed or
 * written by another version is no record.
 */
import { hash } from 'node:crypto';
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

const MAGIC = 'igos-evaluation 1 ';
const HASH_LENGTH = 64;
const BODY_START = MAGIC.length + HASH_LENGTH + 1;

export function encodeRecord(key: string, { seen, writes, result }: EvaluationRecord): Buffer {
  const json = Buffer.from(JSON.stringify({ seen, result }), 'utf8');
  const lengths = writes.map(({ descriptor, data }) => `${descriptor}:${data.length}`);
  const head = Buffer.from(`${[key, json.length, ...lengths].join(' ')}\n`, 'latin1');
  const body = Buffer.concat([head, json, ...writes.map(({ data }) => data)]);
  return Buffer.concat([Buffer.from(`${MAGIC}${hash('sha256', body, 'hex')}\n`, 'latin1'), body]);
}

/** `undefined` for anything that is not the whole record of this key. Never throws. */
export function decodeRecord(key: string, file: Buffer): EvaluationRecord | undefined {
  if (file.length < BODY_START || file.toString('latin1', 0, MAGIC.length) !== MAGIC) return undefined;
  const body = file.subarray(BODY_START);
  if (file.toString('latin1', MAGIC.length, BODY_START - 1) !== hash('sha256', body, 'hex')) return undefined;
  const headEnd = body.indexOf(10);
  const [writtenKey, jsonLength, ...lengths] = body.toString('latin1', 0, headEnd).split(' ');
  if (headEnd === -1 || writtenKey !== key) return undefined;
  let at = headEnd + 1 + Number(jsonLength);
  const { seen, result } = JSON.parse(body.toString('utf8', headEnd + 1, at)) as Pick<EvaluationRecord, 'seen' | 'result'>;
  const writes = lengths.map((each): Write => {
    const length = Number(each.slice(2));
    const data = body.subarray(at, at + length);
    at += length;
    return { descriptor: each.startsWith('1') ? 1 : 2, data };
  });
  return { seen, writes, result };
}
