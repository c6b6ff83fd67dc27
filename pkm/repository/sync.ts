import { hash, type KeyObject } from 'node:crypto';
import { existsSync } from 'node:fs';
import { Fault, sys, withoutSecrets } from '../../base/index.ts';
import { fileSha256, folderInside } from '../disk.ts';
import { TRUSTED_KEYS } from '../layout.ts';
import type { RootContext } from '../transaction.ts';
import { day } from './dates.ts';
import { checkIdentity, type ExpectedIdentity, expectedIdentity } from './expected-identity.ts';
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

export interface SyncWish {
  /** Trusted public keys, PEM or `name:base64`; default: those of the settings, or `<root>/etc/igos/trusted-keys/*.pub`. */
  readonly keys?: readonly (string | NamedKey)[];
  /** Takes an index that is older than the known one, or that expired. Its signature is checked all the same. */
  readonly force?: boolean;
  /** What the index must call its repository, '' for nothing, whatever was said or known before; it is remembered. */
  readonly identity?: string;
}

export interface SyncOptions extends SyncWish {
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
  /** What it calls itself; '': nothing. */
  readonly identity: string;
}

/** Settings of a repository that is named by its address only. @throws Fault E-PKM-026 */
export function settingsOfAddress(address: string): RepositorySettings {
  const url = tryFolderAddress(address);
  if (url !== undefined) return { name: '', addresses: [url], priority: DEFAULT_PRIORITY, isEnabled: true, keys: [] };
  throw indexFault(withoutSecrets(address), 'its address does not begin with file:, http: or https:', [
    "as in 'https://example.org/packages/'",
  ]);
}

/** A root with or without a lock, and without a database where pkm never was. */
type Readable = Pick<RootContext, 'layout'> & { readonly database: RootContext['database'] | undefined };

/** An index that was fetched and checked, and is nowhere but in memory. */
export interface FetchedRepository {
  readonly settings: RepositorySettings;
  /** The address that had it. */
  readonly base: URL;
  /** What was known when it was asked for. */
  readonly seen: KnownRepository | undefined;
  readonly fetched: FetchedIndex | 'unchanged';
  /** The list of its files, where the root does not have it. */
  readonly list: Buffer | undefined;
}

/**
 * Fetches and checks the current index of one repository. Nothing is written, and no lock is needed: a mirror may be slow. Its
 * addresses are tried in order, until one has an index that may be taken.
 * @throws Fault E-PKM-026 (of the first address)
 */
export async function fetchRepository(
  { layout, database }: Readable,
  settings: RepositorySettings,
  options: SyncOptions,
): Promise<FetchedRepository> {
  const keys = await trustedKeys(layout, settings, options);
  const seen = database === undefined ? undefined : knownRepository(database, settings.addresses[0]!.href);
  const expected = expectedIdentity(options.identity, settings, seen);
  let first: unknown;
  for (const base of settings.addresses) {
    try {
      const fetched = await fetchIndex(base, keys, seen, expected);
      if (fetched !== 'unchanged') {
        checkIdentity(fetched.index.identity, expected, { settings, base });
        checkFreshness(fetched, seen, base, options);
      } else if (options.force !== true) checkExpiry(seen!.expiresAt, base, options.now);
      const files = fetched === 'unchanged' ? undefined : fetched.index.files;
      const list = files === undefined ? undefined : await fetchFileList(layout, settings, base, files);
      return { settings, base, seen, fetched, list };
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      first ??= seen === undefined ? error : stillInUse(error);
    }
  }
  throw first;
}

function stillInUse(refused: Fault): Fault {
  refused.notes = [...refused.notes, 'the index that was known before stays in use'];
  return refused;
}

/**
 * Replaces what is known of a repository by what was fetched, in one transaction, under the root's lock. Others may have synced
 * since it was asked for: an index that is newer stays, and whether ours may be taken is asked again.
 * @returns `undefined` where what it was compared with is gone, and it must be fetched again
 * @throws Fault E-PKM-026; the old index stays in use
 */
