import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  Fault,
  fileSink,
  syncDirectory,
  syncFileSystem,
  sys,
  temporaryName,
  withoutSecrets,
  writeFileAtomic,
} from '../base/index.ts';
import { loadCaches } from '../store/index.ts';
import { type ArchiveName, formatArchiveName } from './archive-name.ts';
import type { DepotCode } from './codes.ts';
import { dependenciesOf } from './dependencies.ts';
import type { Depot } from './depot.ts';
import { inParallel } from './in-parallel.ts';
import { publicPath, topOf } from './layout.ts';
import type { Keys } from './openpgp.ts';
import { piecesOf, unpackArchive } from './unpack.ts';
import { readDownloadLocation, readPublicKeyFile, type UserPlaces } from './users.ts';

export interface DownloadOptions {
  readonly depot: Depot;
  /** The quarantine: what was fetched and is not trusted yet. Absolute. */
  readonly publicFolder: string;
  /** Top of a Genode source tree, where more keys and addresses of users may be. */
  readonly tree?: string;
  readonly jobs: number;
  readonly withDebug?: boolean;
  /** Take only signatures that say which archive they are for; for archives of these users, or of all. */
  readonly needsPath?: boolean | ReadonlySet<string>;
  readonly now: Date;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: DownloadEvent) => void;
}

export type DownloadEvent =
  /** The address is for people: without a password. */
  | { readonly kind: 'fetch'; readonly archive: ArchiveName; readonly url: string }
  | { readonly kind: 'imported'; readonly archive: ArchiveName; readonly signedBy: string };

/**
 * Fetches archives and all that they need into the quarantine, checks each one's signature, and only then unpacks it into the depot. What
 * an archive needs is known once it is there: rounds are made until nothing is missing. A quarantined file whose signature does not hold is
 * thrown away and fetched once more.
 *
 * @returns what was imported
 * @throws Fault E-DEPOT-011 no key or address · E-DEPOT-012 signature · E-DEPOT-014 damaged · E-DEPOT-015 not to be had; what was imported
 *         before stays
 */
export async function downloadArchives(wanted: readonly ArchiveName[], options: DownloadOptions): Promise<ArchiveName[]> {
  const users = new Users(options);
  const imported: ArchiveName[] = [];
  const files = wanted.filter(({ type }) => type === 'index');
  for (;;) {
    const { missing } = dependenciesOf(
      wanted,
      options.depot,
      options.withDebug === undefined ? {} : { withDebug: options.withDebug },
    );
    const todo = [...missing, ...files.splice(0)];
    if (todo.length === 0) return imported;
    // A missing key is said before anything is fetched.
    for (const user of new Set(todo.map((archive) => archive.user))) await users.get(user);
    await inParallel(todo, options.jobs, async (archive) => {
      const signedBy = await importOne(archive, await users.get(archive.user), options);
      imported.push(archive);
      options.onEvent?.({ kind: 'imported', archive, signedBy });
    });
  }
}

/**
 * Fetches those that are not in the quarantine, though they may be in the depot: made there, or downloaded into another quarantine. What is
 * in the depot stays as it is.
 *
 * @throws Fault as `downloadArchives`
 */
export async function quarantineArchives(archives: readonly ArchiveName[], options: DownloadOptions): Promise<void> {
  const users = new Users(options);
  const isThere = (file: string): boolean => existsSync(file) && existsSync(`${file}.sig`);
  const away = archives.filter((archive) => !isThere(join(options.publicFolder, publicPath(archive, options.depot.layout))));
  await inParallel(away, options.jobs, async (archive) => {
    await importOne(archive, await users.get(archive.user), options);
  });
}

interface User {
  readonly keys: Keys;
  readonly address: string;
}

class Users {
  readonly #places: UserPlaces;
  readonly #known = new Map<string, Promise<User>>();

  constructor({ depot, tree }: DownloadOptions) {
    this.#places = tree === undefined ? { depot: depot.folder } : { depot: depot.folder, tree };
  }

  get(user: string): Promise<User> {
    const known = this.#known.get(user) ?? this.#read(user);
    this.#known.set(user, known);
    return known;
  }

