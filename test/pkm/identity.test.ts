/** One key may sign several repositories: the index of the one is not taken for that of the other. */
import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import type { RepositorySettings } from '../../pkm/index.ts';
import { runHere } from '../cli/in-process.ts';
import { golden } from '../golden.ts';
import { ours, Publisher } from './repository-support.ts';
import { faultText, Sandbox } from './support.ts';

const keys = [ours.open];

/** Two that one key signs, the second with a higher serial; nothing of them is synced. */
async function two(t: TestContext): Promise<{ box: Sandbox; stable: Publisher; testing: Publisher }> {
  const box = new Sandbox(t);
  const [stable, testing] = [new Publisher(box, 'stable'), new Publisher(box, 'testing')];
  await stable.add('a 1', { 'usr/a': '1' });
  await testing.add('a 2', { 'usr/a': '2' });
  await stable.publish({ identity: 'stable' });
  await testing.publish({ identity: 'testing' });
  await testing.publish();
  return { box, stable, testing };
}

/** What is served in the one place is served in the other too. */
function swap(from: Publisher, to: Publisher): void {
  for (const name of ['index.json', 'index.json.sig']) copyFileSync(join(from.folder, name), join(to.folder, name));
  const { files } = JSON.parse(readFileSync(join(from.folder, 'index.json'), 'utf8')) as { files: { file: string } };
  copyFileSync(join(from.folder, files.file), join(to.folder, files.file));
}

const settings = (publisher: Publisher, more: Partial<RepositorySettings> = {}): RepositorySettings => ({
  name: 'main',
  addresses: [new URL(publisher.address)],
  priority: 100,
  isEnabled: true,
  keys,
  ...more,
});

const versions = (box: Sandbox): string[] => box.do((root) => root.available().map((item) => item.version));

test('another repository of the same key is refused, by force too, and taken where that is said', async (t) => {
  const { box, stable, testing } = await two(t);
  const first = await box.do((root) => root.sync(stable.address, { keys }));
  assert.equal(first.identity, 'stable');
  swap(testing, stable);
  const sync = (more = {}) => box.do((root) => root.sync(stable.address, { keys, ...more }));
  golden(t, 'errors/pkm-index-identity.txt', await faultText(box, () => sync()));
  await assert.rejects(sync({ force: true }), { code: 'E-PKM-026' });
  await assert.rejects(sync({ identity: 'unstable' }), /it is of repository 'testing', and 'unstable' was asked for/);
  assert.deepEqual(versions(box), ['1'], 'what was known stays in use');
  assert.equal((await sync({ identity: 'testing' })).identity, 'testing');
  assert.deepEqual(versions(box), ['2']);
  assert.equal((await sync()).isUnchanged, true, 'it is remembered');
});

test('a forgotten repository is not another one when it comes back', async (t) => {
  const { box, stable, testing } = await two(t);
  await box.do((root) => root.sync(stable.address, { keys }));
  box.do((root) => root.forget(stable.address));
  swap(testing, stable);
  await assert.rejects(
    box.do((root) => root.sync(stable.address, { keys })),
    /it is of repository 'testing', and 'stable' was known here/,
  );
});

test('a mirror that shows another repository is passed over', async (t) => {
  const { box, stable, testing } = await two(t);
  const both = (first: Publisher, second: Publisher) =>
    settings(first, { addresses: [new URL(first.address), new URL(second.address)] });
  await box.do((root) => root.sync(settings(testing, { identity: 'testing' })));
  await stable.publish({ serial: 9 });
  swap(stable, testing);
  const mirror = new Publisher(box, 'mirror');
  await mirror.add('a 3', { 'usr/a': '3' });
  await mirror.publish({ identity: 'testing', serial: 3 });
  assert.equal((await box.do((root) => root.sync(both(testing, mirror)))).serial, 3);
  assert.deepEqual(versions(box), ['3']);
});

