/**
 * Names of store objects: how a path is taken apart, and how each kind of object gets its own.
 *
 * @source docs/store.md §2
 */
import { Bug, type Bytes, bytesToText, compareBytes, Fault } from '../base/index.ts';
import { decodeBase32, encodeBase32, encodePathDigits } from './base32.ts';
import type { StoreCode } from './codes.ts';
import { digestBytes, formatHash, hashBytes, isHashAlgorithm, parseHash } from './hash.ts';
import type { Digest, IngestionMethod, StorePath } from './types.ts';

/** Characters of the hash part of a store path. */
export const hashPartLength = 32;

/** Longest name of a store object, in bytes. */
export const maxNameLength = 211;

/** Returns the name unchanged. @throws Fault E-STORE-002 naming the rule that it breaks */
export function parseStoreName(name: Bytes): string {
  if (name === lastGood) return name;
  const message = nameProblem(name);
  if (message === undefined) {
    lastGood = name;
    return name;
  }
  const better = name.replaceAll(/[^0-9a-zA-Z+._?=-]+/g, '-').replace(/^[.-]+/, '');
  const hints = better !== '' && nameProblem(better) === undefined ? [`'${better}' would be a valid name`] : [];
  const notes = ["names of store objects have letters, digits and '+-._?='"];
  throw new Fault('E-STORE-002' satisfies StoreCode, message, { notes, hints });
}

/** The name of a derivation is that of its output too, and comes three times. */
let lastGood: Bytes | undefined;

/** What every good name looks like; a bad one is asked for its reason. */
const GOOD_NAME = /^(?!\.\.?(?:-|$))[0-9a-zA-Z+._?=-]{1,211}$/;

/** In Nix's words; `undefined` for a good name. */
function nameProblem(name: Bytes): string | undefined {
  if (GOOD_NAME.test(name)) return undefined;
  if (name === '') return 'name must not be empty';
  const named = `name '${shown(name)}'`;
  if (name.length > maxNameLength) return `${named} must be no longer than ${maxNameLength} characters`;
  const first = /^[^-]*/.exec(name)![0];
  if (first === '.' || first === '..') {
    return `${named} is not valid${name === first ? '' : `: first dash-separated component must not be '${first}'`}`;
  }
  const bad = /[^0-9a-zA-Z+._?=-]/u.exec(bytesToText(name));
  return bad === null ? undefined : `${named} contains illegal character '${bad[0]}'`;
}

const shown = (text: Bytes): string => bytesToText(text.length > 240 ? `${text.slice(0, 237)}...` : text);

/** @throws Fault E-STORE-001 not directly in `storeDir`, or without hash part · E-STORE-002 bad name */
export function parseStorePath(text: Bytes, storeDir: string): StorePath {
  if (!text.startsWith(`${storeDir}/`))
    throw badPath(`path '${shown(text)}' is not in the Nix store`, [`the store is '${storeDir}'`]);
  const base = text.slice(storeDir.length + 1);
  if (base.includes('/'))
    throw badPath(`path '${shown(text)}' is inside a store object`, [`the object is '${storeDir}/${base.split('/')[0]}'`]);
  if (base.length <= hashPartLength) throw badPath(`'${shown(base)}' is too short to be a valid store path`);
  if (base[hashPartLength] !== '-')
    throw badPath(`'${shown(base)}' can't name a store path because the hash part is not followed by a '-'`);
  const bad = /[^0-9a-df-np-sv-z]/.exec(base.slice(0, hashPartLength));
  if (bad !== null) throw badPath(`store path '${shown(base)}' contains illegal base-32 character '${shown(bad[0])}'`);
  parseStoreName(base.slice(hashPartLength + 1));
  return text as StorePath;
}

/** Like `parseStorePath`, without the reason. */
export function tryParseStorePath(text: Bytes, storeDir: string): StorePath | undefined {
  const base = text.startsWith(`${storeDir}/`) ? text.slice(storeDir.length + 1) : '';
  const isPath =
    base[hashPartLength] === '-' &&
    decodeBase32(base.slice(0, hashPartLength), 20) !== undefined &&
    nameProblem(base.slice(hashPartLength + 1)) === undefined;
  return isPath ? (text as StorePath) : undefined;
}

