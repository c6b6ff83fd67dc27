/** Links that somebody else's root needs: whose they are, whether that is still there, and how they go. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { bytesToPath } from '../../base/index.ts';
import { removeRoot } from '../../store/index.ts';
import { forsakenLinks, isThere, ownedLinks } from '../../store/root-owner.ts';
import { temporaryStore } from './fixture.ts';

function ownedTwice(t: TestContext) {
  const { store, folder, home } = temporaryStore(t);
  const paths = store.addTexts(['a', 'b'].map((name) => ({ name, text: name, references: [] })));
  const links = join(home, 'var/gcroots');
  const place = (name: string, owner: string): void => {
    mkdirSync(join(links, name), { recursive: true });
    for (const [n, path] of paths.entries()) symlinkSync(store.toReal(path), join(links, name, `link-${n}`));
    writeFileSync(bytesToPath(`${links}/${name}/owner`), owner, 'latin1');
  };
  // Processes of other tests may have the same paths in their words: /igos/store is the store of all.
  const owners = (): (string | undefined)[] =>
    store.roots().flatMap(({ kind, owner }) => (kind === 'temporary' || kind === 'process' ? [] : [owner]));
  return { store, folder, home, paths, links, place, owners };
}

test('whose links are kept is told, and those of who is gone; they go by name, all of one owner and nothing else', (t) => {
  const { store, folder, home, links, place, owners } = ownedTwice(t);
  const root = `${folder}/r\xffoot`;
  mkdirSync(bytesToPath(root));
  place('pkm/one', root);
  place('pkm/deep/two', join(folder, 'gone'));
  place('pkm/three', join(folder, 'gone'));
  writeFileSync(join(links, 'pkm/three/a-note'), 'of somebody');
  assert.deepEqual(
    ownedLinks(home).map(({ nLinks }) => nLinks),
    [2, 2, 2],
    'of a note nothing is kept',
  );
  assert.deepEqual(new Set(owners()), new Set([root, join(folder, 'gone')]));
  assert.deepEqual(
    new Set(forsakenLinks(home).map((each) => each.folder)),
    new Set([`${links}/pkm/deep/two`, `${links}/pkm/three`]),
  );
  removeRoot(store, join(folder, 'gone'));
  assert.deepEqual([readdirSync(join(links, 'pkm')), readdirSync(join(links, 'pkm/deep'))], [['deep', 'one'], []]);
  assert.deepEqual([owners(), forsakenLinks(home)], [[root, root], []]);
  assert.deepEqual(ownedLinks('/nowhere'), []);
});

test('an owner that is below what is no folder is gone', (t) => {
  const { folder, home, place } = ownedTwice(t);
  writeFileSync(join(folder, 'file'), '');
  place('pkm/one', join(folder, 'file/root'));
  assert.equal(forsakenLinks(home).length, 1);
});

test('what cannot be looked at is not taken for gone', () => {
  assert.throws(() => isThere(`/${'a/'.repeat(3000)}`), { errno: 'ENAMETOOLONG' });
});

test('what cannot be removed leaves its owner, by whom the rest goes later', (t) => {
  const { store, folder, links, place } = ownedTwice(t);
  const gone = join(folder, 'gone');
  place('pkm/one', gone);
  mkdirSync(join(links, 'pkm/one/zone'));
  assert.throws(() => removeRoot(store, gone), { name: 'SystemFault' });
  assert.ok(existsSync(join(links, 'pkm/one/owner')));
  rmSync(join(links, 'pkm/one/zone'), { recursive: true });
  removeRoot(store, gone);
  assert.deepEqual(readdirSync(join(links, 'pkm')), []);
});

test('what a link leads to says nothing', (t) => {
  const { folder, home, links } = ownedTwice(t);
  mkdirSync(join(folder, 'elsewhere'));
  mkdirSync(links, { recursive: true });
  writeFileSync(join(folder, 'elsewhere/owner'), '/gone');
  symlinkSync(join(folder, 'elsewhere'), join(links, 'elsewhere'));
  assert.deepEqual(ownedLinks(home), []);
});

test("a link or a folder with the name 'owner' is one like any other", (t) => {
  const { store, links, paths, owners } = ownedTwice(t);
  mkdirSync(join(links, 'mine/owner'), { recursive: true });
  symlinkSync(store.toReal(paths[0]!), join(links, 'owner'));
  symlinkSync(store.toReal(paths[1]!), join(links, 'mine/owner/link'));
  assert.deepEqual([owners(), store.collect().removed, ownedLinks(store.home)], [[undefined, undefined], [], []]);
  removeRoot(store, join(links, 'owner'));
  assert.deepEqual(owners(), [undefined]);
});
