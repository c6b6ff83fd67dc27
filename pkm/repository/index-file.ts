/**
 * The index of a repository: `index.json` beside the archives, and `index.json.sig`, the ed25519 signatures of its bytes, a line
 * `<key id> <base64>` for each key.
 */
import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { Fault } from '../../base/index.ts';
import { badPath, checkPackageName, checkVersion, printable } from '../names.ts';
import { parseRequirement } from '../plan/requirement.ts';
import type { AvailablePackage } from '../query.ts';
import { isIdentity } from './identity.ts';
import { keyId } from './keys.ts';

export type IndexedPackage = Omit<AvailablePackage, 'repository' | 'priority'>;

export interface RepositoryIndex {
  /** Which repository it is of; '': not said, as in indexes of before. */
  readonly identity: string;
  /** Grows with every publication; an index with a smaller one is refused. */
  readonly serial: number;
  /** Seconds since 1970; 0: not said. */
  readonly createdAt: number;
  /** Seconds since 1970, after which it is not to be believed; 0: never. */
  readonly expiresAt: number;
  /** The list of files, by name beside the index. */
  readonly files?: { readonly file: string; readonly sha256: string; readonly sizeBytes: number };
  /** One package may be there in several versions. */
  readonly packages: readonly IndexedPackage[];
}

export interface FetchedIndex {
  readonly index: RepositoryIndex;
  /** The text of the signature file. */
  readonly signature: string;
  /** The key that was trusted. */
  readonly keyId: string;
}

export const INDEX_NAME = 'index.json';
export const SIGNATURE_NAME = 'index.json.sig';
const MAX_PACKAGES = 200_000;

/** Sorted, with line breaks between packages: it compares and compresses well. */
export function encodeIndex(index: RepositoryIndex): string {
  const key = (item: IndexedPackage): string => `${item.name}\0${item.version}\0${String(item.release).padStart(9, '0')}`;
  const packages = [...index.packages].sort((a, b) => (key(a) < key(b) ? -1 : 1));
  const { serial, createdAt, expiresAt, files } = index;
  const identity = index.identity === '' ? undefined : index.identity;
  return `${JSON.stringify({ format: 1, identity, serial, createdAt, expiresAt, files, packages }, undefined, 1)}\n`;
}

/** @param from  for messages. @throws Fault E-PKM-026 not an index, or one of another format */
export function decodeIndex(bytes: Uint8Array, from: string): RepositoryIndex {
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw indexFault(from, 'it is no JSON');
  }
  if (!isObject(parsed)) throw indexFault(from, 'it is no record');
  const { format, identity = '', serial, packages, files } = parsed;
  if (format !== 1) throw indexFault(from, `its format is ${printable(String(format))}, not 1`);
  if (typeof identity !== 'string' || !isIdentity(identity)) throw indexFault(from, "its 'identity' is none");
  if (!Number.isSafeInteger(serial) || (serial as number) < 1) throw indexFault(from, 'its serial is no positive integer');
  if (!Array.isArray(packages)) throw indexFault(from, "it has no list 'packages'");
  if (packages.length > MAX_PACKAGES) throw indexFault(from, `it has more than ${MAX_PACKAGES} packages`);
  const decoded = packages.map((item) => decodeOne(item, from));
  const keys = new Set(decoded.map((item) => `${item.name} ${item.version} ${item.release}`));
  if (keys.size !== decoded.length) throw indexFault(from, 'a package is there twice');
  const when = (key: 'createdAt' | 'expiresAt'): number => {
    const value = parsed[key] ?? 0;
    if (!Number.isSafeInteger(value) || (value as number) < 0) throw indexFault(from, `its '${key}' is no time`);
    return value as number;
  };
  return {
    identity,
    serial: serial as number,
    createdAt: when('createdAt'),
    expiresAt: when('expiresAt'),
    ...(files === undefined ? {} : { files: decodeFiles(files, from) }),
    packages: decoded,
  };
}

/** Names that an index may hold: they become parts of addresses, and files in a cache. */
export const FILE_NAME = /^[A-Za-z0-9][A-Za-z0-9._+~@:-]{0,254}$/;
const SHA256 = /^[0-9a-f]{64}$/;

function decodeFiles(value: unknown, from: string): NonNullable<RepositoryIndex['files']> {
  const { file, sha256, sizeBytes } = isObject(value) ? value : {};
  if (typeof file !== 'string' || !FILE_NAME.test(file))
    throw indexFault(from, 'the name of its list of files is no plain file name');
  if (typeof sha256 !== 'string' || !SHA256.test(sha256))
    throw indexFault(from, 'the SHA-256 of its list of files is not 64 hex digits');
  if (!Number.isSafeInteger(sizeBytes) || (sizeBytes as number) < 0)
    throw indexFault(from, 'the size of its list of files is no size');
  return { file, sha256, sizeBytes: sizeBytes as number };
}

