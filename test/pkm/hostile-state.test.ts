/** A root that somebody else made, or that was tidied up by hand: nothing of pkm's own leads out of it. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { golden } from '../golden.ts';
import { faultText, Sandbox } from './support.ts';

const STATE = 'var/lib/igos';

function installed(t: TestContext): { box: Sandbox; outside: string } {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('a 1', { 'etc/a': '1\n', 'usr/a': '1' })]));
  const outside = join(box.base, 'outside');
  mkdirSync(outside);
  writeFileSync(join(outside, 'precious'), 'mine');
  return { box, outside };
}

const upgrade = (box: Sandbox): unknown => box.do((root) => root.install([box.image('a 2', { 'etc/a': '2\n', 'usr/a': '2' })]));

for (const name of ['packages', 'staging', 'generations', 'repositories']) {
  test(`hostile: ${name} of pkm's state is a symlink to outside`, (t) => {
    const { box, outside } = installed(t);
    rmSync(box.path(`${STATE}/${name}`), { recursive: true, force: true });
    symlinkSync(outside, box.path(`${STATE}/${name}`));
    assert.throws(() => upgrade(box), { code: 'E-PKM-007' });
    assert.throws(() => box.do((root) => root.gc({ keepLast: 1 })), { code: 'E-PKM-007' });
    assert.deepEqual(readdirSync(outside), ['precious']);
  });
}

test("hostile: the database of another root behind a symlink is not this root's", async (t) => {
  const { box } = installed(t);
  const other = new Sandbox(t);
  other.do((root) => root.install([other.image('b 1', { 'usr/b': '1' })]));
  for (const name of ['pkm.db', 'pkm.db-wal', 'lock.db', 'lock.db.downloads', 'lock', 'reserve']) {
    const path = box.path(`${STATE}/${name}`);
    if (existsSync(path)) renameSync(path, `${path}.kept`);
    symlinkSync(other.path(`${STATE}/pkm.db`), path);
    assert.throws(() => upgrade(box), { code: 'E-PKM-007' }, name);
    assert.throws(() => box.do((root) => root.list(), { readOnly: true }), { code: 'E-PKM-007' }, name);
    rmSync(path);
    if (existsSync(`${path}.kept`)) renameSync(`${path}.kept`, path);
  }
  assert.deepEqual(
    other.do((root) => root.list().map((record) => record.name)),
    ['b'],
  );
  symlinkSync(other.path(`${STATE}/packages`), box.path(`${STATE}/staging`));
  golden(t, 'errors/pkm-state-symlink.txt', (await faultText(box, () => upgrade(box))).replaceAll(other.root, '<other>'));
});

test('hostile: objects may be elsewhere in the root, never outside of it', (t) => {
  const { box, outside } = installed(t);
  const objects = box.path(`${STATE}/objects`);
  renameSync(objects, box.path('srv'));
  symlinkSync(outside, objects);
  assert.throws(() => upgrade(box), { code: 'E-PKM-007' });
  rmSync(objects);
  symlinkSync('/srv', objects); // as seen from inside
  upgrade(box);
  box.do((root) => root.gc({ keepLast: 1 }));
  assert.equal(readdirSync(box.path('srv')).flatMap((folder) => readdirSync(join(box.path('srv'), folder))).length > 0, true);
  assert.deepEqual(readdirSync(outside), ['precious']);
});

test('hostile: folders of objects are symlinks to outside, and strange names are among them', (t) => {
  const { box, outside } = installed(t);
  const objects = box.path(`${STATE}/objects`);
  for (let byte = 0; byte < 256; byte++) {
    const folder = join(objects, byte.toString(16).padStart(2, '0'));
    if (!existsSync(folder)) symlinkSync(outside, folder);
  }
  mkdirSync(join(objects, 'lost+found'));
  writeFileSync(join(objects, 'README'), 'mine');
  mkdirSync(box.path(`${STATE}/packages/old`));
  upgrade(box);
  box.do((root) => root.gc({ keepLast: 1 }));
  assert.deepEqual(readdirSync(outside), ['precious']);
  assert.equal(readFileSync(join(outside, 'precious'), 'utf8'), 'mine');
  assert.equal(readFileSync(join(objects, 'README'), 'utf8'), 'mine');
});
