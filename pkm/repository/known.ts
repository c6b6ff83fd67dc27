/** What is known of repositories since they were synced: tables `repositories` and `available`, and the lists of files beside the database. */
import { hash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sys } from '../../base/index.ts';
import type { RootLayout } from '../layout.ts';
import type { Database, SqlRow } from '../state/database.ts';
import { integerOf, isText, listOf, timeOf } from '../state/wrong-value.ts';
import type { RootContext } from '../transaction.ts';
import { decodeFileList, type PackageFiles } from './file-list.ts';
import type { FetchedIndex } from './index-file.ts';
import type { RepositorySettings } from './settings.ts';

export interface KnownRepository {
  readonly address: string;
  /** Of its settings; '' where it was synced by its address. */
  readonly name: string;
  readonly mirrors: readonly string[];
  /** What it called itself when it was synced last; '': nothing. */
  readonly identity: string;
  readonly priority: number;
  readonly serial: number;
  /** Seconds since 1970, as the others; 0: not said, never, not known. */
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly syncedAt: number;
  readonly nPackages: number;
  /** Id of the key that signed it. */
  readonly keyId: string;
  readonly signature: string;
}

/** @throws Fault E-PKM-021 a value that pkm does not write */
function toKnown(row: SqlRow): KnownRepository {
  const address = String(row['address']);
  const what = (column: string): string => `column '${column}' of repository '${address}'`;
  const number = (column: string): number => integerOf(row[column], what(column));
  const time = (column: string): number => timeOf(row[column], what(column));
  return {
    address,
    name: String(row['name']),
    mirrors: listOf(String(row['mirrors']), what('mirrors'), isText),
    identity: String(row['identity'] ?? ''), // a database of an older igos that is open for reading only has none
    priority: number('priority'),
    serial: number('serial'),
    createdAt: time('created_at'),
    expiresAt: time('expires_at'),
    syncedAt: time('synced_at'),
    nPackages: number('packages'),
    keyId: String(row['key_id']),
    signature: String(row['signature']),
  };
}

/** By priority, then by address. */
export const knownRepositories = (database: Database): KnownRepository[] =>
  hasRepositories(database) ? database.all('SELECT * FROM repositories ORDER BY priority DESC, address').map(toKnown) : [];

export function knownRepository(database: Database, address: string): KnownRepository | undefined {
  const row = hasRepositories(database) ? database.get('SELECT * FROM repositories WHERE address = ?', address) : undefined;
  return row === undefined ? undefined : toKnown(row);
}

/** A database of an older igos that is open for reading only has no such table yet. */
export const hasRepositories = (database: Database): boolean =>
  database.get("SELECT 1 FROM sqlite_schema WHERE name = 'repositories'") !== undefined;

/** One transaction. Without `fetched` only what the settings say, and when it was looked for. */
export function putRepository(
  { database, io, layout }: RootContext,
  settings: RepositorySettings,
  { now, list, fetched }: { now: number; list: Buffer | undefined; fetched?: FetchedIndex },
): void {
  const [main, ...mirrors] = settings.addresses.map((url) => url.href);
  const path = fileListPath(layout, main!);
  if (list !== undefined) {
    io.makeOwnFolder(join(layout.state, FOLDER));
    io.writeOwn(path, list);
  } else if (fetched !== undefined && fetched.index.files === undefined && existsSync(path)) io.unlink(path);
  io.commit('sync', () =>
    database.transaction(() => {
      if (fetched !== undefined) putPackages(database, main!, fetched);
      database.run(
        'UPDATE repositories SET name = ?, mirrors = ?, priority = ?, synced_at = ? WHERE address = ?',
        settings.name,
        JSON.stringify(mirrors),
        settings.priority,
        now,
        main!,
      );
    }),
  );
}

function putPackages(database: Database, address: string, { index, signature, keyId }: FetchedIndex): void {
  database.run('DELETE FROM available WHERE repository = ?', address);
  database.run('DELETE FROM repositories WHERE address = ?', address);
  database.run(
    `INSERT INTO repositories (address, name, mirrors, priority, serial, created_at, expires_at, synced_at, packages, key_id, signature,
       identity) VALUES (?, '', '[]', 0, ?, ?, ?, 0, ?, ?, ?, ?)`,
    address,
    index.serial,
    index.createdAt,
    index.expiresAt,
    index.packages.length,
    keyId,
    signature,
    index.identity,
  );
  for (const item of index.packages) {
    database.run(
      `INSERT INTO available (repository, name, version, release, tier, summary, license, homepage, file, sha256, size, installed_size,
         runtime, provides, conflicts, supersedes, privileged) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`,
      address,
      item.name,
      item.version,
      item.release,
      item.tier,
      item.summary,
      item.license,
      item.homepage,
      item.file,
      item.sha256,
      item.sizeBytes,
      item.installedBytes,
      JSON.stringify(item.runtime),
      JSON.stringify(item.provides),
      JSON.stringify(item.conflicts),
      JSON.stringify(item.supersedes),
      JSON.stringify(item.privileged),
    );
  }
}

/** Forgets a repository and what it offered, but neither serial nor identity: should it come back, then not an older or another one. */
export function forgetRepository({ database, io, layout }: RootContext, address: string): void {
  io.commit('sync', () =>
    database.transaction(() => {
      database.run('DELETE FROM available WHERE repository = ?', address);
      database.run("UPDATE repositories SET name = '', signature = '', packages = 0, synced_at = 0 WHERE address = ?", address);
    }),
  );
  const path = fileListPath(layout, address);
  if (existsSync(path)) io.unlink(path);
}

const FOLDER = 'repositories';

export const fileListPath = (layout: RootLayout, address: string): string =>
  join(layout.state, FOLDER, `${hash('sha256', address).slice(0, 32)}.files.gz`);

/** The files of what a repository offers; nothing where it has no list. */
export function* filesOffered(layout: RootLayout, address: string): Generator<PackageFiles> {
  const path = fileListPath(layout, address);
  if (!existsSync(path)) return;
  yield* decodeFileList(sys('read', path, () => readFileSync(path)));
}
