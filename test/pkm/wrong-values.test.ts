/** A database that was changed by hand says what is wrong with it, and nothing of the root is touched. */
import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import type { Root } from '../../pkm/index.ts';
import { golden } from '../golden.ts';
import { faultText, Sandbox } from './support.ts';

function installed(t: TestContext): Sandbox {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('a 1', { 'etc/a': '1', 'usr/a': '1' }), box.image('b 1', { 'usr/b': '1' })]));
  box.do((root) => root.remove(['b']));
  return box;
}

function change(box: Sandbox, sql: string): void {
  const database = new DatabaseSync(box.path('var/lib/igos/pkm.db'));
  database.exec(`PRAGMA ignore_check_constraints = ON; ${sql}`);
  database.close();
}

const upgrade = (box: Sandbox) => (root: Root) => root.install([box.image('a 2', { 'etc/a': '2', 'usr/a': '2' })]);
const remove = () => (root: Root) => root.remove(['a']);
const back = () => (root: Root) => root.rollback(1);
const verify = () => (root: Root) => root.verify();
const list = () => (root: Root) => root.list();
const history = () => (root: Root) => root.history();
const generations = () => (root: Root) => root.generations();
const config = () => (root: Root) => root.config();
const repair = () => (root: Root) => root.repair();
const recover = () => (root: Root) => root.recover();
const journal = (values: string) => `INSERT INTO journal VALUES (0, ${values})`;

/** What is done, and what uses it. */
const changes: Readonly<Record<string, (box: Sandbox) => (root: Root) => unknown>> = {
  "UPDATE installed SET runtime = 'none'": list,
  "UPDATE installed SET provides = '[1]'": list,
  "UPDATE installed SET installed_at = 'today'": list,
  'UPDATE installed SET installed_at = 1e300': list,
  "UPDATE installed SET release = 'x'": list,
  "UPDATE installed SET origin = 'x'": list,
  "UPDATE installed SET reason = 'x'": list,
  "UPDATE installed SET triggers = '[{}]'": upgrade,
  "UPDATE installed SET version = '../../x'": list,
  "UPDATE files SET uid = 'root' WHERE path = 'usr/a'": verify,
  "UPDATE files SET mode = 'rwx' WHERE path = 'usr/a'": verify,
  "UPDATE files SET kind = 'socket' WHERE path = 'etc/a'": verify,
  "UPDATE files SET size = 'x' WHERE path = 'usr/a'": remove,
  "UPDATE files SET mtime = 'x' WHERE path = 'usr/a'": remove,
  "UPDATE files SET path = 'usr/a//b' WHERE path = 'usr/a'": remove,
  'DELETE FROM installed_past': back,
  "UPDATE installed SET name = x'00ff'": list,
  "UPDATE installed SET name = CAST(x'ff41' AS TEXT)": back,
  "UPDATE installed SET triggers = ''": upgrade,
  "UPDATE files SET mode = -1 WHERE path = 'usr/a'": repair,
  "UPDATE files SET mode = 65536 WHERE path = 'usr/a'": verify,
  "UPDATE files SET mode = 4611686018427387904 WHERE path = 'usr/a'": verify,
  "UPDATE files SET uid = -2 WHERE path = 'usr/a'": repair,
  "UPDATE files SET size = -5 WHERE path = 'usr/a'": verify,
  "UPDATE files SET mtime = 1e17 WHERE path = 'usr/a'": verify,
  "UPDATE files SET sha256 = '../x' WHERE path = 'usr/a'": repair,
  "UPDATE files SET kind = 'symlink', target = x'00ff' WHERE path = 'usr/a'": repair,
  "UPDATE files SET path = '../outside' WHERE path = 'usr/a'": remove,
  "UPDATE files SET path = 'usr/../../outside' WHERE path = 'usr/a'": verify,
  "UPDATE files SET path = x'00ff' WHERE path = 'usr/a'": remove,
  "UPDATE config_files SET new_path = '../outside'": upgrade,
  'UPDATE config_files SET orphaned_at = 1e300': config,
  'UPDATE generations SET created_at = 1e300': generations,
  "DROP TRIGGER history_no_update; UPDATE history SET time = 'x'": history,
  "UPDATE settings SET value = 'x' WHERE key = 'current_generation'": upgrade,
  [journal("'unlink', '../outside', '', 0, 0, 0")]: recover,
  [journal("'place', 'usr/a', '../outside', 420, 0, 0")]: recover,
  [journal("'metadata', 'usr/a', '', -1, 0, 0")]: recover,
  [journal("'x', 'usr/a', '', 0, 0, 0")]: recover,
};

for (const [sql, use] of Object.entries(changes)) {
  test(`changed by hand: ${sql}`, async (t) => {
    const box = installed(t);
    const outside = join(box.base, 'outside');
    writeFileSync(outside, 'precious');
    // Else there would be nothing to repair.
    if (use === repair) rmSync(box.path('usr/a'));
    const before = box.snapshot();
    change(box, sql);
    await assert.rejects(async () => await box.do(use(box)), { code: 'E-PKM-021' });
    assert.deepEqual(box.snapshot(), before);
    assert.equal(readFileSync(outside, 'utf8'), 'precious');
  });
}

test('it names the value and the way out', async (t) => {
  const box = installed(t);
  change(box, "UPDATE files SET uid = 'root' WHERE path = 'usr/a'");
  golden(t, 'errors/pkm-wrong-value.txt', await faultText(box, () => box.do((root) => root.verify())));
});