  async #read(user: string): Promise<User> {
    const { readPublicKeys } = await import('./openpgp.ts');
    const { bytes, path } = readPublicKeyFile(user, this.#places);
    return { keys: await readPublicKeys(bytes, path), address: readDownloadLocation(user, this.#places) };
  }
}

async function importOne(archive: ArchiveName, user: User, options: DownloadOptions): Promise<string> {
  const path = publicPath(archive, options.depot.layout);
  const file = join(options.publicFolder, path);
  const before = archive.type === 'index' ? await knownIndex(archive, user, file, options.now) : undefined;
  const wasThere = [file, `${file}${PARTIAL}`, `${file}.sig${PARTIAL}`].some((each) => existsSync(each));
  try {
    return await checkAndImport(archive, user, { file, path, before }, options);
  } catch (error) {
    if (!(error instanceof Fault) || !REFUSED.includes(error.code)) throw error;
    discard(file, before);
    // It may have been cut off, by another tool or with the power, or be of an older publication: the server has the last word. An index
    // may have been replaced between its signature and itself.
    if ((!wasThere && archive.type !== 'index') || error.code === 'E-DEPOT-020') throw error;
    try {
      return await checkAndImport(archive, user, { file, path, before }, options);
    } catch (second) {
      discard(file, before);
      throw second;
    }
  }
}

/** Ends the name of a file that is still being fetched. */
const PARTIAL = '.partial';

/** What came is not to be kept. */
const REFUSED: readonly string[] = ['E-DEPOT-012', 'E-DEPOT-014', 'E-DEPOT-020'] satisfies DepotCode[];

/** An index that was there before comes back: else a server that sends rubbish once could send an old one next. */
function discard(file: string, before: KnownIndex | undefined): void {
  rmSync(`${file}.sig`, { force: true });
  rmSync(file, { force: true });
  if (before === undefined) return;
  writeFileAtomic(file, before.bytes);
  writeFileAtomic(`${file}.sig`, before.signature);
}

interface KnownIndex {
  readonly bytes: Buffer;
  readonly signature: Buffer;
  readonly signedAt: Date;
}

async function checkAndImport(
  archive: ArchiveName,
  user: User,
  { file, path, before }: { readonly file: string; readonly path: string; readonly before: KnownIndex | undefined },
  options: DownloadOptions,
): Promise<string> {
  if (!existsSync(file) || !existsSync(`${file}.sig`) || archive.type === 'index') {
    options.onEvent?.({ kind: 'fetch', archive, url: withoutSecrets(`${user.address}/${path}`) });
    const { signal } = options;
    await fetchFile(user.address, `${path}.sig`, `${file}.sig`, { archive, limit: MAX_SIGNATURE, signal });
    await fetchFile(user.address, path, file, { archive, limit: MAX_ARCHIVE, signal });
  }
  const { verifyFile } = await import('./openpgp.ts');
  const { needsPath } = options;
  const { fingerprint, signedAt, content } = await verifyFile({
    archive: formatArchiveName(archive),
    file,
    signature: sys('read', `${file}.sig`, () => readFileSync(`${file}.sig`)),
    keys: user.keys,
    needsPath: typeof needsPath === 'object' ? needsPath.has(archive.user) : needsPath === true,
    now: options.now,
  });
  if (before !== undefined && signedAt < before.signedAt) {
    const text = (time: Date): string => `${time.toISOString().slice(0, 19)}Z`;
    throw new Fault(
      'E-DEPOT-020' satisfies DepotCode,
      `the index '${formatArchiveName(archive)}' is older than the one that is there`,
      {
        notes: [`signed on ${text(signedAt)}, and the one that is there on ${text(before.signedAt)}`],
        hints: ['download it later, or tell its user', `if you know why, take it: remove '${file}.sig' and download it again`],
      },
    );
  }
  if (archive.type === 'index') await importFile(archive, content, options);
  else await importFolder(archive, content, options);
  return fingerprint;
}

/** The index that was downloaded last, where its signature holds. */
async function knownIndex(archive: ArchiveName, user: User, file: string, now: Date): Promise<KnownIndex | undefined> {
  if (!existsSync(file) || !existsSync(`${file}.sig`)) return undefined;
  const { verifyFile } = await import('./openpgp.ts');
  const signature = sys('read', `${file}.sig`, () => readFileSync(`${file}.sig`));
  try {
    const name = formatArchiveName(archive);
    const { signedAt, content } = await verifyFile({ archive: name, file, signature, keys: user.keys, now });
    return { bytes: content, signature, signedAt };
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}

async function importFolder(archive: ArchiveName, packed: Buffer, { depot }: DownloadOptions): Promise<void> {
  const place = depot.path(archive);
  const folder = temporaryName(place);
  sys('make the folder', folder, () => mkdirSync(folder, { recursive: true }));
  try {
    await unpackArchive(packed, folder, {
      archive: formatArchiveName(archive),
      top: topOf(archive, depot.layout),
      layout: depot.layout,
    });
    syncFileSystem(folder);
    sys('move', place, () => moveUnlessThere(folder, place));
    syncDirectory(dirname(place));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

// Another process may have been quicker: what it put there is as good.
function moveUnlessThere(folder: string, place: string): void {
  try {
    renameSync(folder, place);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
  }
}

const MAX_INDEX = 64 << 20;

async function importFile(archive: ArchiveName, packed: Buffer, { depot }: DownloadOptions): Promise<void> {
  const { decompress } = await loadCaches();
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of decompress('xz', piecesOf(packed))) {
      size += chunk.length;
      if (size > MAX_INDEX) throw new Error(`it has more than ${MAX_INDEX} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw new Fault(
      'E-DEPOT-014' satisfies DepotCode,
      `the published archive '${formatArchiveName(archive)}' is damaged: ${(error as Error).message}`,
      {
        hints: ['download it again; if it stays so, tell its user: it was signed like this'],
      },
    );
  }
  sys('make the folder', dirname(depot.path(archive)), () => mkdirSync(dirname(depot.path(archive)), { recursive: true }));
  writeFileAtomic(depot.path(archive), Buffer.concat(chunks));
}

/** Of a few hundred bytes, armoured and by several keys too. */
const MAX_SIGNATURE = 1 << 16;
/** It is held in memory while its signature is checked; Node reads no larger file. */
const MAX_ARCHIVE = 2 ** 31 - 1;

/** Nobody but the server says how long it is: without a bound it would fill the disk. */
async function* bounded(body: AsyncIterable<Uint8Array>, limit: number, tooLong: () => Error): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > limit) throw tooLong();
    yield chunk;
  }
}

/** Resumes where an earlier attempt, of this process or another one, was cut off. */
async function fetchFile(
  address: string,
  key: string,
  file: string,
  options: { readonly archive: ArchiveName; readonly limit: number; readonly signal: AbortSignal | undefined },
): Promise<void> {
  const { archive, limit, signal } = options;
  const { openTransport, withRetries, CacheProblem } = await loadCaches();
  const transport = openTransport(address);
  const partial = `${file}${PARTIAL}`;
  sys('make the folder', dirname(file), () => mkdirSync(dirname(file), { recursive: true }));
  const refuse = (why: string, hint: string): Fault =>
    new Fault('E-DEPOT-015' satisfies DepotCode, `'${formatArchiveName(archive)}' could not be downloaded: ${why}`, {
      notes: [withoutSecrets(`${address}/${key}`)],
      hints: [hint],
    });
  try {
    await withRetries(async () => {
      const fromByte = statSync(partial, { throwIfNoEntry: false })?.size ?? 0;
      const got = await transport.get(key, { fromByte, ...(signal === undefined ? {} : { signal }) });
      if (got === undefined) {
        throw refuse('the server does not have it', 'see whether name and version are right, and whether its user publishes it');
      }
      const start = got.fromByte === fromByte ? fromByte : 0;
      const body = bounded(got.body, limit - start, () => {
        rmSync(partial, { force: true });
        return refuse(`it has more than ${limit} bytes`, 'tell its user: the server sends something else');
      });
      await pipeline(Readable.from(body), fileSink(partial, file, start === 0 ? { flags: 'w' } : { flags: 'r+', start }), {
        ...(signal === undefined ? {} : { signal }),
      });
      const { size } = sys('read', partial, () => statSync(partial));
      if (got.totalBytes !== undefined && size < got.totalBytes) throw new CacheProblem('the transfer broke off', true);
    }, signal);
  } catch (error) {
    if (error instanceof CacheProblem)
      throw refuse(error.message, 'see whether the server is up, and try again: what was fetched stays');
    throw error;
  }
  // Gone where another process that fetched the same was quicker.
  if (existsSync(partial) || !existsSync(file)) sys('move', file, () => renameSync(partial, file));
}
