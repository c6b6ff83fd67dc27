import type { Fault } from '../../base/index.ts';
import { badPath } from '../names.ts';
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
import { integerOf, isText, LAST_SECOND, listOf, pathOf, timeOf, wrongValue } from './wrong-value.ts';

const text = (value: SqlValue | undefined): string => (value === null || value === undefined ? '' : String(value));

const TEXT_COLUMNS = ['name', 'version', 'tier', 'summary', 'license', 'homepage'];
/** What is no UTF-8 is read as U+FFFD, by which nothing is found again. */
const FILE_NAME = /^[^./\0\ufffd][^/\0\ufffd]*$/;

/** @throws Fault E-PKM-021 a value that pkm does not write */
export function toRecord(row: SqlRow): PackageRecord {
  const name = text(row['name']);
  const what = (column: string): string => `column '${column}' of package '${name}'`;
  const list = (column: string): string[] => listOf(text(row[column]), what(column), isText);
  for (const column of TEXT_COLUMNS) if (!isText(row[column])) throw wrongValue(what(column), row[column]);
  // Its manifest is called so.
  for (const column of ['name', 'version']) if (!FILE_NAME.test(text(row[column]))) throw wrongValue(what(column), row[column]);
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

export function isTrigger(item: unknown): item is Trigger {
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
  const isRight = [isPlace, isText, isKind, isMode, isOwner, isOwner, isSize, isHash, isTarget, isAny, isAny, isTime];
  const column = isRight.findIndex((is, index) => !is(row[index]));
  return wrongValue(`column '${FILE_COLUMNS[column]}' of path '${String(row[0])}' of package '${String(row[1])}'`, row[column]);
}

type Cell = SqlList[number] | undefined;

/** Most have none of these signs, which a look finds quicker than the whole rule is gone through. */
const isPlace = (cell: Cell): cell is string =>
  typeof cell === 'string' &&
  ((cell !== '' && cell[0] !== '/' && !cell.includes('..') && !cell.includes('\0')) || badPath(cell) === undefined);
const isKind = (cell: Cell): boolean => KINDS.includes(cell);
const isMode = (cell: Cell): boolean => ((cell as number) & 0o7777) === cell;
const isOwner = (cell: Cell): boolean => (cell as number) >>> 0 === cell;
/** -1: of what was adopted with another content than was known. */
const isSize = (cell: Cell): boolean => Number.isSafeInteger(cell) && (cell as number) >= -1;
const isHash = (cell: Cell): boolean => cell === null || cell === '' || (typeof cell === 'string' && cell.length === 64);
const isTarget = (cell: Cell): boolean => cell === null || (typeof cell === 'string' && cell !== '' && !cell.includes('\0'));
const isAny = (): boolean => true;
const isTime = (cell: Cell): boolean => Number.isSafeInteger(cell) && Math.abs(cell as number) <= LAST_SECOND;

/** The same as `toFile`, from `LISTED_COLUMNS` and `capability`. @throws Fault E-PKM-021 */
export function listedFile(row: SqlList): FileRow {
  const isNamed = isPlace(row[0]) && typeof row[1] === 'string' && isKind(row[2]) && isHash(row[7]) && isTarget(row[8]);
  const isNumbered = isMode(row[3]) && isOwner(row[4]) && isOwner(row[5]) && isSize(row[6]) && isTime(row[11]);
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

/** @throws Fault E-PKM-021 a value that pkm does not write */
export function toConfig(row: SqlRow): ConfigRow {
  const what = (column: string): string => `column '${column}' of configuration '${text(row['path'])}'`;
  const newPath = row['new_path'] ?? '';
  return {
    path: pathOf(row['path'], what('path')),
    owner: text(row['package']),
    originalSha256: text(row['original_sha256']),
    upstreamSha256: text(row['upstream_sha256']),
    newPath: newPath === '' ? '' : pathOf(newPath, what('new_path')),
    newSha256: text(row['new_sha256']),
    orphanedAt: timeOf(row['orphaned_at'] ?? 0, what('orphaned_at')),
  };
}

export const fromConfig = (row: ConfigRow): SqlValue[] => [
  row.path,
  row.owner,
  row.originalSha256 === '' ? null : row.originalSha256,
  row.upstreamSha256,
  row.newPath === '' ? null : row.newPath,
  row.newSha256 === '' ? null : row.newSha256,
  row.orphanedAt === 0 ? null : row.orphanedAt,
];

/** @throws Fault E-PKM-021 a value that pkm does not write */
export function toGeneration(row: SqlRow): GenerationRecord {
  const number = integerOf(row['number'], 'the number of a generation');
  const what = (column: string): string => `column '${column}' of generation ${number}`;
  return {
    number,
    kind: row['kind'] as TransactionKind,
    createdAt: timeOf(row['created_at'], what('created_at')),
    summary: text(row['summary']),
    nPackages: integerOf(row['packages'], what('packages')),
  };
}
