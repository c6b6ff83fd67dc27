/** What a root is told of repositories, which of them wins, and what a publisher's folder becomes. */
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { decodeFileList, encodeFileList } from '../../pkm/repository/file-list.ts';
import { golden } from '../golden.ts';
import { ours, Publisher, theirs } from './repository-support.ts';
import { faultText, Sandbox } from './support.ts';
import { tarOf } from './tar-bytes.ts';

const keys = [ours.open];

test('settings: a file a repository', async (t) => {
  const box = new Sandbox(t);
  box.write(
    'etc/igos/repositories.d/main.conf',
    '# ours\naddress = https://example.org/packages\nmirror=https://mirror.example.org/p/\nkey = k:AAAA   # theirs\nkey = other:BBBB\n',
  );
  box.write('etc/igos/repositories.d/extra.conf', 'address = file:///srv/là\npriority = 200\nenabled = no\n\n');
  box.write('etc/igos/repositories.d/notes.txt', 'anything');
  const found = box.do((root) => root.repositorySettings());
  assert.deepEqual(
    found.map((one) => ({ ...one, addresses: one.addresses.map((url) => url.href) })),
    [
      { name: 'extra', addresses: ['file:///srv/l%C3%A0/'], priority: 200, isEnabled: false, keys: [] },
      {
        name: 'main',
        addresses: ['https://example.org/packages/', 'https://mirror.example.org/p/'],
        priority: 100,
        isEnabled: true,
        keys: ['k:AAAA', 'other:BBBB'],
      },
    ],
  );
});

const wrong: Record<string, string> = {
  'no key = value': 'address: https://example.org/',
  'unknown key': 'adress = https://example.org/\n',
  'other protocol': 'address = ftp://example.org/\n',
  'priority that is none': 'address = https://example.org/\npriority = high\n',
  'two addresses': 'address = https://example.org/\naddress = https://example.com/\n',
  'enabled that is none': 'address = https://example.org/\nenabled = maybe\n',
  'an identity that is none': 'address = https://example.org/\nidentity = our packages\n',
  'two identities': 'address = https://example.org/\nidentity = a\nidentity = b\n',
  'no address': 'priority = 3\n',
  'other protocol, with a password': 'enabled = yes\naddress = ftp://joe:gehe/im@example.org/\n',
  'no key = value, with a password': 'address https://joe:geheim@example.org/\n',
};
test('settings that make no sense are refused, with the line', async (t) => {
  const box = new Sandbox(t);
  const texts = [];
  for (const text of Object.values(wrong)) {
    box.write('etc/igos/repositories.d/main.conf', text);
    texts.push(await faultText(box, () => box.do((root) => root.repositorySettings())));
  }
  box.write('etc/igos/repositories.d/main.conf', 'address = https://example.org/\n');
  box.write('etc/igos/repositories.d/twin.conf', 'address = https://example.org\n');
  texts.push(await faultText(box, () => box.do((root) => root.repositorySettings())));
  assert.doesNotMatch(texts.join(), /gehe/);
  golden(t, 'errors/pkm-repository-settings.txt', texts.join('\n'));
});

test('the higher priority hides a name, whatever the version; of equal ones the newer wins', async (t) => {
  const box = new Sandbox(t);
  const [main, extra] = [new Publisher(box, 'main'), new Publisher(box, 'extra')];
  await main.add('a 1.9', { 'usr/a': 'main' });
  await main.add('b 1', { 'usr/b': 'main' });
  await extra.add('a 1.10', { 'usr/a': 'extra' });
  await extra.add('c 1', { 'usr/c': 'extra' });
  await main.publish();
  await extra.publish();
  const settings = (one: Publisher, priority: number) => ({
    name: one === main ? 'main' : 'extra',
    addresses: [new URL(one.address)],
    priority,
    isEnabled: true,
    keys,
  });
  const sync = (priority: number) =>
    box.do(async (root) => {
      await root.sync(settings(main, 100));
      await root.sync(settings(extra, priority));
      return root.available().map((item) => `${item.name} ${item.version}`);
    });
  assert.deepEqual(await sync(100), ['a 1.10', 'a 1.9', 'b 1', 'c 1']);
  assert.deepEqual(await sync(50), ['a 1.9', 'b 1', 'c 1']);
  assert.deepEqual(await sync(150), ['a 1.10', 'b 1', 'c 1']);
  assert.deepEqual(
    box.do((root) => root.repositories().map((known) => [known.name, known.priority, known.nPackages])),
    [
      ['extra', 150, 2],
      ['main', 100, 2],
    ],
  );
});

test('keys of its own file count for a repository, and no others', async (t) => {
  const box = new Sandbox(t);
  const publisher = new Publisher(box);
  await publisher.publish();
  box.write('etc/igos/trusted-keys/ours.pub', ours.open);
  const settings = { name: 'main', addresses: [new URL(publisher.address)], priority: 1, isEnabled: true, keys: [theirs.open] };
  await assert.rejects(
    box.do((root) => root.sync(settings)),
    /not trusted here/,
  );
  await box.do((root) => root.sync({ ...settings, keys: [] }));
});