export function putFetched(context: RootContext, found: FetchedRepository, options: SyncOptions): SyncReport | undefined {
  const { settings, base, seen, fetched, list } = found;
  const address = settings.addresses[0]!.href;
  const known = knownRepository(context.database, address);
  const isOther = known?.signature !== seen?.signature;
  const isNewer = known !== undefined && known.signature !== '' && known.serial > serialOf(found);
  const isKept = fetched === 'unchanged' ? !isOther || isNewer : isOther && isNewer && options.force !== true;
  if (!isKept && fetched === 'unchanged') return undefined;
  if (!isKept && fetched !== 'unchanged') {
    try {
      checkIdentity(fetched.index.identity, expectedIdentity(options.identity, settings, known), { settings, base });
      checkFreshness(fetched, known, base, options);
    } catch (error) {
      throw known === undefined || !(error instanceof Fault) ? error : stillInUse(error);
    }
    const { files } = fetched.index;
    if (files !== undefined && list === undefined && !hasFileList(context.layout, address, files.sha256)) return undefined;
  }
  const isUnchanged = isKept || (fetched !== 'unchanged' && known?.signature === fetched.signature);
  putRepository(context, settings, {
    now: options.now,
    list: isKept ? undefined : list,
    ...(isKept || fetched === 'unchanged' ? {} : { fetched }),
  });
  const { serial, nPackages, expiresAt, identity } = knownRepository(context.database, address)!;
  return { address, serial, nPackages, expiresAt, isUnchanged, identity };
}

const serialOf = ({ fetched, seen }: FetchedRepository): number =>
  fetched === 'unchanged' ? (seen?.serial ?? 0) : fetched.index.serial;

async function trustedKeys(
  layout: RootContext['layout'],
  settings: RepositorySettings,
  options: SyncOptions,
): Promise<KeyObject[]> {
  const texts = options.keys ?? settings.keys;
  if (options.keys === undefined && texts.length === 0) return readTrustedKeys(folderInside(layout, TRUSTED_KEYS));
  const from = options.keys === undefined ? `a key of repository '${settings.name}'` : 'a given key';
  return Promise.all(
    texts.map((key) => (typeof key === 'string' ? parsePublicKey(key, from) : parsePublicKey(key.text, key.from))),
  );
}

async function fetchIndex(
  base: URL,
  keys: readonly KeyObject[],
  known: KnownRepository | undefined,
  expected: ExpectedIdentity | undefined,
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
    // A signature is of one text only: where it is the known one, so is the index. An igos of before did not keep what that calls itself.
    const isKnown = known?.signature === signature && keys.some((key) => keyId(key) === known.keyId);
    const isMeant = expected === undefined || expected.identity === known?.identity;
    const bytes = isKnown && isMeant ? undefined : await read(INDEX_NAME, MAX_INDEX_BYTES);
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
      publisherHint(known.serial),
    ]);
  }
  // Databases of before do not know its signature. The known one, by whichever of its keys it is trusted now, is no other index.
  if (known !== undefined && index.serial === known.serial && known.signature !== '' && known.signature !== signature) {
    throw indexFault(from, `its serial is ${index.serial}, and another index of that serial is known: there are two of them`, [
      hint,
      publisherHint(known.serial),
    ]);
  }
  checkExpiry(index.expiresAt, base, options.now);
}

/** An index that was lost, or is made in an empty folder each time. */
const publisherHint = (known: number): string =>
  `or, if its publisher began anew: 'igos repo build --serial ${known + 1}' goes on from what is known here`;

function checkExpiry(expiresAt: number, base: URL, now: number): void {
  if (expiresAt === 0 || now <= expiresAt) return;
  throw indexFault(shownUrl(base), `it expired on ${day(expiresAt)}: there should be a newer one`, [
    "if the clock of this machine is right, ask the people who publish it to run 'igos repo build' again",
    'if you know why, take it with --force',
  ]);
}

/** @returns the bytes, where they are not there already. */
async function fetchFileList(
  layout: RootContext['layout'],
  settings: RepositorySettings,
  base: URL,
  files: NonNullable<RepositoryIndex['files']>,
): Promise<Buffer | undefined> {
  if (hasFileList(layout, settings.addresses[0]!.href, files.sha256)) return undefined;
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

function hasFileList(layout: RootContext['layout'], address: string, sha256: string): boolean {
  const path = fileListPath(layout, address);
  return existsSync(path) && sys('read', path, () => fileSha256(path)) === sha256;
}

function unreachable(url: URL, error: unknown): unknown {
  if (!(error instanceof UrlProblem)) return error;
  return new Fault('E-PKM-026', `cannot fetch '${shownUrl(url)}': ${error.message}`, {
    cause: error,
    hints:
      url.protocol === 'file:'
        ? ["a repository is a folder with an index: 'igos repo build FOLDER --key FILE' makes it"]
        : ['check the address and the network'],
  });
}
