/**
 * The index of a repository: `index.json` beside the archives, and `index.json.sig`, the ed25519 signature of its bytes as
 * `<key id> <base64>`. Key id: the first 16 hex digits of the SHA-256 of the public key's DER (SPKI).
 */
import { createPublicKey, hash, type KeyObject, sign, verify } from 'node:crypto';
import { Fault } from '../../base/index.ts';
import { checkPackageName, checkVersion, printable } from '../names.ts';
import type { AvailablePackage } from '../query.ts';

export interface RepositoryIndex {
  /** Grows with every publication; an index with a smaller one is refused. */
  readonly serial: number;
  readonly packages: readonly Omit<AvailablePackage, 'repository'>[];
}

export const INDEX_NAME = 'index.json';
export const SIGNATURE_NAME = 'index.json.sig';

export function encodeIndex(index: RepositoryIndex): string {
  const packages = [...index.packages].sort((a, b) => (a.name < b.name ? -1 : 1));
  return `${JSON.stringify({ format: 1, serial: index.serial, packages }, undefined, 1)}\n`;
}

/** @param from  for messages. @throws Fault E-PKM-026 not an index, or one of another format */
export function decodeIndex(bytes: Uint8Array, from: string): RepositoryIndex {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    throw indexFault(from, 'it is no JSON');
  }
  const { format, serial, packages } = isObject(parsed) ? parsed : {};
  if (format !== 1) throw indexFault(from, `its format is ${printable(String(format))}, not 1`);
  if (!Number.isSafeInteger(serial) || (serial as number) < 1) throw indexFault(from, 'its serial is no positive integer');
  if (!Array.isArray(packages)) throw indexFault(from, "it has no list 'packages'");
  const decoded = packages.map((item) => decodePackage(item, from));
  const names = new Set(decoded.map((item) => item.name));
  if (names.size !== decoded.length) throw indexFault(from, 'a package is there twice');
  return { serial: serial as number, packages: decoded };
}

function decodePackage(item: unknown, from: string): Omit<AvailablePackage, 'repository'> {
  if (!isObject(item)) throw indexFault(from, 'a package is no record');
  const text = (key: string): string => {
    const value = item[key] ?? '';
    if (typeof value !== 'string') throw indexFault(from, `a package has a '${key}' that is no text`);
    return value;
  };
  const list = (key: string): string[] => {
    const value = item[key] ?? [];
    if (!Array.isArray(value) || value.some((one) => typeof one !== 'string'))
      throw indexFault(from, `a package has a '${key}' that is no list of texts`);
    return value as string[];
  };
  const number = (key: string): number => {
    const value = item[key];
    if (!Number.isSafeInteger(value) || (value as number) < 0)
      throw indexFault(from, `a package has a '${key}' that is no natural number`);
    return value as number;
  };
  const name = checkPackageName(text('name'));
  const file = text('file');
  if (!/^[A-Za-z0-9][A-Za-z0-9._+~@:-]*$/.test(file)) throw indexFault(from, `the file name of '${name}' is no plain file name`);
  if (!/^[0-9a-f]{64}$/.test(text('sha256'))) throw indexFault(from, `the SHA-256 of '${name}' is not 64 hex digits`);
  return {
    name,
    version: checkVersion(name, text('version')),
    release: number('release'),
    tier: text('tier'),
    summary: text('summary'),
    license: text('license'),
    file,
    sha256: text('sha256'),
    sizeBytes: number('sizeBytes'),
    runtime: list('runtime'),
    provides: list('provides'),
    conflicts: list('conflicts'),
    supersedes: list('supersedes'),
  };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const keyId = (key: KeyObject): string => hash('sha256', key.export({ type: 'spki', format: 'der' })).slice(0, 16);

/** @param privateKey  ed25519 */
export const signIndex = (bytes: Uint8Array, privateKey: KeyObject): string =>
  `${keyId(createPublicKey(privateKey))} ${sign(null, bytes, privateKey).toString('base64')}\n`;

/** @throws Fault E-PKM-026 no trusted key made the signature */
export function checkSignature(bytes: Uint8Array, signature: string, keys: readonly KeyObject[], from: string): void {
  const match = /^([0-9a-f]{16}) ([A-Za-z0-9+/]{86}==)\s*$/.exec(signature);
  if (match === null) throw indexFault(from, 'its signature is no signature');
  if (keys.length === 0)
    throw indexFault(from, 'no key is trusted here', ["put the publisher's key into /etc/igos/trusted-keys/<name>.pub"]);
  const key = keys.find((candidate) => keyId(candidate) === match[1]);
  if (key === undefined) {
    const hint = `if you trust key ${match[1]}, put it into /etc/igos/trusted-keys/<name>.pub`;
    throw indexFault(from, `key ${match[1]} signed it, which is not trusted here`, [hint]);
  }
  if (!verify(null, bytes, key, Buffer.from(match[2]!, 'base64')))
    throw indexFault(from, 'its signature is wrong: it was changed after it was signed');
}

export const indexFault = (from: string, why: string, hints: readonly string[] = []): Fault =>
  new Fault('E-PKM-026', `the index of '${printable(from)}' is refused: ${why}`, {
    notes: ['the index that was known before stays in use'],
    hints: hints.length > 0 ? hints : ['try again later, or ask the people who publish it'],
  });
