import { hash, type KeyObject } from 'node:crypto';
import { existsSync } from 'node:fs';
import { Fault, sys } from '../../base/index.ts';
import { fileSha256, folderInside } from '../disk.ts';
import { TRUSTED_KEYS } from '../layout.ts';
import type { RootContext } from '../transaction.ts';
import { day } from './dates.ts';
import { decodeFileList } from './file-list.ts';
import {
  checkSignature,
  decodeIndex,
  type FetchedIndex,
  INDEX_NAME,
  indexFault,
  type RepositoryIndex,
  SIGNATURE_NAME,
} from './index-file.ts';
import { keyId, parsePublicKey, readTrustedKeys } from './keys.ts';
import { fileListPath, type KnownRepository, knownRepository, putRepository } from './known.ts';
import { fileBelow, readUrl, shownUrl, UrlProblem } from './open-url.ts';
import { DEFAULT_PRIORITY, type RepositorySettings, tryFolderAddress } from './settings.ts';

const MAX_INDEX_BYTES = 128 << 20;
const MAX_SIGNATURE_BYTES = 4096;
const MAX_FILE_LIST_BYTES = 64 << 20;

/** The text of a public key, and where it is from, for messages. */
export interface NamedKey {
  readonly text: string;
  readonly from: string;
}

export interface SyncOptions {
  /** Trusted public keys, PEM or `name:base64`; default: those of the settings, or `<root>/etc/igos/trusted-keys/*.pub`. */
  readonly keys?: readonly (string | NamedKey)[];
  /** Takes an index that is older than the known one, or that expired. Its signature is checked all the same. */
  readonly force?: boolean;
  /** Seconds since 1970. */
  readonly now: number;
}

export interface SyncReport {
  readonly address: string;
  readonly serial: number;
  readonly nPackages: number;
  /** Seconds since 1970; 0: never. */
  readonly expiresAt: number;
  /** It is the one that was known. */
  readonly isUnchanged: boolean;
}

/** Settings of a repository that is named by its address only. @throws Fault E-PKM-026 */
export function settingsOfAddress(address: string): RepositorySettings {
  const url = tryFolderAddress(address);
  if (url !== undefined) return { name: '', addresses: [url], priority: DEFAULT_PRIORITY, isEnabled: true, keys: [] };
  throw indexFault(address, 'its address does not begin with file:, http: or https:', ["as in 'https://example.org/packages/'"]);
}

/**
 * Replaces what is known of one repository by its current index, in one transaction. Its addresses are tried in order, until one has
 * an index that may be taken.
 * @throws Fault E-PKM-026 (of the first address); the old index stays in use
 */
export async function syncIndex(context: RootContext, settings: RepositorySettings, options: SyncOptions): Promise<SyncReport> {
  const keys = await trustedKeys(context, settings, options);
  const known = knownRepository(context.database, settings.addresses[0]!.href);
  let first: unknown;
  for (const base of settings.addresses) {
    try {
      const fetched = await fetchIndex(base, keys, known);
      if (fetched !== 'unchanged') checkFreshness(fetched, known, base, options);
      else if (options.force !== true) checkExpiry(known!.expiresAt, base, options.now);
      const index = fetched === 'unchanged' ? undefined : fetched.index;
      const list = index?.files === undefined ? undefined : await fetchFileList(context, settings, base, index.files);
      putRepository(context, settings, { now: options.now, list, ...(fetched === 'unchanged' ? {} : { fetched }) });
      const { serial, nPackages, expiresAt } = knownRepository(context.database, settings.addresses[0]!.href)!;
      return { address: settings.addresses[0]!.href, serial, nPackages, expiresAt, isUnchanged: fetched === 'unchanged' };
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      first ??= error;
    }
  }
  throw first;
}

async function trustedKeys(context: RootContext, settings: RepositorySettings, options: SyncOptions): Promise<KeyObject[]> {
  const texts = options.keys ?? settings.keys;
  if (options.keys === undefined && texts.length === 0) return readTrustedKeys(folderInside(context.layout, TRUSTED_KEYS));
  const from = options.keys === undefined ? `a key of repository '${settings.name}'` : 'a given key';
  return Promise.all(
    texts.map((key) => (typeof key === 'string' ? parsePublicKey(key, from) : parsePublicKey(key.text, key.from))),
  );
}

