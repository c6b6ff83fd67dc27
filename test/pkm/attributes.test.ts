/** What somebody gave a configuration file beside bytes and mode: access lists and attributes stay with the path when its bytes change. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { lstatSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { writeArchive } from '../../pkm/index.ts';
import { Sandbox } from './support.ts';

const set = (path: string, name: string, value: string): boolean =>
  spawnSync('setfattr', ['-n', name, '-v', value, path]).status === 0;
const get = (path: string, name: string): string =>
  spawnSync('getfattr', ['--absolute-names', '--only-values', '-e', 'hex', '-n', name, path], { encoding: 'latin1' }).stdout;

/** Read and write for user 1000, nothing for the group: the mode says 0660, since the group's place in it shows the mask. */
const LIST = Buffer.alloc(4 + 5 * 8);
LIST.writeUInt32LE(2, 0);
[
  [1, 6, -1],
  [2, 6, 1000],
  [4, 0, -1],
  [16, 6, -1],
  [32, 0, -1],
].forEach(([tag, rights, id], n) => {
  LIST.writeUInt16LE(tag!, 4 + n * 8);
  LIST.writeUInt16LE(rights!, 6 + n * 8);
  LIST.writeInt32LE(id!, 8 + n * 8);
});
const ACL = 'system.posix_acl_access';

function give(path: string): void {
  assert.ok(set(path, ACL, `0s${LIST.toString('base64')}`));
  assert.ok(set(path, 'user.note', 'mine'));
  assert.equal(lstatSync(path).mode & 0o777, 0o660);
}

const given = (path: string): [string, boolean, number] => [
  get(path, 'user.note'),
  get(path, ACL) === LIST.toString('latin1'),
  lstatSync(path).mode & 0o777,
];

const skip = canGive() ? false : 'no attributes here, or no setfattr';
function canGive(): boolean {
  const box = new Sandbox(undefined);
  try {
    const probe = join(mkdtempSync(join(box.base, 'probe-')), 'file');
    writeFileSync(probe, '');
    return set(probe, 'user.note', 'x') && set(probe, ACL, `0s${LIST.toString('base64')}`);
  } finally {
    rmSync(box.base, { recursive: true });
  }
}

const V1 = 'a = 1\nb = 1\nc = 1\n';
const V2 = 'a = 1\nb = 1\nc = 2\n';
const V3 = 'a = 1\nb = 1\nc = 3\n';
const image = (box: Sandbox, n: number, text: string) => box.image(`p ${n}`, { 'etc/p.conf': text, 'etc/q.conf': 'q' });

test('an access list and attributes of configuration stay when it is replaced, merged, and put aside', { skip }, (t) => {
  const box = new Sandbox(t);
  const path = box.path('etc/p.conf');
  box.do((root) => root.install([image(box, 1, V1)]));
  give(path);
  box.do((root) => root.install([image(box, 2, V2)]));
  assert.equal(box.read('etc/p.conf'), V2);
  assert.deepEqual(given(path), ['mine', true, 0o660]);
  box.write('etc/p.conf', V2.replace('a = 1', 'a = mine'));
  box.do((root) => root.install([image(box, 3, V3)]));
  assert.equal(box.read('etc/p.conf'), V3.replace('a = 1', 'a = mine'));
  assert.deepEqual(given(path), ['mine', true, 0o660]);
  box.do((root) => root.settleConfig([{ path: 'etc/p.conf', take: 'theirs' }]));
  assert.equal(box.read('etc/p.conf'), V3);
  assert.deepEqual(given(box.path('etc/p.conf.pkmsave')), ['mine', true, 0o660]);
});

test('so they do where the new version comes from an archive, and nothing else gets them', { skip }, async (t) => {
  const box = new Sandbox(t);
  const files = await Promise.all(
    [V1, V2].map(async (text, n) => {
      const file = join(box.base, `${n}.igos.tar.gz`);
      await writeArchive(image(box, n + 1, text), file);
      return file;
    }),
  );
  const install = (n: number): Promise<unknown> =>
    box.do(async (root) => root.install([await root.readArchive(files[n]!)], { archiveTrust: 'loose' })) as Promise<unknown>;
  await install(0);
  give(box.path('etc/p.conf'));
  await install(1);
  assert.equal(box.read('etc/p.conf'), V2);
  assert.deepEqual(given(box.path('etc/p.conf')), ['mine', true, 0o660]);
  assert.deepEqual(given(box.path('etc/q.conf')), ['', false, 0o644]);
  assert.deepEqual(spawnSync('getfattr', ['-R', '-n', 'user.note', box.path('var/lib/igos')], { encoding: 'utf8' }).stdout, '');
});
