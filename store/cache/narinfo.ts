/** `<hash part>.narinfo`: what a binary cache says of one path. Read strictly: every byte comes from outside. */
import { compareBytes, Fault } from '../../base/index.ts';
import { formatHash, parseHash } from '../hash.ts';
import { parseContentAddress, parseStorePath, storePathBase, storePathHash } from '../store-path.ts';
import type { StorePath } from '../types.ts';
import type { CacheCode } from './codes.ts';

export interface NarInfo {
  readonly path: StorePath;
  /** Relative to the cache. */
  readonly url: string;
  /** `none`, `xz`, `zstd`, … */
  readonly compression: string;
  /** SHA-256 of the file behind `url`, hex; what makes files as they are asked for does not know it before. */
  readonly fileHash?: string;
  readonly fileSizeBytes?: number;
  /** SHA-256, hex. */
  readonly narHash: string;
  readonly narSizeBytes: number;
  /** Sorted. */
  readonly references: readonly StorePath[];
  readonly deriver?: StorePath;
  readonly signatures: readonly string[];
  readonly ca?: string;
}

/** Longest narinfo that is read: Nix's largest, with thousands of references, have some 500 KB. */
export const maxNarInfoBytes: number = 1 << 22;

/** Whoever stands between a cache and us can add as many as there is room for, and all are remembered with the path. */
const MAX_SIGNATURES = 64;
const MAX_SIGNATURE_LENGTH = 1000;

/** Fields that may be given once; others are those of later versions and are passed over. */
const SINGLE = [
  'StorePath',
  'URL',
  'Compression',
  'FileHash',
  'FileSize',
  'NarHash',
  'NarSize',
  'References',
  'Deriver',
  'CA',
] as const;
type Field = (typeof SINGLE)[number];

/** The text, byte for byte as Nix writes it. */
export function formatNarInfo(info: NarInfo): string {
  const nix32 = (hex: string): string => `sha256:${formatHash({ algorithm: 'sha256', hex }, 'nix32')}`;
  const lines = [
    `StorePath: ${info.path}`,
    `URL: ${info.url}`,
    `Compression: ${info.compression}`,
    info.fileHash === undefined ? '' : `FileHash: ${nix32(info.fileHash)}`,
    info.fileSizeBytes === undefined ? '' : `FileSize: ${info.fileSizeBytes}`,
    `NarHash: ${nix32(info.narHash)}`,
    `NarSize: ${info.narSizeBytes}`,
    `References: ${info.references.map(storePathBase).join(' ')}`,
    info.deriver === undefined ? '' : `Deriver: ${storePathBase(info.deriver)}`,
    ...info.signatures.map((signature) => `Sig: ${signature}`),
    info.ca === undefined ? '' : `CA: ${info.ca}`,
  ];
  return `${lines.filter((line) => line !== '').join('\n')}\n`;
}

/**
 * @param wanted  the path that was asked for, or only its hash part
 * @throws Fault E-CACHE-002
 */
export function parseNarInfo(text: string, wanted: StorePath | string, storeDir: string): NarInfo {
  const reject = (reason: string): never => {
    throw new Fault('E-CACHE-002' satisfies CacheCode, `the narinfo of '${wanted}' is wrong: ${reason}`, {
      hints: ['the cache is damaged or no binary cache: tell whoever keeps it, or use another'],
    });
  };
  const { fields, signatures } = splitLines(text, reject);
  const need = (field: Field): string => fields.get(field) ?? reject(`it has no ${field}`);
  const attempt = <T>(field: Field, run: () => T): T => {
    try {
      return run();
    } catch (error) {
      if (error instanceof Fault) return reject(`${field}: ${error.message}`);
      throw error;
    }
  };
  const toPath = (field: Field, base: string): StorePath => attempt(field, () => parseStorePath(`${storeDir}/${base}`, storeDir));
  const size = (field: Field, value: string): number => {
    const bytes = Number(value);
    return /^\d{1,16}$/.test(value) && Number.isSafeInteger(bytes) ? bytes : reject(`${field} '${value}' is not a size`);
  };
  const sha256 = (field: Field, value: string): string =>
    attempt(field, () => parseHash(value.includes(':') || value.includes('-') ? value : `sha256:${value}`, 'sha256')).hex;

  const storePath = need('StorePath');
  const path = attempt('StorePath', () => parseStorePath(storePath, storeDir));
  if (wanted.includes('/') ? path !== wanted : storePathHash(path) !== wanted) reject(`it is about '${path}'`);
  const url = need('URL');
  if (!isSafeUrl(url)) reject(`its URL '${url}' leads out of the cache`);
  const narHash = sha256('NarHash', need('NarHash'));
  const narSizeBytes = size('NarSize', need('NarSize'));
  if (narSizeBytes === 0) reject('NarSize is 0');
  const compression = fields.get('Compression') || 'bzip2';
  if (!COMPRESSION.test(compression)) reject(`Compression '${compression.slice(0, 80)}' is not a name`);
  const references = (fields.get('References') ?? '').split(' ').filter((base) => base !== '');
  const fileHash = fields.get('FileHash');
  const fileSize = fields.get('FileSize');
  const deriver = fields.get('Deriver');
  const ca = fields.get('CA');
  if (ca !== undefined && ca !== '') attempt('CA', () => parseContentAddress(ca));
  return {
    path,
    url,
    compression,
    ...(fileHash ? { fileHash: sha256('FileHash', fileHash) } : {}),
    ...(fileSize ? { fileSizeBytes: size('FileSize', fileSize) } : {}),
    narHash,
    narSizeBytes,
    references: [...new Set(references.map((base) => toPath('References', base)))].sort(compareBytes),
    ...(deriver && deriver !== 'unknown-deriver' ? { deriver: toPath('Deriver', deriver) } : {}),
    signatures,
    ...(ca ? { ca } : {}),
  };
}

function splitLines(
  text: string,
  reject: (reason: string) => never,
): { fields: ReadonlyMap<Field, string>; signatures: readonly string[] } {
  if (text !== '' && !text.endsWith('\n')) reject('its last line is cut short');
  const fields = new Map<Field, string>();
  const signatures: string[] = [];
  for (const line of text.split('\n').slice(0, -1)) {
    const colon = line.indexOf(': ');
    if (colon <= 0) reject(`'${line.slice(0, 80)}' is no line of one`);
    const [name, value] = [line.slice(0, colon), line.slice(colon + 2)];
    if (name === 'Sig') {
      if (signatures.push(value) > MAX_SIGNATURES) reject(`it has more than ${MAX_SIGNATURES} signatures`);
      if (value.length > MAX_SIGNATURE_LENGTH) reject(`it has a signature of ${value.length} characters`);
    } else if (SINGLE.includes(name as Field)) {
      if (fields.has(name as Field)) reject(`${name} is there twice`);
      fields.set(name as Field, value);
    }
  }
  return { fields, signatures };
}

/** It becomes part of a file name. */
const COMPRESSION = /^[a-z0-9]{1,16}$/;

/** A file of the cache itself, and not one that a server would look for elsewhere. */
const isSafeUrl = (url: string): boolean =>
  /^[!-~]{1,4096}$/.test(url) &&
  !/^[a-z][a-z0-9+.-]*:|^\/|[\\#]/i.test(url) &&
  !decodesTo(url.split('?')[0]!).split('/').includes('..');

function decodesTo(url: string): string {
  try {
    return decodeURIComponent(url);
  } catch {
    return '..';
  }
}