test('outdated: newer versions and releases, and successors', async (t) => {
  const box = new Sandbox(t);
  const publisher = new Publisher(box);
  await publisher.add('a 1.10', { 'usr/a': '2' });
  await publisher.add('b 2', { 'usr/b': '2' }, { release: 2 });
  await publisher.add('c 3', { 'usr/c': 'old' });
  await publisher.add('d-next 1', { 'usr/d': 'next' }, { supersedes: ['d'] });
  await publisher.publish();
  box.do((root) =>
    root.install([
      box.image('a 1.9', { 'usr/a': '1' }),
      box.image('b 2', { 'usr/b': '1' }),
      box.image('c 4', { 'usr/c': 'new' }),
      box.image('d 1', { 'usr/d': '1' }),
    ]),
  );
  await box.do((root) => root.sync(publisher.address, { keys }));
  assert.deepEqual(
    box.do((root) =>
      root.outdated().map(({ record, offer }) => `${record.name} ${record.version} -> ${offer.name} ${offer.version}`),
    ),
    ['a 1.9 -> a 1.10', 'b 2 -> b 2', 'd 1 -> d-next 1'],
  );
});

test('a folder becomes a repository: the same bytes for the same folder, and only what is new is read', async (t) => {
  const box = new Sandbox(t);
  const [one, two] = [new Publisher(box, 'one'), new Publisher(box, 'two')];
  for (const publisher of [one, two]) {
    await publisher.add(
      'a 1',
      { 'usr/bin/a': 'a', 'usr/share/a': { mode: 0o755 }, 'usr/l': '-> a' },
      { runtime: ['b'], summary: 'é' },
    );
    await publisher.add('a 2', { 'usr/bin/a': 'a2' });
    await publisher.add('b 1', { 'usr/b': 'b' }, { provides: ['bee'], conflicts: ['wasp'], homepage: 'https://example.org' });
  }
  const first = await one.publish();
  await two.publish();
  const read = (publisher: Publisher): string[] =>
    readdirSync(publisher.folder).map((name) => readFileSync(join(publisher.folder, name), 'latin1'));
  assert.deepEqual(read(one), read(two));
  assert.equal(first.nRead, 3);
  const [a] = first.packages.filter((item) => item.name === 'a' && item.version === '1');
  assert.deepEqual([a!.installedBytes, a!.runtime, a!.summary, a!.privileged], [1, ['b'], 'é', []]);
  await one.add('b 2', { 'usr/b': 'b2' });
  rmSync(join(one.folder, 'a-1.igos.tar.gz'));
  const second = await one.publish();
  assert.deepEqual([second.serial, second.nRead], [2, 1]);
  const lists = () => readdirSync(one.folder).filter((name) => name.startsWith('files-'));
  assert.equal(lists().length, 2, 'readers of the index before still find theirs');
  await one.add('c 1', { 'usr/c': 'c' });
  await one.publish();
  assert.equal(lists().length, 2);
  await box.do((root) => root.sync(one.address, { keys }));
  const paths = box.do((root) =>
    Object.fromEntries(Array.from(root.filesOffered(one.address), (item) => [`${item.name} ${item.version}`, item.paths])),
  );
  assert.deepEqual(paths, { 'a 2': ['usr/bin/a'], 'b 1': ['usr/b'], 'b 2': ['usr/b'], 'c 1': ['usr/c'] });
});

test('two archives of one release are refused', async (t) => {
  const box = new Sandbox(t);
  const publisher = new Publisher(box);
  const file = await publisher.add('a 1', { 'usr/a': 'a' });
  copyFileSync(file, join(publisher.folder, 'copy.igos.tar.gz'));
  golden(t, 'errors/pkm-publish-twice.txt', await faultText(box, () => publisher.publish()));
  assert.ok(!existsSync(join(publisher.folder, 'index.json')));
});

test('an archive that could not be installed is not published', async (t) => {
  const box = new Sandbox(t);
  const publisher = new Publisher(box);
  writeFileSync(join(publisher.folder, 'a-1.igos.tar.gz'), 'nothing');
  golden(t, 'errors/pkm-publish-damaged.txt', await faultText(box, () => publisher.publish()));
});

test('the publisher answers for privileged files that an archive does not declare', async (t) => {
  const box = new Sandbox(t);
  const publisher = new Publisher(box);
  const members = [
    { name: './.PKGINFO', data: 'pkgname=sudo\npkgver=1\n' },
    { name: './usr/bin/sudo', data: 'x', mode: 0o4755 },
  ];
  writeFileSync(join(publisher.folder, 'sudo-1.igos.tar.gz'), gzipSync(tarOf(members)));
  await assert.rejects(publisher.publish(), { code: 'E-PKM-024' });
  const { packages } = await publisher.publish({ allowPrivileged: true });
  assert.deepEqual(packages[0]!.privileged, ['usr/bin/sudo']);
  await assert.rejects(publisher.publish(), { code: 'E-PKM-024' }, 'an answer of then is none of now');
  await publisher.publish({ allowPrivileged: true });
  await box.do((root) => root.sync(publisher.address, { keys }));
  await box.do(async (root) => {
    const [item] = root.available('sudo');
    root.install([await root.readArchive(await root.fetch(item!))]);
  });
  assert.equal(box.snapshot()['usr/bin/sudo'], '4755 x');
});

test('property: lists of files come back as they were', () => {
  const path = fc.stringMatching(/^[a-zé \t.]{1,20}$/);
  const item = fc.record(
    {
      name: fc.stringMatching(/^[a-z][a-z0-9+.-]{0,8}$/),
      version: fc.stringMatching(/^[0-9][0-9a-z.~+-]{0,8}$/),
      release: fc.nat(99),
      paths: fc.array(path, { maxLength: 5 }),
    },
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(fc.array(item, { maxLength: 6 }), (packages) => {
      assert.deepEqual([...decodeFileList(encodeFileList(packages))], packages);
    }),
    { numRuns: 100 },
  );
});
