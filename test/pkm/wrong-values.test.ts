/** A database that was changed by hand says what is wrong with it, and nothing of the root is touched. */
import assert from 'node:assert/strict';
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
};

for (const [sql, use] of Object.entries(changes)) {
  test(`changed by hand: ${sql}`, async (t) => {
    const box = installed(t);
    const before = box.snapshot();
    change(box, sql);
    await assert.rejects(async () => await box.do(use(box)), { code: 'E-PKM-021' });
    assert.deepEqual(box.snapshot(), before);
  });
}

test('it names the value and the way out', async (t) => {
  const box = installed(t);
  change(box, "UPDATE files SET uid = 'root' WHERE path = 'usr/a'");
  golden(t, 'errors/pkm-wrong-value.txt', await faultText(box, () => box.do((root) => root.verify())));
});
