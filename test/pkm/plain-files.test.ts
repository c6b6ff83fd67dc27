/** Rows of plain files that SQLite puts together are those that it gives one by one; and how rows are found. */
import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { openDatabase } from '../../pkm/state/database.ts';
import { endedPlain, plainAndOthers } from '../../pkm/state/plain-files.ts';
import { databaseState, OF_OWNER_AT } from '../../pkm/state/state.ts';
import { eachTimed } from '../../store/index.ts';
import { type FileSpec, Sandbox } from './support.ts';

const files: Record<string, FileSpec> = {
  'etc/a.conf': 'x\n',
  'usr/a,b': 'comma',
  'usr/bin/a': { mode: 0o755, text: 'run' },
  'usr/lib/l': '-> gone',
  'usr/empty': '',
  'usr/d/Ünicode 𝄞': 'wide',
  "usr/d/it's": 'quote',
  'usr/d/e/f': 'deep',
  'usr/own': { mode: 0o750 },
  top: 'top',
};

function installed(t: ConstructorParameters<typeof Sandbox>[0]): Sandbox {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('a 1', files), box.image('b 1', { 'usr/b': 'b' }), box.image('none 1', {})]));
  // A second age, and a file that was there before: its time is not one that pkm gave.
  box.write('usr/c', 'mine');
  box.do((root) => root.install([box.image('a 2', { ...files, 'usr/new': 'n', 'usr/c': 'mine' })]));
  return box;
}

test('plain files of packages, and what else they have', (t) => {
  const box = installed(t);
  const path = box.path('var/lib/igos/pkm.db');
  const database = openDatabase(path, { readOnly: false });
  t.after(() => database.close());
  database.run("UPDATE files SET mtime = 0 WHERE path = 'usr/empty'");
  const owners = ['b', 'none', 'a', 'nobody'];
  const { plain, others } = plainAndOthers(database, owners);
  const rows = owners.flatMap((owner) => [...databaseState(database).filesOf(owner)]);
  const isPlain = (row: (typeof rows)[number]): boolean => row.kind === 'file' && !row.isConfig && row.mtimeSeconds > 0;
  const byPath = (a: { path: string }, b: { path: string }): number => (a.path < b.path ? -1 : 1);
  assert.deepEqual(
    eachTimed(plain).sort(byPath),
    rows
      .filter(isPlain)
      .map(({ path, sizeBytes, mtimeSeconds }) => ({ path, sizeBytes, mtimeSeconds }))
      .sort(byPath),
  );
  assert.deepEqual(new Set(others.flat()), new Set(rows.filter((row) => !isPlain(row)).map((row) => row.path)));
  assert.ok(plain.paths.includes('usr/a,b') && plain.paths.includes('usr/d/Ünicode 𝄞') && others.flat().includes('usr/empty'));
  assert.deepEqual(plainAndOthers(database, []), { plain: { paths: [], sizesBytes: [], mtimesSeconds: [] }, others: [] });
});

test('plain files that a generation ended, but for paths that something has', (t) => {
  const box = installed(t);
  box.do((root) => root.remove(['a', 'none']));
  box.do((root) => root.install([box.image('d 1', { top: 'other' })]));
  const database = openDatabase(box.path('var/lib/igos/pkm.db'), { readOnly: true });
  t.after(() => database.close());
  const ended = endedPlain(database, 3);
  const went = ['usr/a,b', 'usr/bin/a', 'usr/c', 'usr/d/e/f', "usr/d/it's", 'usr/d/Ünicode 𝄞', 'usr/empty', 'usr/new'];
  assert.deepEqual(new Set(ended.paths), new Set(went));
  assert.equal(ended.sizesBytes[ended.paths.indexOf('usr/d/Ünicode 𝄞')], 4);
  assert.deepEqual(endedPlain(database, 77).paths, []);
});

test('no question that is asked often looks at every row', (t) => {
  const box = installed(t);
  const database = new DatabaseSync(box.path('var/lib/igos/pkm.db'), { readOnly: true });
  t.after(() => database.close());
  const listed = "IN (SELECT value FROM json_each('[]'))";
  const plans: Record<string, RegExp> = {
    "SELECT * FROM files WHERE path = 'x' ORDER BY package": /SEARCH files USING INDEX files_path \(path=\?\)/,
    [`SELECT * FROM files WHERE path ${listed} ORDER BY path, package`]: /SEARCH files USING INDEX files_path \(path=\?\)/,
    "SELECT * FROM files WHERE path > 'x' ORDER BY path LIMIT 9": /SEARCH files USING INDEX files_path \(path>\?\)/,
    // Not all owners of a directory.
    [`SELECT * FROM files WHERE ${OF_OWNER_AT}`]: /SEARCH files USING INDEX files_path \(path=\? AND <expr>=\?\)/,
    "SELECT * FROM files WHERE package = 'x' ORDER BY path": /SEARCH files USING PRIMARY KEY \(package=\?\)/,
    'SELECT path FROM files_past WHERE to_generation = 3': /SEARCH files_past USING INDEX files_past_to/,
  };
  for (const [sql, expected] of Object.entries(plans)) {
    const said = database
      .prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .all()
      .map((step) => String(step['detail']));
    assert.match(said.join('\n'), expected, sql);
    assert.ok(!said.some((line) => /^SCAN files/.test(line)), sql);
  }
});

test('a path has one owner, a directory as many as want it', (t) => {
  const box = installed(t);
  const database = new DatabaseSync(box.path('var/lib/igos/pkm.db'));
  t.after(() => database.close());
  const copy = (path: string, owner: string): void => {
    const rest = 'kind, mode, uid, gid, size, sha256, target, is_config, was_there, mtime, 9, capability';
    database.exec(`INSERT INTO files SELECT path, '${owner}', ${rest} FROM files WHERE path = '${path}' LIMIT 1`);
  };
  for (const path of ['top', 'usr/lib/l', 'etc/a.conf']) assert.throws(() => copy(path, 'q'), /UNIQUE constraint failed/, path);
  copy('usr', 'q');
  assert.throws(() => copy('usr', 'q'), /UNIQUE constraint failed/);
});
