import { existsSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { sys } from '../../base/index.ts';
import { folderInside } from '../disk.ts';
import type { RootIo } from '../io.ts';
import { ARCHIVE_CACHE, type RootLayout } from '../layout.ts';
import type { RootContext } from '../transaction.ts';

export interface CleanCacheOptions {
  /** What is offered, too. */
  readonly all?: boolean;
  readonly dryRun?: boolean;
}

export interface CleanCacheReport {
  readonly nFiles: number;
  readonly sizeBytes: number;
}

const NAME = /^([0-9a-f]{64})\.igos\.tar\.gz(\.part)?$/;

/** Only files of names that pkm gives are touched. */
export function cleanCache({ layout, database, io }: RootContext, options: CleanCacheOptions): CleanCacheReport {
  const offered = offeredIn(database);
  return removeArchives(layout, io, { isKept: (sha256) => options.all !== true && offered.has(sha256), dryRun: options.dryRun });
}

/** Downloads that broke off, of what nobody offers any more: nothing will go on with them. Only under the lock of downloads. */
export function dropForsaken({ layout, database, io }: RootContext): void {
  const offered = offeredIn(database);
  removeArchives(layout, io, { isKept: (sha256, isPart) => !isPart || offered.has(sha256), dryRun: false });
}

const offeredIn = (database: RootContext['database']): ReadonlySet<string> =>
  new Set(database.all('SELECT DISTINCT sha256 FROM available').map((row) => String(row['sha256'])));

/** The same of all, without a question to the database. */
export const emptyCache = (layout: RootLayout, io: RootIo): CleanCacheReport =>
  removeArchives(layout, io, { isKept: () => false, dryRun: false });

function removeArchives(
  layout: RootLayout,
  io: RootIo,
  { isKept, dryRun }: { isKept: (sha256: string, isPart: boolean) => boolean; dryRun: boolean | undefined },
): CleanCacheReport {
  const folder = folderInside(layout, ARCHIVE_CACHE);
  if (!existsSync(folder)) return { nFiles: 0, sizeBytes: 0 };
  let [nFiles, sizeBytes] = [0, 0];
  for (const name of sys('read', folder, () => readdirSync(folder))) {
    const [, sha256, part] = NAME.exec(name) ?? [];
    if (sha256 === undefined || isKept(sha256, part !== undefined)) continue;
    const path = join(folder, name);
    nFiles += 1;
    sizeBytes += lstatSync(path).size;
    if (dryRun !== true) sys('remove', path, () => io.unlink(path));
  }
  return { nFiles, sizeBytes };
}
