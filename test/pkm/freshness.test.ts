/** Nobody may hand out an old index, an expired one, or two at once: and what a root knows stays as it was. */
import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { golden } from '../golden.ts';
import { NOW, ours, Publisher, theirs } from './repository-support.ts';
import { faultText, Sandbox } from './support.ts';
import { serve } from './web-server.ts';

const keys = [ours.open];
const DAY = 86_400;
const NAMES = ['index.json', 'index.json.sig'];

async function published(
  t: TestContext,
  options: { validSeconds?: number } = {},
): Promise<{ box: Sandbox; publisher: Publisher }> {
  const box = new Sandbox(t);
  const publisher = new Publisher(box);
  await publisher.add('a 1', { 'usr/a': '1' });
  await publisher.publish(options);
  return { box, publisher };
}

const versions = (box: Sandbox): string[] => box.do((root) => root.available().map((item) => item.version));

test('an older index than the known one is refused, and taken by force', async (t) => {
  const { box, publisher } = await published(t);
  const old = NAMES.map((name) => readFileSync(join(publisher.folder, name)));
  await publisher.add('a 2', { 'usr/a': '2' });
  await publisher.publish();
  await box.do((root) => root.sync(publisher.address, { keys }));
  for (const [n, name] of NAMES.entries()) writeFileSync(join(publisher.folder, name), old[n]!);
  await assert.rejects(
    box.do((root) => root.sync(publisher.address, { keys })),
    /its serial is 1, and 2 is known/,
  );
  assert.deepEqual(versions(box), ['2', '1']);
  assert.equal((await box.do((root) => root.sync(publisher.address, { keys, force: true }))).serial, 1);
  assert.deepEqual(versions(box), ['1']);
  publisher.publishRaw({ format: 1, serial: 1, packages: [] });
  golden(t, 'errors/pkm-index-two.txt', await faultText(box, () => box.do((root) => root.sync(publisher.address, { keys }))));
  publisher.publishRaw({ format: 1, serial: 9, packages: [] }, theirs.secret);
  await assert.rejects(
    box.do((root) => root.sync(publisher.address, { keys, force: true })),
    /which is not trusted here/,
    'force is no trust',
  );
});

test('an index that its publisher lost comes back above the serial that is known', async (t) => {
  const box = new Sandbox(t);
  const publisher = new Publisher(box);
  await publisher.add('a 1', { 'usr/a': 'a' });
  for (let i = 0; i < 3; i++) await publisher.publish();
  await box.do((root) => root.sync(publisher.address, { keys }));
  rmSync(join(publisher.folder, 'index.json'));
  await assert.rejects(publisher.publish(), { code: 'E-PKM-029' });
  await publisher.publish({ serial: 3 });
  await box.do((root) => assert.rejects(root.sync(publisher.address, { keys }), { code: 'E-PKM-026' }));
  assert.equal((await publisher.publish({ serial: 4 })).serial, 4);
  await box.do((root) => root.sync(publisher.address, { keys }));
  assert.equal((await publisher.publish()).serial, 5);
});

test('a key is rotated: an index with both signatures is the same one, by whichever key it is trusted', async (t) => {
  const { box, publisher } = await published(t);
  await publisher.publish({ keys: [ours.secret, theirs.secret] });
  await box.do((root) => root.sync(publisher.address, { keys: [ours.open] }));
  assert.equal((await box.do((root) => root.sync(publisher.address, { keys: [theirs.open] }))).serial, 2);
  await publisher.publish({ keys: [theirs.secret] });
  assert.equal((await box.do((root) => root.sync(publisher.address, { keys: [theirs.open] }))).serial, 3);
});

test('a secret key given for a public one is called so', async (t) => {
  const { box, publisher } = await published(t);
  const text = ours.secret;
  golden(
    t,
    'errors/pkm-index-secret-key.txt',
    await faultText(box, () => box.do((root) => root.sync(publisher.address, { keys: [{ text, from: 'site.key' }] }))),
  );
});

test('a forgotten repository comes back only where it was', async (t) => {
  const { box, publisher } = await published(t);
  const old = NAMES.map((name) => readFileSync(join(publisher.folder, name)));
  await publisher.publish();
  await box.do((root) => root.sync(publisher.address, { keys }));
  box.do((root) => root.forget(publisher.address));
  assert.deepEqual([versions(box), box.do((root) => root.repositories())], [[], []]);
  const current = NAMES.map((name) => readFileSync(join(publisher.folder, name)));
  for (const [n, name] of NAMES.entries()) writeFileSync(join(publisher.folder, name), old[n]!);
  await assert.rejects(
    box.do((root) => root.sync(publisher.address, { keys })),
    /somebody serves an old one/,
  );
  for (const [n, name] of NAMES.entries()) writeFileSync(join(publisher.folder, name), current[n]!);
  await box.do((root) => root.sync(publisher.address, { keys }));
  assert.deepEqual(versions(box), ['1']);
});

