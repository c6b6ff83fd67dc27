/** An index after another one: its serial, and what was published in the same version before. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runHere } from '../cli/in-process.ts';
import { golden } from '../golden.ts';
import { ours, Publisher } from './repository-support.ts';
import { faultText, Sandbox } from './support.ts';

test('where the index of before is gone its serial is asked for, and never goes back', async (t) => {
  const box = new Sandbox(t);
  const publisher = new Publisher(box);
  await publisher.add('a 1', { 'usr/a': '1' });
  assert.deepEqual([(await publisher.publish()).serial, (await publisher.publish({ serial: 40 })).serial], [1, 40]);
  await box.do((root) => root.sync(publisher.address, { keys: [ours.open] }));
  const refused = async (options: { serial?: number } = {}) => {
    const text = await faultText(box, () => publisher.publish(options));
    return text.replaceAll(/files-[0-9a-f]+/g, 'files-<hash>');
  };
  const texts = [await refused({ serial: 40 })];
  const index = readFileSync(join(publisher.folder, 'index.json'));
  rmSync(join(publisher.folder, 'index.json'));
  for (const name of ['index.json.sig', '']) {
    if (name !== '') rmSync(join(publisher.folder, name));
    texts.push(await refused());
  }
  golden(t, 'errors/pkm-serial.txt', texts.join('\n'));
  assert.equal((await publisher.publish({ serial: 41 })).serial, 41);
  assert.equal((await box.do((root) => root.sync(publisher.address, { keys: [ours.open] }))).serial, 41);
  writeFileSync(join(publisher.folder, 'index.json'), index);
  assert.equal((await publisher.publish()).serial, 41, 'a copy of the index that was put back says it too');
});

test('other bytes in a version and release that were published are named', async (t) => {
  const publisher = new Publisher(new Sandbox(t));
  const named = async () => (await publisher.publish()).republished.map(({ name }) => name);
  await publisher.add('a 1', { 'usr/a': '1' });
  await publisher.add('b 1', { 'usr/b': '1' });
  await publisher.add('c 1', { 'usr/c': '1' });
  assert.deepEqual(await named(), []);
  await publisher.add('a 1', { 'usr/a': '2' });
  await publisher.add('b 1', { 'usr/b': '2' }, { release: 2 });
  assert.deepEqual(await named(), ['a']);
  assert.deepEqual(await named(), []);
});

test('what a killed publisher began to write goes with a later index, what is being written stays', async (t) => {
  const publisher = new Publisher(new Sandbox(t));
  const [old, young] = ['.tmp-31617-mwtfn1eg-0', '.tmp-31618-mwtfn1eg-1'].map((name) => join(publisher.folder, name));
  for (const path of [old!, young!]) writeFileSync(path, 'half');
  utimesSync(old!, 1, Date.now() / 1000 - 3700);
  await publisher.add('a 1', { 'usr/a': '1' });
  await publisher.publish();
  assert.deepEqual([existsSync(old!), existsSync(young!)], [false, true]);
});

test('repo build says the serial that it is given, and what machines will not see', async (t) => {
  const box = new Sandbox(t);
  const publisher = new Publisher(box);
  const key = join(box.base, 'key');
  const igos = (...words: string[]) => runHere('igos', [...words, '--home', join(box.base, 'home')]);
  const build = (...words: string[]) => igos('repo', 'build', publisher.folder, '-q', '-k', key, ...words);
  assert.equal((await igos('key', 'generate', 'test-1', '-o', key)).status, 0);
  await publisher.add('a 1', { 'usr/a': '1' });
  assert.match((await build('--serial', '7')).stdout, /, serial 7, /);
  await publisher.add('a 1', { 'usr/a': '2' });
  const { stdout, stderr } = await build();
  assert.match(stdout, /, serial 8, /);
  assert.equal(
    stderr,
    "note: published before with other bytes: a 1, release 1\nnote: machines that have such a package keep it: a higher 'release' brings them the new one\n",
  );
  for (const wrong of ['0', '-1', '1.5', 'x', '9007199254740992'])
    assert.match((await build(`--serial=${wrong}`)).stderr, /--serial takes a number from 1 on, not/);
  const { serial, republished } = JSON.parse((await build('--json', '--serial', '9007199254740991')).stdout) as Record<
    string,
    unknown
  >;
  assert.deepEqual([serial, republished], [Number.MAX_SAFE_INTEGER, []]);
});
