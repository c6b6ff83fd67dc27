import type { Fault } from '../../base/index.ts';
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
import { integerOf, isText, listOf, timeOf, wrongValue } from './wrong-value.ts';

const text = (value: SqlValue | undefined): string => (value === null || value === undefined ? '' : String(value));

/** @throws Fault E-PKM-021 a value that pkm does not write */
export function toRecord(row: SqlRow): PackageRecord {
  const name = text(row['name']);
  const what = (column: string): string => `column '${column}' of package '${name}'`;
  const list = (column: string): string[] => listOf(text(row[column]), what(column), isText);
  // Its manifest is called so.
  for (const column of ['name', 'version']) if (text(row[column]).includes('/')) throw wrongValue(what(column), row[column]);
  const reason = row['reason'] as InstallReason;
  if (reason !== 'explicit' && reason !== 'dependency') throw wrongValue(what('reason'), reason);
  return {
    name,
    version: text(row['version']),
    release: integerOf(row['release'], what('release')),
    tier: text(row['tier']),
    summary: text(row['summary']),
    license: text(row['license']),
    homepage: text(row['homepage']),
    origin: toOrigin(row, what('origin')),
    reason,
    runtime: list('runtime'),
    provides: list('provides'),
    conflicts: list('conflicts'),
    supersedes: list('supersedes'),
    config: list('config'),
    ...triggersOf(row, what('triggers')),
    installedAt: timeOf(row['installed_at'], what('installed_at')),
    supersededBy: text(row['superseded_by']) === '' ? [] : text(row['superseded_by']).split(', '),
    supersededAt: timeOf(row['superseded_at'] ?? 0, what('superseded_at')),
    fromGeneration: integerOf(row['from_generation'], what('from_generation')),
  };
}

/** Absent where there are none, and in a database of an older igos that is read only. */
function triggersOf(row: SqlRow, what: string): { triggers?: readonly Trigger[] } {
  const value = text(row['triggers']);
  return value === '' || value === '[]' ? {} : { triggers: listOf(value, what, isTrigger) };
}

function isTrigger(item: unknown): item is Trigger {
  const { name, paths, run, isFatal } = (item ?? {}) as Partial<Trigger>;
  const areTexts = [paths, run].every((list) => Array.isArray(list) && list.every(isText));
  return isText(name) && areTexts && typeof isFatal === 'boolean';
}

function toOrigin(row: SqlRow, what: string): Origin {
  if (row['origin'] === 'store') return { kind: 'store', storePath: text(row['store_path']) };
  if (row['origin'] === 'archive') return { kind: 'archive', file: text(row['archive']), sha256: text(row['archive_sha256']) };
  throw wrongValue(what, row['origin']);
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

/** @throws Fault E-PKM-021 a value that pkm does not write */
export const toFile = (row: SqlRow): FileRow => listedFile(FILE_COLUMNS.map((column) => row[column] ?? null));

/** Of `files` and `files_past`, as `listedFile` takes them. A database of an older igos that is read only lacks the last. */
export const LISTED_COLUMNS = 'path, package, kind, mode, uid, gid, size, sha256, target, is_config, was_there, mtime';
const FILE_COLUMNS: readonly string[] = [...LISTED_COLUMNS.split(', '), 'capability'];
const KINDS: readonly unknown[] = ['file', 'directory', 'symlink'] satisfies FileRow['kind'][];

/** Names the first value that pkm does not write. */
function wrongFile(row: SqlList): Fault {
  const isRight = [
    isText,
    isText,
    (kind: unknown) => KINDS.includes(kind),
    Number.isSafeInteger,
    Number.isSafeInteger,
    Number.isSafeInteger,
    Number.isSafeInteger,
  ];
  const found = isRight.findIndex((is, column) => !is(row[column]));
  const column = found === -1 ? LISTED_COLUMNS.split(', ').indexOf('mtime') : found;
  return wrongValue(`column '${FILE_COLUMNS[column]}' of path '${String(row[0])}' of package '${String(row[1])}'`, row[column]);
}

/** The same as `toFile`, from `LISTED_COLUMNS` and `capability`. @throws Fault E-PKM-021 */
export function listedFile(row: SqlList): FileRow {
  const isNamed = typeof row[0] === 'string' && typeof row[1] === 'string' && KINDS.includes(row[2]);
  const isNumbered =
    Number.isSafeInteger(row[3]) &&
    Number.isSafeInteger(row[4]) &&
    Number.isSafeInteger(row[5]) &&
    Number.isSafeInteger(row[6]) &&
    Number.isSafeInteger(row[11]);
  if (!isNamed || !isNumbered) throw wrongFile(row);
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
