import type { Database } from './state/database.ts';
import { checkHistory } from './state/history.ts';
import { currentGeneration } from './state/state.ts';

/** Each query finds what must not be; `what` says it of a row's `subject`. */
const QUERIES: readonly { readonly what: string; readonly sql: string }[] = [
  {
    what: 'belongs to no recorded package',
    sql: 'SELECT path AS subject FROM files WHERE package NOT IN (SELECT name FROM installed)',
  },
  {
    what: 'is a directory and something else',
    sql: "SELECT path AS subject FROM files GROUP BY path HAVING count(DISTINCT kind) > 1 OR (count(*) > 1 AND min(kind) <> 'directory')",
  },
  {
    what: 'lies below something that is no directory',
    sql: `SELECT child.path AS subject FROM files AS child JOIN files AS parent
          ON child.path > parent.path || '/' AND child.path < parent.path || '0' WHERE parent.kind <> 'directory'`,
  },
  {
    what: 'is a file without a hash, or something else with one',
    sql: "SELECT path AS subject FROM files WHERE (kind = 'file') <> (sha256 IS NOT NULL)",
  },
  {
    what: 'is configuration that is not tracked',
    sql: 'SELECT path AS subject FROM files WHERE is_config = 1 AND path NOT IN (SELECT path FROM config_files)',
  },
  {
    what: 'is tracked as owned configuration without an owner',
    sql: 'SELECT path AS subject FROM config_files WHERE orphaned_at IS NULL AND path NOT IN (SELECT path FROM files)',
  },
  {
    what: 'says it was superseded, but not when',
    sql: 'SELECT name AS subject FROM installed WHERE (superseded_by IS NULL) <> (superseded_at IS NULL)',
  },
  {
    what: 'begins in a generation that is still to come',
    sql: "SELECT path AS subject FROM files WHERE from_generation > (SELECT value FROM settings WHERE key = 'current_generation') + 0",
  },
  {
    what: 'is an interval that ends before it begins',
    sql: 'SELECT path AS subject FROM files_past WHERE to_generation <= from_generation',
  },
];

/** What is wrong inside the database, in sentences. */
export function checkInvariants(database: Database): string[] {
  const found = QUERIES.flatMap(({ what, sql }) =>
    database.all(`${sql} LIMIT 10`).map((row) => `'${String(row['subject'])}' ${what}`),
  );
  const current = currentGeneration(database);
  if (database.get('SELECT 1 FROM generations WHERE number = ?', current) === undefined)
    found.push(`the current generation ${current} is not recorded`);
  const history = checkHistory(database);
  if (history !== undefined) found.push(`history: ${history}`);
  const integrity = database.get('PRAGMA quick_check')?.['quick_check'];
  if (integrity !== 'ok') found.push(`SQLite: ${String(integrity)}`);
  return found;
}
