/** The text manifests: what an admin reads without SQLite. Written after the database, which wins where they differ. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RootIo } from './io.ts';
import type { RootLayout } from './layout.ts';
import type { Database } from './state/database.ts';
import { schemaVersion } from './state/schema.ts';
import { currentGeneration, databaseState, readSetting, SINCE_1, writeSetting } from './state/state.ts';
import type { FileRow, PackageRecord } from './types.ts';

/**
 * One package as text, as archives carry it. A line a path, sorted: `path/` for a directory, `path sha256:<hex>` for a file, `path -> target` for a
 * symlink. Paths may hold spaces; line breaks are refused long before.
 */
export function encodeManifest(record: PackageRecord, files: readonly FileRow[]): string {
  const lines = files.map((row) => {
    if (row.kind === 'directory') return `${row.path}/`;
    return row.kind === 'symlink' ? `${row.path} -> ${row.target}` : `${row.path} sha256:${row.sha256}`;
  });
  return manifestText(
    record,
    files.reduce((sum, row) => sum + row.sizeBytes, 0),
    lines,
  );
}

/** The same of a package of the current generation. SQLite writes the lines: no row becomes an object first. */
function currentManifest(database: Database, record: PackageRecord): string {
  const files = database.get(FILE_LIST, record.name)!;
  const lines = files['lines'] === null ? [] : [String(files['lines'])];
  return manifestText(record, Number(files['size']), lines, [...metadataLines(record)]);
}

/** What a database can be made of again, beside what everybody wants to read. Nothing is written for what is empty. */
function* metadataLines(record: PackageRecord): Iterable<string> {
  yield `REASON: ${record.reason}`;
  for (const [key, values] of Object.entries({
    TIER: [record.tier],
    LICENSE: [record.license],
    HOMEPAGE: [record.homepage],
    RUNTIME: record.runtime,
    PROVIDES: record.provides,
    CONFLICTS: record.conflicts,
    CONFIG: record.config,
    TRIGGER: (record.triggers ?? []).map((trigger) => JSON.stringify(trigger)),
    SUPERSEDED_AT: record.supersededAt === 0 ? [] : [timeText(record.supersededAt)],
  })) {
    for (const value of values) if (value !== '') yield `${key}: ${value.replace(/\s+/g, ' ')}`;
  }
}

const timeText = (seconds: number): string => new Date(seconds * 1000).toISOString().replace('.000', '');

function manifestText(
  record: PackageRecord,
  sizeBytes: number,
  files: readonly string[],
  metadata: readonly string[] = [],
): string {
  const size = sizeBytes > 1 << 20 ? `${(sizeBytes / (1 << 20)).toFixed(1)}M` : `${Math.round(sizeBytes / 1024)}K`;
  const lines = [
    `PACKAGE NAME: ${record.name}-${record.version}`,
    `PACKAGE VERSION: ${record.version}`,
    `PACKAGE RELEASE: ${record.release}`,
    `UNCOMPRESSED SIZE: ${size} (${sizeBytes} bytes)`,
    `INSTALL DATE: ${timeText(record.installedAt)}`,
    'BUILD SYSTEM: igos pkm',
    `ORIGIN: ${record.origin.kind === 'store' ? record.origin.storePath : `archive sha256:${record.origin.sha256}`}`,
  ];
  if (record.supersedes.length > 0) lines.push(`SUPERSEDES: ${record.supersedes.join(', ')}`);
  if (record.supersededBy.length > 0) lines.push(`SUPERSEDED_BY: ${record.supersededBy.join(', ')}`);
  lines.push(...metadata, 'DESCRIPTION:', `${record.name}: ${record.summary.replace(/\s+/g, ' ')}`, '', 'FILE LIST:');
  lines.push(...files);
  return `${lines.join('\n')}\n`;
}

/**
 * Behind directories and files, what is not usual: modes other than 0755 and 0644, owners other than root, capabilities; and what stood
 * there before. Most rows are of files without any of it, which is asked first.
 */