/** The store path that `path` is or lies in, and the rest of it (`''` or `/bin/sh`); `undefined` outside of the store. */
export function splitStorePath(path: Bytes, storeDir: string): { path: StorePath; rest: Bytes } | undefined {
  const end = path.indexOf('/', storeDir.length + 1);
  const object = tryParseStorePath(end === -1 ? path : path.slice(0, end), storeDir);
  return object === undefined ? undefined : { path: object, rest: end === -1 ? '' : path.slice(end) };
}

/** `message` in Nix's words. */
const badPath = (message: string, notes: readonly string[] = []): Fault =>
  new Fault('E-STORE-001' satisfies StoreCode, message, { notes });

/** `<hash part>-<name>`. */
export const storePathBase = (path: StorePath): string => path.slice(path.lastIndexOf('/') + 1);
/** The 32 characters by which references are found. */
export const storePathHash = (path: StorePath): string => storePathBase(path).slice(0, hashPartLength);
export const storePathName = (path: StorePath): string => storePathBase(path).slice(hashPartLength + 1);

/** The name of a derivation from its path: without `.drv`. */
export const derivationName = (drvPath: StorePath): string => storePathName(drvPath).replace(/\.drv$/, '');

/**
 * The one rule behind every store path: a hash of what it is, what it contains, where the store is and its name.
 *
 * @param type       `source`, `text`, `output:out`, …, with the references where the type has them
 * @param innerHex   SHA-256 of the content, hex
 */
export function makeStorePath(type: string, innerHex: string, name: Bytes, storeDir: string): StorePath {
  parseStoreName(name);
  return `${storeDir}/${encodePathDigits(pathDigest(type, innerHex, name, storeDir))}-${name}` as StorePath;
}

/** What the digits of a path are made of: good until anything else is hashed. Same parameters. */
export const pathDigest = (type: string, innerHex: string, name: Bytes, storeDir: string): Uint8Array =>
  digestBytes(`${type}:sha256:${innerHex}:${storeDir}:${name}`);

/** What an object that is named by its content refers to. */
export interface ContentReferences {
  readonly others: readonly StorePath[];
  readonly self: boolean;
}

const NO_REFERENCES: ContentReferences = { others: [], self: false };

/**
 * The path of a content-addressed object: sources, fixed outputs, floating outputs.
 *
 * @param digest  of the bytes (`flat`) or of the NAR (`nar`; with self-references: modulo, see `hashModulo`)
 * @throws Fault  E-STORE-005 references where the form has no place for them
 */
export function fixedOutputPath(
  options: { name: Bytes; method: IngestionMethod; digest: Digest; references?: ContentReferences },
  storeDir: string,
): StorePath {
  const { name, method, digest, references = NO_REFERENCES } = options;
  if (method === 'nar' && digest.algorithm === 'sha256')
    return makeStorePath(typeWithReferences('source', references), digest.hex, name, storeDir);
  if (references.self || references.others.length > 0) {
    const referred = references.others[0] ?? 'itself';
    throw new Fault(
      'E-STORE-005' satisfies StoreCode,
      `'${name}' cannot refer to ${referred === 'itself' ? referred : `'${referred}'`}: its content address has no place for references`,
      {
        hints: ['use the recursive (nar) mode with sha256, or keep store paths out of the content'],
      },
    );
  }
  const inner = hashBytes('sha256', `fixed:out:${methodPrefix(method)}${digest.algorithm}:${digest.hex}:`);
  return makeStorePath('output:out', inner, name, storeDir);
}

/** The path of a file or tree that was added from outside. @param narSha256 hex */
export const sourcePath = (name: Bytes, narSha256: string, storeDir: string): StorePath =>
  makeStorePath('source', narSha256, name, storeDir);