/** Names that cannot be are the index's fault. */
function decodeOne(item: unknown, from: string): IndexedPackage {
  try {
    return decodePackage(item, from);
  } catch (error) {
    if (error instanceof Fault && error.code === 'E-PKM-001') throw indexFault(from, error.message);
    throw error;
  }
}

function decodePackage(item: unknown, from: string): IndexedPackage {
  if (!isObject(item)) throw indexFault(from, 'a package is no record');
  const checked = (key: string, value: unknown): string => {
    if (typeof value !== 'string') throw indexFault(from, `a package has a '${key}' that is no text`);
    // Terminals obey some of them.
    if (/[\x00-\x1f\x7f-\x9f]/.test(value)) throw indexFault(from, `a package has a '${key}' with control characters`);
    return value;
  };
  const text = (key: string): string => checked(key, item[key] ?? '');
  const list = (key: string): string[] => {
    const value = item[key] ?? [];
    if (!Array.isArray(value)) throw indexFault(from, `a package has a '${key}' that is no list`);
    return value.map((one) => checked(key, one));
  };
  const requirements = (key: string): string[] => {
    const texts = list(key);
    for (const text of texts) parseRequirement(text);
    return texts;
  };
  const number = (key: string, otherwise?: number): number => {
    const value = item[key] ?? otherwise;
    if (!Number.isSafeInteger(value) || (value as number) < 0)
      throw indexFault(from, `a package has a '${key}' that is no natural number`);
    return value as number;
  };
  const name = checkPackageName(text('name'));
  const file = text('file');
  if (!FILE_NAME.test(file)) throw indexFault(from, `the file name of '${name}' is no plain file name`);
  if (!SHA256.test(text('sha256'))) throw indexFault(from, `the SHA-256 of '${name}' is not 64 hex digits`);
  const supersedes = list('supersedes').map(checkPackageName);
  if (supersedes.includes(name)) throw indexFault(from, `'${name}' supersedes itself`);
  const privileged = list('privileged');
  const bad = privileged.find((path) => badPath(path) !== undefined);
  if (bad !== undefined) throw indexFault(from, `'${name}' has a privileged path that cannot be one: '${printable(bad)}'`);
  return {
    name,
    version: checkVersion(name, text('version')),
    release: number('release'),
    tier: text('tier'),
    summary: text('summary'),
    license: text('license'),
    homepage: text('homepage'),
    file,
    sha256: text('sha256'),
    sizeBytes: number('sizeBytes'),
    installedBytes: number('installedBytes', 0),
    runtime: requirements('runtime'),
    provides: requirements('provides'),
    conflicts: requirements('conflicts'),
    supersedes,
    privileged,
  };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** @param privateKeys  ed25519 */
export const signIndex = (bytes: Uint8Array, privateKeys: readonly KeyObject[]): string =>
  privateKeys.map((key) => `${keyId(createPublicKey(key))} ${sign(null, bytes, key).toString('base64')}\n`).join('');

/**
 * One trusted key is enough: while a publisher changes keys, the old and the new one sign.
 * @returns the id of the key. @throws Fault E-PKM-026 no trusted key made a signature
 */
export function checkSignature(bytes: Uint8Array, signatures: string, keys: readonly KeyObject[], from: string): string {
  const lines = signatures.split('\n').filter((line) => line.trim() !== '');
  const found = lines.map((line) => /^([0-9a-f]{16}) ([A-Za-z0-9+/]{86}==)\s*$/.exec(line));
  if (found.length === 0 || found.includes(null)) throw indexFault(from, 'its signature is no signature');
  if (keys.length === 0)
    throw indexFault(from, 'no key is trusted here', [
      "name the publisher's key: pkm sync --key FILE.pub",
      'or trust it from now on: put it into /etc/igos/trusted-keys/<name>.pub of the root',
    ]);
  const known = found.flatMap((match) =>
    keys.filter((key) => keyId(key) === match![1]).map((key) => ({ key, text: match![2]! })),
  );
  if (known.length === 0) {
    const ids = found.map((match) => match![1]).join(', ');
    const hint = `if you trust key ${ids}, put it into /etc/igos/trusted-keys/<name>.pub of the root`;
    throw indexFault(from, `key ${ids} signed it, which is not trusted here`, [hint]);
  }
  const right = known.find(({ key, text }) => verify(null, bytes, key, Buffer.from(text, 'base64')));
  if (right === undefined) throw indexFault(from, 'its signature is wrong: it was changed after it was signed');
  return keyId(right.key);
}

export const indexFault = (from: string, why: string, hints: readonly string[] = []): Fault =>
  new Fault('E-PKM-026', `the index of '${printable(from)}' is refused: ${why}`, {
    hints: hints.length > 0 ? hints : ['try again later, or ask the people who publish it'],
  });