const FILE_LIST = `
  SELECT coalesce(sum(max(size, 0)), 0) AS size, group_concat(
    CASE WHEN mode = 420 AND kind = 'file' AND uid + gid = 0 AND capability IS NULL AND was_there = 0
    THEN path || ' sha256:' || sha256 ELSE CASE kind WHEN 'symlink' THEN path || ' -> ' || target ELSE
      path || CASE kind WHEN 'directory' THEN '/' ELSE ' sha256:' || sha256 END
      || CASE WHEN mode = iif(kind = 'directory', 493, 420) THEN '' ELSE printf(' mode:%04o', mode) END
      || CASE WHEN uid + gid = 0 THEN '' ELSE ' owner:' || uid || ':' || gid END
      || CASE WHEN capability IS NULL THEN '' ELSE ' capability:' || capability END
      || CASE was_there WHEN 0 THEN '' ELSE ' there-before' END
    END END,
    char(10) ORDER BY path) AS lines
  FROM files WHERE package = ?`;

/** Manifests of databases before this one say less. */
const SCHEMA_OF_FORMAT = 32;

const manifestName = (record: PackageRecord): string => `${record.name}-${record.version}`;

/** Brings the manifests to the current generation, where they are not. */
export function syncManifests(layout: RootLayout, database: Database, io: RootIo): void {
  const confirm = writeManifests(layout, database, io);
  if (confirm === undefined) return;
  // One sync for all, before anything says that they are right: those that went must not come back after a power loss.
  io.syncFileSystem(layout.manifests);
  io.commit('manifests', confirm);
}

/** The same without its end. @returns what says in the database that they are right, to be called once they are synced; `undefined`: it is said */
export function writeManifests(layout: RootLayout, database: Database, io: RootIo): (() => void) | undefined {
  const current = currentGeneration(database);
  const written = Number(readSetting(database, 'manifests_generation') ?? -1);
  if (written === current && existsSync(layout.manifests)) return undefined;
  const state = databaseState(database);
  const records = state.records();
  const names = new Set(records.map(manifestName));
  const changed = new Set(
    database
      .all(
        `SELECT DISTINCT name FROM installed WHERE from_generation > ?1 UNION SELECT package FROM files WHERE ${SINCE_1}
         UNION SELECT package FROM files_past WHERE to_generation > ?1`,
        written,
      )
      .map((row) => row['name']),
  );
  io.makeOwnFolder(layout.manifests);
  for (const record of records) {
    const path = join(layout.manifests, manifestName(record));
    if (changed.has(record.name) || !existsSync(path)) io.writeOwn(path, currentManifest(database, record), { sync: false });
  }
  const gone = readdirSync(layout.manifests, { withFileTypes: true })
    .filter((entry) => !names.has(entry.name) && !entry.isDirectory())
    .map(({ name }) => name);
  for (const path of io.unlinkMany(gone.map((name) => join(layout.manifests, name)))) io.unlink(path);
  return () => writeSetting(database, 'manifests_generation', String(current));
}

export interface ManifestDivergence {
  readonly name: string;
  readonly kind: 'missing' | 'different' | 'extra';
}

/** Where the text manifests and the database disagree. `only`: these packages. */
export function manifestDivergences(layout: RootLayout, database: Database, only?: readonly string[]): ManifestDivergence[] {
  const state = databaseState(database);
  // Those of an older igos are written anew by the next command that changes the root.
  const isOlder = schemaVersion(database) < SCHEMA_OF_FORMAT;
  const found: ManifestDivergence[] = [];
  const names = new Set<string>();
  for (const record of state.records()) {
    const name = manifestName(record);
    names.add(name);
    if (only !== undefined && !only.includes(record.name)) continue;
    const path = join(layout.manifests, name);
    if (!existsSync(path)) found.push({ name, kind: 'missing' });
    else if (!isOlder && readFileSync(path, 'utf8') !== currentManifest(database, record))
      found.push({ name, kind: 'different' });
  }
  if (only === undefined && existsSync(layout.manifests)) {
    for (const name of readdirSync(layout.manifests)) if (!names.has(name)) found.push({ name, kind: 'extra' });
  }
  return found;
}
