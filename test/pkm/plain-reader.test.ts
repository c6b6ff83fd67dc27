/** Who may look at a root and not change it is told what keeps them from it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { openRoot } from '../../pkm/index.ts';
import { faultText, Sandbox } from './support.ts';

const SOMEBODY = 1234;
const skip = process.geteuid?.() === 0 ? false : 'only root can be somebody else';

async function asSomebody(box: Sandbox): Promise<string> {
  chmodSync(box.base, 0o755);
  process.seteuid!(SOMEBODY);
  try {
    return await faultText(box, () => openRoot(box.root, { readOnly: true }).list());
  } finally {
    process.seteuid!(0);
  }
}

test('a log that a killed pkm left can be read by the owner only', { skip }, async (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('p 1', { 'usr/p': 'p' })]));
  const database = box.path('var/lib/igos/pkm.db');
  const log = `${database}-wal`;
  const open = new DatabaseSync(database);
  open.exec('PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; CREATE TABLE later (x);');
  copyFileSync(log, `${log}.kept`);
  copyFileSync(database, `${database}.kept`);
  open.close();
  rmSync(`${database}-shm`, { force: true });
  copyFileSync(`${log}.kept`, log);
  copyFileSync(`${database}.kept`, database);
  assert.equal(
    await asSomebody(box),
    `error[E-PKM-021]: the package database '<root>/var/lib/igos/pkm.db' can be read only by its owner now
note: what changed the root last was interrupted, and left a log
hint: run, as the owner of the root: pkm recover
`,
  );
  box.do((root) => root.recover());
  process.seteuid!(SOMEBODY);
  try {
    using root = openRoot(box.root, { readOnly: true });
    assert.equal(root.list().length, 1);
  } finally {
    process.seteuid!(0);
  }
});

/** Who one is for `access`, a process cannot change and change back. */
const READ = `
import { openRoot } from ${JSON.stringify(import.meta.resolve('../../pkm/index.ts'))};
try { openRoot(process.argv[1], { readOnly: true }); } catch (error) { console.log(error.message); }`;
const another = (path: string) =>
  spawnSync(process.execPath, ['--input-type=module', '-e', READ, path], { uid: SOMEBODY, gid: SOMEBODY, encoding: 'utf8' });
const skipAnother = skip || (another('/').status === 0 ? false : 'others cannot run this program');

test('a database that is closed to them is named so', { skip: skipAnother }, (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('p 1', { 'usr/p': 'p' })]));
  chmodSync(box.base, 0o755);
  const database = box.path('var/lib/igos/pkm.db');
  chmodSync(database, 0o600);
  assert.equal(another(box.root).stdout, `cannot read '${database}': permission denied\n`);
});
