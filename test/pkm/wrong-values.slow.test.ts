/**
 * Each column of pkm's database with each kind of value that pkm does not write: whatever command reads it says what is wrong, or makes
 * nothing of it. None ends by an error of igos's own, and nothing outside of the root is touched.
 */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { compareBytes } from '../../base/index.ts';
import { runHere } from '../cli/in-process.ts';
import { ours, Publisher } from './repository-support.ts';
import { Sandbox } from './support.ts';

const VALUES = [
  ...['NULL', '-1', '0', '9007199254740993', '4611686018427387904', '1e300', "'x'", "''", "'[]'"],
  ...["x'00ff'", "CAST(x'ff41' AS TEXT)", "'../outside/x'", "'/etc/passwd'"],
];

const READING = [
  ...['list --all', 'info a', 'files a', 'owns /usr/a', 'history', 'generations', 'diff 1 2', 'verify --unowned', 'config list'],
  ...['available', 'search a', 'provides /usr/b', 'outdated', 'repositories', 'repair --dry-run', 'upgrade --dry-run'],
];
const WRITING = [
  ...['repair', 'remove a', 'rollback 1', 'rollback --package c 2', 'gc --keep 1', 'install b', 'upgrade --yes', 'sync'],
  ...['autoremove --yes', 'cache clean', 'mark --dependency a', 'hold a', 'recover', 'repair --rebuild-database'],
];

/** A root in which something is in every table but the journal, which is there if it is said what is in it. */
async function used(t: TestContext, operation: string | undefined): Promise<Sandbox> {
  const box = new Sandbox(t);
  const publisher = new Publisher(box);
  await publisher.add('a 2', { 'etc/a': '2\n', 'usr/a': '2' });
  await publisher.add('b 1', { 'usr/b': '1' });
  await publisher.publish();
  await box.do((root) => root.sync(publisher.address, { keys: [ours.open] }));
  const triggers = [{ name: 't', paths: ['usr/a'], run: ['/bin/true'], isFatal: false }];
  const files = { 'etc/a': '1\n', 'usr/a': '1', 'usr/l': '-> a', 'usr/d': { mode: 0o755 } };
  box.do((root) => root.install([box.image('a 1', files, { triggers }), box.image('c 1', { 'etc/c': '1\n', 'usr/c': '1' })]));
  box.do((root) => root.install([box.image('c 2', { 'etc/c': '2\n', 'usr/c': '2' }, { runtime: ['a'] })]));
  box.do((root) => root.hold(['c'], true));
  box.do((root) => root.install([box.image('e 1', { 'etc/e': '1\n' })]));
  box.write('etc/e', 'mine\n');
  box.do((root) => root.remove(['e']));
  mkdirSync(join(box.base, 'outside'));
  writeFileSync(join(box.base, 'outside/x'), 'precious');
  const database = new DatabaseSync(box.path('var/lib/igos/pkm.db'));
  database.exec(`INSERT INTO pending_triggers (generation, operation, package, name, run, fatal, matched)
    VALUES (1, 'install', 'a', 't', '["/bin/true"]', 0, 'usr/a')`);
  if (operation !== undefined) database.exec(`INSERT INTO journal VALUES (0, '${operation}', 'usr/a', 'usr/zz', 420, 0, 0)`);
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  database.close();
  return box;
}

/** Table, column, and which rows: all where they may be alike. */
function columnsOf(box: Sandbox, isJournal: boolean): string[][] {
  using database = new DatabaseSync(box.path('var/lib/igos/pkm.db'), { readOnly: true });
  const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
  return tables.flatMap(({ name: table }) => {
    const isMeant = isJournal === (table === 'journal') && database.prepare(`SELECT 1 FROM ${String(table)}`).get() !== undefined;
    const columns = database.prepare(`SELECT name FROM pragma_table_info('${String(table)}')`).all();
    return (isMeant ? columns : []).flatMap(({ name }) => {
      const [of, column] = [String(table), String(name)];
      if (of === 'settings' && column === 'value')
        return database
          .prepare('SELECT key FROM settings')
          .all()
          .map(({ key }) => [of, column, `WHERE key = '${String(key)}'`]);
      const isKey = column === 'path' || column === 'name';
      return [[of, column, isKey ? `WHERE ${column} = (SELECT max(${column}) FROM ${of})` : '']];
    });
  });
}

/** @returns whether the column takes it */
function change(box: Sandbox, [table, column, where]: readonly string[], value: string): boolean {
  using database = new DatabaseSync(box.path('var/lib/igos/pkm.db'));
  try {
    database.exec(`PRAGMA ignore_check_constraints = ON; DROP TRIGGER history_no_update;
      UPDATE OR REPLACE ${table} SET ${column} = ${value} ${where}; PRAGMA wal_checkpoint(TRUNCATE)`);
    return true;
  } catch {
    return false;
  }
}

const copy = (from: string, to: string): void => {
  rmSync(to, { recursive: true, force: true });
  cpSync(from, to, { recursive: true, verbatimSymlinks: true });
};

for (const operation of [undefined, 'place', 'unlink', 'move', 'metadata']) {
  const what = operation === undefined ? 'every table' : `a journal that ends with '${operation}'`;
  test(`wrong values in each column of ${what}`, { timeout: 600_000 }, async (t) => {
    const box = await used(t, operation);
    const kept = join(box.base, 'kept');
    copy(box.root, kept);
    const before = [...readdirSync(box.base), 'home'].sort(compareBytes);
    let turn = 0;
    const next = (commands: readonly string[]): string => commands[turn++ % commands.length]!;
    for (const column of columnsOf(box, operation !== undefined)) {
      for (const value of VALUES) {
        copy(kept, box.root);
        if (!change(box, column, value)) continue;
        const commands = operation === undefined ? [next(READING), next(WRITING)] : ['recover', 'verify'];
        for (const command of commands) {
          const { status, stderr } = await runHere('pkm', [
            ...command.split(' '),
            '--root',
            box.root,
            '--home',
            join(box.base, 'home'),
          ]);
          const about = `${column.join(' ')} = ${value}: pkm ${command}\n${stderr}`;
          assert.ok(status !== null && status <= 2, about);
          assert.equal(readFileSync(join(box.base, 'outside/x'), 'utf8'), 'precious', about);
          assert.deepEqual([...new Set([...readdirSync(box.base), 'home'])].sort(compareBytes), before, about);
        }
      }
    }
  });
}