/** The path of a text (`toFile`, `.drv`): its content and what it refers to. */
export const textPath = (name: Bytes, text: Bytes | Uint8Array, references: readonly StorePath[], storeDir: string): StorePath =>
  makeStorePath(typeWithReferences('text', { others: references, self: false }), hashBytes('sha256', text), name, storeDir);

function typeWithReferences(type: string, { others, self }: ContentReferences): string {
  return [type, ...[...others].sort(compareBytes), ...(self ? ['self'] : [])].join(':');
}

/** The path of an input-addressed output. @param moduloHex hash modulo of its derivation */
export const inputAddressedPath = (drvName: string, output: string, moduloHex: string, storeDir: string): StorePath =>
  makeStorePath(`output:${output}`, moduloHex, outputPathName(drvName, output), storeDir);

/** The store name of an output: the derivation's, and `-output` unless that is `out`. */
export const outputPathName = (drvName: string, output: string): string => (output === 'out' ? drvName : `${drvName}-${output}`);

/** What a derivation writes where its own output's path is not known yet: `/<52 characters of base 32>`. */
export const placeholder = (output: string): string => `/${encodeBase32(digestBytes(`nix-output:${output}`))}`;

/** What a derivation writes where an input's path is known only after that is built. */
export function upstreamPlaceholder(drvPath: StorePath, output: string): string {
  const text = `nix-upstream-output:${storePathHash(drvPath)}:${outputPathName(derivationName(drvPath), output)}`;
  return `/${encodeBase32(digestBytes(text))}`;
}

/** The path under which a floating output is built before its own is known. Differs by derivation and output, never by content. */
export const scratchOutputPath = (drvPath: StorePath, output: string, storeDir: string): StorePath =>
  makeStorePath(
    `rewrite:${storePathBase(drvPath)}:name:${output}`,
    '0'.repeat(64),
    outputPathName(derivationName(drvPath), output),
    storeDir,
  );

/** How an object's content is its name. */
export type ContentAddress =
  | { readonly kind: 'text'; readonly digest: Digest }
  | { readonly kind: 'fixed'; readonly method: IngestionMethod; readonly digest: Digest };

export const formatContentAddress = (address: ContentAddress): string => {
  const prefix = address.kind === 'text' ? 'text:' : `fixed:${methodPrefix(address.method)}`;
  return `${prefix}${address.digest.algorithm}:${formatHash(address.digest, 'nix32')}`;
};

/** @throws Fault E-STORE-004 */
export function parseContentAddress(text: string): ContentAddress {
  const [, kind, prefix = '', algorithm = '', digits = ''] = /^(text|fixed):(r:)?([a-z0-9]+):([0-9a-z]+)$/.exec(text) ?? [];
  if (kind === undefined || !isHashAlgorithm(algorithm) || (kind === 'text' && (prefix !== '' || algorithm !== 'sha256'))) {
    throw new Fault('E-STORE-004' satisfies StoreCode, `bad content address '${shown(text)}'`, {
      hints: ["it looks like 'text:sha256:<base 32>' or 'fixed:r:sha256:<base 32>'"],
    });
  }
  const digest = parseHash(digits, algorithm);
  return kind === 'text' ? { kind, digest } : { kind: 'fixed', method: prefix === 'r:' ? 'nar' : 'flat', digest };
}

/** `r:` before the algorithm says that the NAR was hashed. */
export const methodPrefix = (method: IngestionMethod): '' | 'r:' => (method === 'nar' ? 'r:' : '');

/** The path that a content address, a name and references lead to. @throws Fault E-STORE-005 */
export function contentAddressedPath(
  address: ContentAddress,
  name: Bytes,
  references: ContentReferences,
  storeDir: string,
): StorePath {
  if (address.kind === 'fixed')
    return fixedOutputPath({ name, method: address.method, digest: address.digest, references }, storeDir);
  if (references.self) throw new Bug(`text '${name}' cannot refer to itself`);
  return makeStorePath(typeWithReferences('text', references), address.digest.hex, name, storeDir);
}
