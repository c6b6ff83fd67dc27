/**
 * Plain files: regular, no configuration, placed by pkm at a time that is known. There are very many, so SQLite itself puts their rows
 * together, package by package: 10,000 are here in a third of the time that one row each takes.
 */
import type { TimedFiles } from '../../store/index.ts';
import { badPath } from '../names.ts';
import type { Database, SqlList } from './database.ts';
import { listOf, wrongValue } from './wrong-value.ts';

export const NO_FILES: TimedFiles = { paths: [], sizesBytes: [], mtimesSeconds: [] };

const IS_PLAIN = "(kind = 'file' AND is_config = 0 AND mtime > 0)";
/** No path has it in it (`badPath`). */
const BETWEEN = '//';
const COLUMNS = [`group_concat(path, '${BETWEEN}')`, 'group_concat(size)', 'group_concat(mtime)'];

const DEPARTING = `SELECT ${COLUMNS.map((column) => `${column} FILTER (WHERE ${IS_PLAIN})`).join()},
  ${COLUMNS[0]} FILTER (WHERE NOT ${IS_PLAIN}) FROM files WHERE package = ?`;

/** Those of some owners, in the order of their rows, and the paths of all else that each has. */
export function plainAndOthers(database: Database, owners: readonly string[]): { plain: TimedFiles; others: string[][] } {
  const rows = owners.flatMap((owner) => database.lists(DEPARTING, owner));
  return { plain: timedFiles(rows), others: rows.map((row) => paths([row], 3)) };
}

const ENDED = `SELECT ${COLUMNS.join()} FROM files_past
  WHERE to_generation = ? AND ${IS_PLAIN} AND path NOT IN (SELECT path FROM files)`;

/** Those that the current generation, this one, ended, but for those whose path something has that it has not ended. */
export const endedPlain = (database: Database, generation: number): TimedFiles => timedFiles(database.lists(ENDED, generation));

/** @throws Fault E-PKM-021 what somebody changed by hand */
function timedFiles(rows: readonly SqlList[]): TimedFiles {
  const files = { paths: paths(rows, 0), sizesBytes: numbers(rows, 1), mtimesSeconds: numbers(rows, 2) };
  const { length } = files.paths;
  // One look at all of them: hardly any has such signs.
  const isDoubtful = texts(rows, 0).some((text) => text.includes('..') || text.includes('\0'));
  const odd = files.paths.find((path) => path === '' || path.endsWith('/') || (isDoubtful && badPath(path) !== undefined));
  if (odd !== undefined || files.sizesBytes.length !== length || files.mtimesSeconds.length !== length)
    throw wrongValue('the path of a file', odd ?? files.paths[length - 1] ?? null);
  return files;
}

/** A column of those rows that have something in it: of nothing, `group_concat` makes no text. */
const texts = (rows: readonly SqlList[], index: number): string[] =>
  rows.map((row) => row[index]).filter((text) => typeof text === 'string');

const numbers = (rows: readonly SqlList[], index: number): number[] =>
  texts(rows, index).flatMap((text) => listOf(`[${text}]`, index === 1 ? 'the size of a file' : 'the time of a file', isNumber));

const isNumber = (item: unknown): item is number => typeof item === 'number';

const paths = (rows: readonly SqlList[], index: number): string[] => texts(rows, index).flatMap((text) => text.split(BETWEEN));
