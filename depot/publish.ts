import { existsSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Fault, syncFileSystem, sys, temporaryName } from '../base/index.ts';
import { type ArchiveName, beyondGenode, formatArchiveName, type VersionedName } from './archive-name.ts';
import type { DepotCode } from './codes.ts';
import { dependenciesOf, reachedTwice } from './dependencies.ts';
import type { Depot } from './depot.ts';
import { inParallel } from './in-parallel.ts';
import { publicPath, topOf } from './layout.ts';
import type { Signer } from './openpgp.ts';
import { packFile, packFolder } from './pack.ts';

export interface PublishOptions {
  readonly depot: Depot;
  /** Absolute. */
  readonly publicFolder: string;
  /** Who signs for a user; asked once a user. @throws Fault E-DEPOT-011, E-DEPOT-013 */
  readonly signerOf: (user: string) => Promise<Signer>;
  readonly jobs: number;
  readonly withDebug?: boolean;
  /** Publish what Genode's own tools would refuse too. */
  readonly allowBeyondGenode?: boolean;
  readonly onPublished?: (published: PublishedArchive) => void;
}

export interface PublishedArchive {
  readonly archive: ArchiveName;
  /** Absolute. */
  readonly file: string;
}

/**
 * Packs and signs archives of a depot, with all that they need, into `public/`. What has a signature there is published and is not done
 * again; an index is, when it is newer. The signature comes last, so that no half archive is ever signed.
 *
 * @returns what was published by this call
 * @throws Fault E-DEPOT-010 missing in the depot · E-DEPOT-016 · those of `signerOf`
 */
export async function publishArchives(wanted: readonly ArchiveName[], options: PublishOptions): Promise<PublishedArchive[]> {
  const { depot, publicFolder } = options;
  const { archives, missing } = dependenciesOf(
    wanted,
    depot,
    options.withDebug === undefined ? {} : { withDebug: options.withDebug },
  );
  const indexes = wanted.filter((archive) => archive.type === 'index');
  const absent = [...missing, ...indexes.filter((archive) => !depot.has(archive))];
  if (absent.length > 0) throw missingInDepot(absent);
  if (!options.allowBeyondGenode) refuseBeyondGenode(wanted, archives, depot);
  const todo = [...archives, ...indexes]
    .map((archive) => ({ archive, file: join(publicFolder, publicPath(archive, depot.layout)) }))
    .filter(({ archive, file }) => !isPublished(archive, file, depot));
  // Asked for before the work begins: a missing key is known at once.
  const signers = new Map<string, Signer>();
  for (const { archive } of todo) if (!signers.has(archive.user)) signers.set(archive.user, await options.signerOf(archive.user));
  // A flush for each file would take most of the time: they are made durable together, archives before signatures.
  for (let at = 0; at < todo.length; at += BATCH) await publishBatch(todo.slice(at, at + BATCH), signers, options);
  return todo;
}

/** How many archives are made durable at once: what a crash may cost, and no more. */
const BATCH = 64;

async function publishBatch(
  batch: readonly PublishedArchive[],
  signers: ReadonlyMap<string, Signer>,
  { depot, publicFolder, jobs, onPublished }: PublishOptions,
): Promise<void> {
  const temporaries = batch.map(({ file }) => ({ index: temporaryName(file), signature: temporaryName(`${file}.sig`) }));
  const places = batch.map((published, i) => ({ ...published, ...temporaries[i]! }));
  try {
    await inParallel(places, jobs, async ({ archive, file, index }) => {
      if (archive.type === 'index') await packFile(depot.path(archive), index);
      else await packFolder(depot.path(archive), topOf(archive, depot.layout), file, depot.layout);
    });
    await inParallel(places, jobs, async ({ archive, file, index, signature }) => {
      const packed = archive.type === 'index' ? index : file;
      const bytes = await signers.get(archive.user)!.sign(packed, formatArchiveName(archive));
      sys('write', `${file}.sig`, () => writeFileSync(signature, bytes, { flag: 'wx' }));
      if (archive.type === 'index') sys('date', `${file}.sig`, () => copyTime(index, signature));
    });
    syncFileSystem(publicFolder);
    for (const { archive, file, index, signature } of places) {
      // One is there already, with a signature: who fetches the two meanwhile has the shortest time to get what does not fit.
      if (archive.type === 'index') sys('move', file, () => renameSync(index, file));
      sys('move', `${file}.sig`, () => renameSync(signature, `${file}.sig`));
    }
  } catch (error) {
    for (const each of temporaries.flatMap(({ index, signature }) => [index, signature])) rmSync(each, { force: true });
    throw error;
  }
  syncFileSystem(publicFolder);
  for (const published of batch) onPublished?.(published);
}

function copyTime(from: string, to: string): void {
  const { mtime } = statSync(from);
  utimesSync(to, mtime, mtime);
}

/** An index has the date of what was packed, and so has its signature: one that is older is of another index, where a crash came between. */
function isPublished(archive: ArchiveName, file: string, depot: Depot): boolean {
  if (!existsSync(`${file}.sig`) || !existsSync(file)) return false;
  if (archive.type !== 'index') return true;
  const { mtimeMs } = statSync(depot.path(archive));
  return mtimeMs <= statSync(file).mtimeMs && mtimeMs <= statSync(`${file}.sig`).mtimeMs;
}

export const missingInDepot = (archives: readonly ArchiveName[]): Fault =>
  new Fault(
    'E-DEPOT-010' satisfies DepotCode,
    archives.length === 1
      ? `the archive '${formatArchiveName(archives[0]!)}' is missing in the depot`
      : `${archives.length} archives are missing in the depot`,
    {
      notes: archives.length === 1 ? [] : archives.map(formatArchiveName),
      hints: [
        "'igos depot create' makes archives from recipes, 'igos depot download' fetches those of others",
        ...(archives.some(({ type }) => type === 'bin') ? ["'igos depot build' makes binaries of sources"] : []),
      ],
    },
  );

function refuseBeyondGenode(wanted: readonly ArchiveName[], archives: readonly VersionedName[], depot: Depot): void {
  for (const archive of archives) {
    const why = beyondGenode(archive);
    if (why !== undefined) throw beyond(formatArchiveName(archive), why, []);
  }
  for (const pkg of wanted) {
    if (pkg.type !== 'pkg') continue;
    const [twice] = reachedTwice(pkg as VersionedName, depot);
    if (twice !== undefined) throw beyond(formatArchiveName(pkg), `'${twice.archive}' is reached on two ways`, twice.ways);
  }
}

const beyond = (archive: string, why: string, notes: readonly string[]): Fault =>
  new Fault('E-DEPOT-016' satisfies DepotCode, `Genode could not use '${archive}': ${why}`, {
    notes,
    hints: ['change it, or publish it for igos alone: --beyond-genode'],
  });
