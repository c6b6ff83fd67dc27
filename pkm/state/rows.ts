import { Bug } from '../../base/index.ts';
import type {
  ConfigRow,
  FileRow,
  GenerationRecord,
  InstallReason,
  Origin,
  PackageRecord,
  TransactionKind,
  Trigger,
} from '../types.ts';
import type { SqlList, SqlRow, SqlValue } from './database.ts';

const text = (value: SqlValue | undefined): string => (value === null || value === undefined ? '' : String(value));
const list = (value: SqlValue | undefined): string[] => JSON.parse(text(value)) as string[];

export function toRecord(row: SqlRow): PackageRecord {
  return {
    name: text(row['name']),
    version: text(row['version']),
    release: Number(row['release']),
    tier: text(row['tier']),
    summary: text(row['summary']),
    license: text(row['license']),
    homepage: text(row['homepage']),
    origin: toOrigin(row),
    reason: row['reason'] as InstallReason,
    runtime: list(row['runtime']),
    provides: list(row['provides']),
    conflicts: list(row['conflicts']),
    supersedes: list(row['supersedes']),
    config: list(row['config']),
    ...triggersOf(row),
    installedAt: Number(row['installed_at']),
    supersededBy: text(row['superseded_by']) === '' ? [] : text(row['superseded_by']).split(', '),
    supersededAt: Number(row['superseded_at'] ?? 0),
    fromGeneration: Number(row['from_generation']),
  };
}

/** Absent where there are none, and in a database of an older igos that is read only. */
function triggersOf(row: SqlRow): { triggers?: readonly Trigger[] } {
  const value = text(row['triggers']);
  return value === '' || value === '[]' ? {} : { triggers: JSON.parse(value) as Trigger[] };
}

function toOrigin(row: SqlRow): Origin {
  if (row['origin'] === 'store') return { kind: 'store', storePath: text(row['store_path']) };
  if (row['origin'] === 'archive') return { kind: 'archive', file: text(row['archive']), sha256: text(row['archive_sha256']) };
  throw new Bug(`origin '${String(row['origin'])}'`);
}

/** Values of `RECORD_COLUMNS`. */
export function fromRecord(record: PackageRecord): SqlValue[] {
  const { origin } = record;
  return [
    record.name,
    record.version,
    record.release,
    record.tier,
    record.summary,
    record.license,
    record.homepage,
    origin.kind,
    origin.kind === 'store' ? origin.storePath : null,
    origin.kind === 'archive' ? origin.file : null,
    origin.kind === 'archive' ? origin.sha256 : null,
    record.reason,
    JSON.stringify(record.provides),
    JSON.stringify(record.conflicts),
    JSON.stringify(record.supersedes),
    JSON.stringify(record.config),
    JSON.stringify(record.runtime),
    record.installedAt,
    record.supersededBy.length === 0 ? null : record.supersededBy.join(', '),
    record.supersededAt === 0 ? null : record.supersededAt,
    record.fromGeneration,
    JSON.stringify(record.triggers ?? []),
  ];
}

export function toFile(row: SqlRow): FileRow {
  return {
    path: row['path'] as string,
    owner: row['package'] as string,
    kind: row['kind'] as FileRow['kind'],
    mode: row['mode'] as number,
    uid: row['uid'] as number,
    gid: row['gid'] as number,
    sizeBytes: row['size'] as number,
    sha256: (row['sha256'] ?? '') as string,
    target: (row['target'] ?? '') as string,
    isConfig: row['is_config'] === 1,
    wasThere: row['was_there'] === 1,
    mtimeSeconds: row['mtime'] as number,
    ...(typeof row['capability'] === 'string' ? { capability: row['capability'] } : {}),
  };
}

/** Of `files` and `files_past`, as `listedFile` takes them. A database of an older igos that is read only lacks the last. */
export const LISTED_COLUMNS = 'path, package, kind, mode, uid, gid, size, sha256, target, is_config, was_there, mtime';

/** The same as `toFile`, from `LISTED_COLUMNS` and `capability`. */
export function listedFile(row: SqlList): FileRow {
  const capability = row[12];
  return {
    path: row[0] as string,
    owner: row[1] as string,
    kind: row[2] as FileRow['kind'],
    mode: row[3] as number,
    uid: row[4] as number,
    gid: row[5] as number,
    sizeBytes: row[6] as number,
    sha256: (row[7] ?? '') as string,
    target: (row[8] ?? '') as string,
    isConfig: row[9] === 1,
    wasThere: row[10] === 1,
    mtimeSeconds: row[11] as number,
    ...(typeof capability === 'string' ? { capability } : {}),
  };
}

/** Columns in table order, up to `from_generation`. */
export const fromFile = (file: FileRow, fromGeneration: number): SqlValue[] => [
  file.path,
  file.owner,
  file.kind,
  file.mode,
  file.uid,
  file.gid,
  file.sizeBytes,
  file.sha256 === '' ? null : file.sha256,
  file.kind === 'symlink' ? file.target : null,
  file.isConfig ? 1 : 0,
  file.wasThere ? 1 : 0,
  file.mtimeSeconds,
  file.capability ?? null,
  fromGeneration,
];

export const toConfig = (row: SqlRow): ConfigRow => ({
  path: text(row['path']),
  owner: text(row['package']),
  originalSha256: text(row['original_sha256']),
  upstreamSha256: text(row['upstream_sha256']),
  newPath: text(row['new_path']),
  newSha256: text(row['new_sha256']),
  orphanedAt: Number(row['orphaned_at'] ?? 0),
});

export const fromConfig = (row: ConfigRow): SqlValue[] => [
  row.path,
  row.owner,
  row.originalSha256 === '' ? null : row.originalSha256,
  row.upstreamSha256,
  row.newPath === '' ? null : row.newPath,
  row.newSha256 === '' ? null : row.newSha256,
  row.orphanedAt === 0 ? null : row.orphanedAt,
];

export const toGeneration = (row: SqlRow): GenerationRecord => ({
  number: Number(row['number']),
  kind: row['kind'] as TransactionKind,
  createdAt: Number(row['created_at']),
  summary: text(row['summary']),
  nPackages: Number(row['packages']),
});
