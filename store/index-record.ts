/** Keys and records of the index: what the tables hold of a path. */
import { hashBytes } from './hash.ts';
import { storePathBase } from './store-path.ts';
import type { PathInfo, StorePath } from './types.ts';

/** `PathInfo` without what the key says; store paths without their folder. */
export interface PathRecord {
  /** Its number in `graph`; absent where an older igos wrote the record. Stands first. */
  readonly node?: number;
  readonly narHash: string;
  readonly narSizeBytes: number;
  readonly references: readonly string[];
  readonly deriver?: string;
  readonly ca?: string;
  readonly signatures?: readonly string[];
  readonly registeredAt: number;
}

/** 32 digits, a dash, 211 characters of name; LMDB refuses longer keys than 511 bytes. */
export const MAX_BASE_LENGTH = 244;

/** Where they stand in the JSON of a record. No store name has a quote or a bracket. */
const REFERENCES = '"references":[';
const NODE = '{"node":';

export function decodeRecord(path: StorePath, text: string, storeDir: string): PathInfo {
  const { references, deriver, node, ...record } = JSON.parse(text) as PathRecord;
  return {
    path,
    ...record,
    references: references.map((base) => `${storeDir}/${base}` as StorePath),
    ...(deriver === undefined ? {} : { deriver: `${storeDir}/${deriver}` as StorePath }),
  };
}

/** Bases, cut out of a record, which need not be parsed for that. */
export function referencesOf(record: string): string[] {
  const start = record.indexOf(REFERENCES) + REFERENCES.length;
  const end = record.indexOf(']', start);
  return end > start ? record.slice(start + 1, end - 1).split('","') : [];
}

export const nodeOf = (record: string): number | undefined =>
  record.startsWith(NODE) ? Number.parseInt(record.slice(NODE.length), 10) : undefined;

export const pathKey: (path: StorePath) => string = storePathBase;
export const realisationKey = (drvPath: StorePath, output: string): string => `${storePathBase(drvPath)}!${output}`;
export const cacheKey = (key: string): Buffer => Buffer.from(hashBytes('sha256', Buffer.from(key, 'utf8')), 'hex');