test('the file of a repository says what it is, from the first time on', async (t) => {
  const { box, stable, testing } = await two(t);
  const wanted = settings(testing, { identity: 'stable' });
  golden(
    t,
    'errors/pkm-index-identity-file.txt',
    await faultText(box, () => box.do((root) => root.sync(wanted, { force: true }))),
  );
  assert.deepEqual(versions(box), []);
  await box.do((root) => root.sync(settings(stable)));
  // It is said later: what is known already is compared too.
  await assert.rejects(
    box.do((root) => root.sync(settings(stable, { identity: 'testing' }))),
    /it is of repository 'stable', and 'testing' is what 'main.conf' says/,
  );
  assert.equal((await box.do((root) => root.sync(settings(stable, { identity: 'stable' })))).isUnchanged, true);
});

test('an index of before says nothing, and is taken until one says something', async (t) => {
  const { box, stable, testing } = await two(t);
  await testing.publish({ identity: '' });
  assert.equal(JSON.parse(readFileSync(join(testing.folder, 'index.json'), 'utf8')).identity, undefined);
  const sync = (more = {}) => box.do((root) => root.sync(testing.address, { keys, ...more }));
  assert.equal((await sync()).identity, '');
  await testing.publish();
  assert.equal((await sync()).identity, '', 'nobody called it otherwise');
  await testing.publish({ identity: 'testing' });
  assert.equal((await sync()).identity, 'testing');
  await testing.publish({ identity: '' });
  golden(t, 'errors/pkm-index-identity-lost.txt', await faultText(box, () => sync()));
  assert.equal((await sync({ identity: '' })).identity, '');
  // An igos of before knew the index, and not what it calls itself.
  await box.do((root) => root.sync(stable.address, { keys }));
  const database = new DatabaseSync(box.path('var/lib/igos/pkm.db'));
  database.exec("UPDATE repositories SET identity = ''");
  database.close();
  assert.equal((await box.do((root) => root.sync(settings(stable, { identity: 'stable' })))).identity, 'stable');
});

test('a repository is called as before, and what it is called is checked', async (t) => {
  const publisher = new Publisher(new Sandbox(t));
  assert.equal((await publisher.publish()).identity, '');
  assert.equal((await publisher.publish({ identity: 'example.org/main' })).identity, 'example.org/main');
  assert.equal((await publisher.publish({ serial: 9 })).identity, 'example.org/main');
  await assert.rejects(publisher.publish({ identity: 'a\u001bb' }), /its 'identity' is none/);
  const build = (...words: string[]) => runHere('igos', ['repo', 'build', publisher.folder, '-q', '-k', key, ...words]);
  const key = join(publisher.folder, 'key');
  writeFileSync(key, ours.secret);
  const renamed = await build('--identity', 'other');
  assert.match(renamed.stderr, /^note: the repository was 'example.org\/main' before: machines refuse the index until/);
  assert.equal((await build('--identity', 'other')).stderr, '');
  assert.equal(JSON.parse((await build('--json')).stdout).identity, 'other');
  const wrong = await build('--identity', '-x');
  assert.deepEqual([wrong.status, /'-x' cannot be the identity/.test(wrong.stderr)], [2, true]);
  rmSync(join(publisher.folder, 'index.json'));
  assert.match(
    (await build('--serial', '90')).stderr,
    /^note: the index does not say which repository it is of: with '--identity/,
  );
});

test('somebody who syncs meanwhile is not overtaken by another repository', async (t) => {
  const { box, stable, testing } = await two(t);
  swap(testing, stable);
  const fetched = await box.do((root) => root.fetchIndex(stable.address, { keys }), { readOnly: true });
  await stable.publish({ identity: 'stable', serial: 7 });
  await box.do((root) => root.sync(stable.address, { keys }));
  await testing.publish({ serial: 8 });
  swap(testing, stable);
  const late = await box.do((root) => root.fetchIndex(stable.address, { keys, identity: 'testing' }), { readOnly: true });
  assert.equal((await box.do((root) => root.putIndex(fetched)))?.identity, 'stable', 'the newer one stays');
  await assert.rejects(
    box.do((root) => root.putIndex(late)),
    /it is of repository 'testing', and 'stable' was known here/,
  );
});
