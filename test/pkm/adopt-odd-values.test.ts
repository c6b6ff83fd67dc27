/** Whatever stands in a database of another package manager: it is not taken over, or the root is one like any other afterwards. */
import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { Fault } from '../../base/index.ts';
import { adoptRoot } from '../../pkm/index.ts';
import { makeTheirDatabase } from './intergenos-database.ts';
import { Sandbox } from './support.ts';

const DB = 'var/lib/igos/pkm.db';
const VALUES = ["'../x'", '-1', '1e300', "x'00ff'", 'NULL'];
const COLUMNS: Readonly<Record<string, string>> = {
  installed:
    'name version release tier description license install_date archive_path superseded_by superseded_at held install_reason',
  files: 'path is_dir is_config checksum',
  depends: 'dep_name',
  history: 'timestamp operation package_name old_version new_version method success',
  config_files: 'path original_checksum',
};

function changed(box: Sandbox, table: string, column: string, value: string): void {
  box.write('usr/b', 'b');
  box.write('etc/a', 'a');
  makeTheirDatabase(box.path(DB), [
    { name: 'a', version: '1', files: { 'etc/a': 'a' }, needs: ['b'] },
    { name: 'b', version: '1', files: { 'usr/': undefined, 'usr/b': 'b' } },
  ]);
  using theirs = new DatabaseSync(box.path(DB));
  // What their tables do not take is as it was.
  theirs.exec(`UPDATE OR IGNORE ${table} SET ${column} = ${value} WHERE rowid = 1`);
}

/** @returns whether it was taken over */
async function adopted(box: Sandbox): Promise<boolean> {
  try {
    await adoptRoot(box.root, { user: 'tester', now: () => 1_800_000_000 });
    return true;
  } catch (error) {
    assert.ok(error instanceof Fault, String(error));
    return false;
  }
}

for (const [table, columns] of Object.entries(COLUMNS))
  test(`adopted, or not: odd values in ${table}`, async (t) => {
    for (const column of columns.split(' '))
      for (const value of VALUES) {
        const box = new Sandbox(t);
        changed(box, table, column, value);
        if (!(await adopted(box))) continue;
        const here = `${column} = ${value}`;
        box.do((root) => {
          for (const look of ['list', 'history', 'generations', 'config', 'verify'] as const)
            assert.doesNotThrow(() => root[look](), here);
          assert.deepEqual(root.checkInvariants(), [], here);
          root.install([box.image('c 1', { 'usr/c': 'c' })]);
        });
      }
  });