async function fetchIndex(
  base: URL,
  keys: readonly KeyObject[],
  known: KnownRepository | undefined,
): Promise<FetchedIndex | 'unchanged'> {
  const from = shownUrl(base);
  const read = async (name: string, maxBytes: number): Promise<Buffer> => {
    try {
      return await readUrl(fileBelow(base, name), maxBytes);
    } catch (error) {
      throw unreachable(fileBelow(base, name), error);
    }
  };
  for (let attempt = 0; ; attempt++) {
    const signature = (await read(SIGNATURE_NAME, MAX_SIGNATURE_BYTES)).toString('latin1');
    // A signature is of one text only: where it is the known one, so is the index.
    const isKnown = known?.signature === signature && keys.some((key) => keyId(key) === known.keyId);
    const bytes = isKnown ? undefined : await read(INDEX_NAME, MAX_INDEX_BYTES);
    if (bytes === undefined) return 'unchanged';
    try {
      const signer = checkSignature(bytes, signature, keys, from);
      return { index: decodeIndex(bytes, from), signature, keyId: signer };
    } catch (error) {
      // It may have been replaced between the one file and the other.
      if (attempt === 1 || (await read(SIGNATURE_NAME, MAX_SIGNATURE_BYTES)).toString('latin1') === signature) throw error;
    }
  }
}

/** Nobody may hand out an old index, or two at the same time. */
function checkFreshness(
  { index, signature }: FetchedIndex,
  known: KnownRepository | undefined,
  base: URL,
  options: SyncOptions,
): void {
  if (options.force === true) return;
  const from = shownUrl(base);
  const hint = 'if you know why, take it with --force';
  if (known !== undefined && index.serial < known.serial) {
    throw indexFault(from, `its serial is ${index.serial}, and ${known.serial} is known already: somebody serves an old one`, [
      hint,
    ]);
  }
  // Databases of before do not know its signature. The known one, by whichever of its keys it is trusted now, is no other index.
  if (known !== undefined && index.serial === known.serial && known.signature !== '' && known.signature !== signature) {
    throw indexFault(from, `its serial is ${index.serial}, and another index of that serial is known: there are two of them`, [
      hint,
    ]);
  }
  checkExpiry(index.expiresAt, base, options.now);
}

function checkExpiry(expiresAt: number, base: URL, now: number): void {
  if (expiresAt === 0 || now <= expiresAt) return;
  throw indexFault(shownUrl(base), `it expired on ${day(expiresAt)}: there should be a newer one`, [
    "if the clock of this machine is right, ask the people who publish it to run 'igos repo build' again",
    'if you know why, take it with --force',
  ]);
}

/** @returns the bytes, where they are not there already. */
async function fetchFileList(
  context: RootContext,
  settings: RepositorySettings,
  base: URL,
  files: NonNullable<RepositoryIndex['files']>,
): Promise<Buffer | undefined> {
  const path = fileListPath(context.layout, settings.addresses[0]!.href);
  if (existsSync(path) && sys('read', path, () => fileSha256(path)) === files.sha256) return undefined;
  const url = fileBelow(base, files.file);
  let bytes: Buffer;
  try {
    bytes = await readUrl(url, Math.min(files.sizeBytes, MAX_FILE_LIST_BYTES));
  } catch (error) {
    throw unreachable(url, error);
  }
  const refuse = (why: string): Fault => indexFault(shownUrl(base), `its list of files ${why}`);
  if (hash('sha256', bytes) !== files.sha256) throw refuse('is another one than it says');
  try {
    for (const _ of decodeFileList(bytes)); // that it can be read
  } catch (error) {
    throw refuse(`cannot be read: ${(error as Error).message}`);
  }
  return bytes;
}

function unreachable(url: URL, error: unknown): unknown {
  if (!(error instanceof UrlProblem)) return error;
  return new Fault('E-PKM-026', `cannot fetch '${shownUrl(url)}': ${error.message}`, {
    cause: error,
    notes: ['the index that was known before stays in use'],
    hints:
      url.protocol === 'file:'
        ? ["a repository is a folder with an index: 'igos repo build FOLDER --key FILE' makes it"]
        : ['check the address and the network'],
  });
}