test('an expired index is not taken; one that expires later still vouches, and says so', async (t) => {
  const { box, publisher } = await published(t, { validSeconds: 2 * DAY });
  const late = { now: () => NOW + 3 * DAY };
  golden(
    t,
    'errors/pkm-index-expired.txt',
    await faultText(box, () => box.do((root) => root.sync(publisher.address, { keys }), late)),
  );
  assert.deepEqual(versions(box), []);
  await box.do((root) => root.sync(publisher.address, { keys }));
  await assert.rejects(
    box.do((root) => root.sync(publisher.address, { keys }), late),
    /it expired on 2027-01-17/,
    'the one that is known already, too',
  );
  const report = await box.do(async (root) => {
    const [item] = root.available('a');
    return root.install([await root.readArchive(await root.fetch(item!))]);
  }, late);
  assert.match(report.warnings.map((warning) => warning.text).join(), /expired on 2027-01-17: run 'pkm sync'/);
  await box.do((root) => root.sync(publisher.address, { keys, force: true }), late);
});

test('an index that did not change is not fetched again, unless its key is not trusted any more', async (t) => {
  const { box, publisher } = await published(t);
  const web = await serve(t, publisher.folder);
  const first = await box.do((root) => root.sync(web.address, { keys }));
  web.requests.length = 0;
  const second = await box.do((root) => root.sync(web.address, { keys }));
  assert.deepEqual([first.isUnchanged, second.isUnchanged, web.requests], [false, true, ['index.json.sig']]);
  await assert.rejects(
    box.do((root) => root.sync(web.address, { keys: [theirs.open] })),
    /which is not trusted here/,
  );
});

test('an index that is replaced while it is read is read again', async (t) => {
  const { box, publisher } = await published(t);
  const web = await serve(t, publisher.folder);
  const old = readFileSync(join(publisher.folder, 'index.json'));
  await publisher.publish();
  let n = 0;
  web.instead = (name, _, response) => {
    if (name !== 'index.json' || n++ > 0) return false;
    response.end(old); // the old index under the new signature
    return true;
  };
  await assert.rejects(
    box.do((root) => root.sync(web.address, { keys })),
    /its signature is wrong/,
    'it was not replaced: its signature is the same',
  );
  n = 0;
  const signature = readFileSync(join(publisher.folder, 'index.json.sig'));
  let asked = 0;
  web.instead = (name, _, response) => {
    if (name === 'index.json' && n++ === 0) response.end(old);
    else if (name === 'index.json.sig' && asked++ === 0) response.end(Buffer.from(`${'0'.repeat(16)} ${'A'.repeat(86)}==\n`));
    else return false;
    return true;
  };
  assert.equal((await box.do((root) => root.sync(web.address, { keys }))).serial, 2);
  assert.ok(signature.length > 0);
});

test('while keys change two sign, and either is enough', async (t) => {
  const { box, publisher } = await published(t);
  await publisher.publish({ keys: [theirs.secret, ours.secret] });
  for (const open of [ours.open, theirs.open]) {
    const one = new Sandbox(t);
    await one.do((root) => root.sync(publisher.address, { keys: [open] }));
  }
  const path = join(publisher.folder, 'index.json.sig');
  writeFileSync(path, readFileSync(path, 'utf8').replace(/ ..../, ' AAAA'));
  await box.do((root) => root.sync(publisher.address, { keys: [ours.open, theirs.open] }));
});

test('a stale or broken mirror does not hide a good one', async (t) => {
  const { box, publisher } = await published(t);
  const mirror = new Publisher(box, 'mirror');
  await mirror.add('a 1', { 'usr/a': '1' });
  await mirror.publish();
  await mirror.add('a 2', { 'usr/a': '2' });
  await mirror.publish();
  const settings = (first: string, second: string) => ({
    name: 'main',
    addresses: [new URL(first), new URL(second)],
    priority: 100,
    isEnabled: true,
    keys: [ours.open],
  });
  await box.do((root) => root.sync(settings(mirror.address, publisher.address)));
  publisher.publishRaw({ format: 1, serial: 1, packages: [] });
  await box.do((root) => root.sync(settings(mirror.address, publisher.address)));
  writeFileSync(join(mirror.folder, 'index.json.sig'), 'nonsense');
  await assert.rejects(
    box.do((root) => root.sync(settings(mirror.address, publisher.address))),
    /its signature is no signature/,
    'the fault of the first address',
  );
  assert.deepEqual(versions(box), ['2', '1']);
});
