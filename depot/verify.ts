import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Fault, removedAtEnd, sys, temporaryFolder } from '../base/index.ts';
import { archiveHash } from './archive-hash.ts';
import { formatArchiveName, type VersionedName } from './archive-name.ts';
import type { Depot } from './depot.ts';
import { type Difference, differencesOf } from './differences.ts';
import { inParallel } from './in-parallel.ts';
import { publicPath, topOf } from './layout.ts';
import { unpackArchive } from './unpack.ts';
import { readPublicKeyFile } from './users.ts';

export interface VerifyDepotOptions {
  readonly depot: Depot;
  readonly publicFolder: string;
  readonly tree?: string;
  readonly jobs: number;
  readonly now: Date;
  readonly onVerified?: (result: VerifiedArchive) => void;
}

/** `signed`: equal to what its user signed. `local`: never published, equal to its hash. `unknown`: there is nothing to compare with. */
export interface VerifiedArchive {
  readonly archive: VersionedName;
  readonly outcome: 'signed' | 'local' | 'unknown' | 'bad';
  /** Why it is bad. */
  readonly reason?: string;
  readonly differences?: readonly Difference[];
}

/** Compares archives of a depot with what was signed or, where nothing was, with their hashes. Reads everything. Results in the order given. */
export async function verifyDepot(archives: readonly VersionedName[], options: VerifyDepotOptions): Promise<VerifiedArchive[]> {
  return inParallel(archives, options.jobs, async (archive) => {
    const result = await verifyOne(archive, options);
    options.onVerified?.(result);
    return result;
  });
}

async function verifyOne(archive: VersionedName, options: VerifyDepotOptions): Promise<VerifiedArchive> {
  const { depot, publicFolder } = options;
  const file = join(publicFolder, publicPath(archive, depot.layout));
  if (archive.type !== 'index' && existsSync(file) && existsSync(`${file}.sig`)) {
    try {
      return await compareWithSigned(archive, options);
    } catch (error) {
      if (error instanceof Fault) return { archive, outcome: 'bad', reason: error.message };
      throw error;
    }
  }
  const stated = depot.hash(archive);
  // Of a package the hash was taken before its user's name was put in; of a binary it is that of its source.
  if (stated === undefined || !['raw', 'api', 'src'].includes(archive.type)) return { archive, outcome: 'unknown' };
  if (archiveHash(depot.path(archive), depot.layout) === stated) return { archive, outcome: 'local' };
  return { archive, outcome: 'bad', reason: 'its content does not have its hash' };
}

async function compareWithSigned(archive: VersionedName, options: VerifyDepotOptions): Promise<VerifiedArchive> {
  const scratch = temporaryFolder('igos-depot-verify');
  using _ = removedAtEnd(scratch);
  await signedCopy(archive, scratch, options);
  const differences = differencesOf(scratch, options.depot.path(archive));
  if (differences.length === 0) return { archive, outcome: 'signed' };
  return { archive, outcome: 'bad', reason: 'its content is not what was signed', differences };
}

/**
 * Unpacks what the user of an archive signed, from `public/`, into an empty folder of the caller.
 *
 * @returns fingerprint of the key
 * @throws Fault E-DEPOT-011 to E-DEPOT-014
 */
export async function signedCopy(
  archive: VersionedName,
  folder: string,
  { depot, publicFolder, tree, now }: Pick<VerifyDepotOptions, 'depot' | 'publicFolder' | 'tree' | 'now'>,
): Promise<string> {
  const { readPublicKeys, verifyFile } = await import('./openpgp.ts');
  const { bytes, path } = readPublicKeyFile(archive.user, { depot: depot.folder, ...(tree === undefined ? {} : { tree }) });
  const file = join(publicFolder, publicPath(archive, depot.layout));
  const name = formatArchiveName(archive);
  const signature = sys('read', `${file}.sig`, () => readFileSync(`${file}.sig`));
  const keys = await readPublicKeys(bytes, path);
  const { fingerprint, content } = await verifyFile({ archive: name, file, signature, keys, now });
  await unpackArchive(content, folder, { archive: name, top: topOf(archive, depot.layout), layout: depot.layout });
  return fingerprint;
}
