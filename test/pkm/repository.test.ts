import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, generateKeyPairSync, hash, sign } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { writeArchive, writeIndex } from '../../pkm/index.ts';
import { golden } from '../golden.ts';
import { faultText, Sandbox } from './support.ts';

/** Two fixed keys: the messages name their ids. */
const keyPair = (seed: string) => {
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), hash('sha256', seed, 'buffer')]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return {
    secret: key.export({ type: 'pkcs8', format: 'pem' }) as string,
    open: createPublicKey(key).export({ type: 'spki', format: 'pem' }) as string,
  };
};
const ours = keyPair('ours');
const theirs = keyPair('theirs');

async function repository(box: Sandbox, version: number): Promise<{ folder: string; address: string; file: string }> {
  const folder = join(box.base, 'repository');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'a.igos.tar.gz');
  await writeArchive(box.image(`a ${version}`, { 'usr/a': `${version}` }, { summary: 'an a', runtime: [] }), file);
  await writeIndex(folder, { keys: [ours.secret], now: 1_800_000_000, validSeconds: 0 });
  return { folder, address: pathToFileURL(folder).href, file };
}

const trust = (box: Sandbox, pem: string): void => box.write('etc/igos/trusted-keys/ours.pub', pem);
const installFile = (box: Sandbox, file: string, archiveTrust: 'strict' | 'loose' | 'repo-only') =>
  box.do(async (root) => root.install([await root.readArchive(file)], { archiveTrust }));

test('row: trust, strict installs what the signed index knows, and nothing else', async (t) => {
  const box = new Sandbox(t);
  const { address, file } = await repository(box, 1);
  trust(box, ours.open);
  await assert.rejects(installFile(box, file, 'strict'), { code: 'E-PKM-025' });
  const { serial, nPackages, isUnchanged } = await box.do((root) => root.sync(address));
  assert.deepEqual([serial, nPackages, isUnchanged], [1, 1, false]);
  await installFile(box, file, 'strict');
  assert.equal(box.read('usr/a'), '1');
  const other = join(box.base, 'other.igos.tar.gz');
  await writeArchive(box.image('a 1', { 'usr/a': 'evil' }), other);
  await assert.rejects(installFile(box, other, 'strict'), { code: 'E-PKM-025' });
  await assert.rejects(installFile(box, other, 'repo-only'), { code: 'E-PKM-025' });
  const report = await installFile(box, other, 'loose');
  assert.deepEqual(
    report.warnings.map((warning) => warning.kind),
    ['trust'],
  );
});

test('row: trust, repo-only installs neither store outputs nor archives under another name, version or release', async (t) => {
  for (const other of [{ name: 'b' }, { version: '9' }, { release: 7 }]) {
    const box = new Sandbox(t);
    const { folder, address, file } = await repository(box, 1);
    const index = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as { packages: object[] };
    Object.assign(index.packages[0]!, other);
    publish(folder, index);
    await box.do((root) => root.sync(address, { keys: [ours.open] }));
    assert.throws(() => box.do((root) => root.install([box.image('b 1', { 'usr/b': 'b' })], { archiveTrust: 'repo-only' })), {
      code: 'E-PKM-025',
    });
    await assert.rejects(installFile(box, file, 'repo-only'), { code: 'E-PKM-025' }, JSON.stringify(other));
    await installFile(box, file, 'strict');
  }
});

function publish(folder: string, index: object, secret: string = ours.secret): void {
  const bytes = Buffer.from(JSON.stringify(index));
  const key = createPrivateKey(secret);
  const id = hash('sha256', createPublicKey(key).export({ type: 'spki', format: 'der' })).slice(0, 16);
  writeFileSync(join(folder, 'index.json'), bytes);
  writeFileSync(join(folder, 'index.json.sig'), `${id} ${sign(null, bytes, key).toString('base64')}\n`);
}

const refused = async (t: TestContext, damage: (folder: string) => void, options = { isSynced: true }): Promise<string> => {
  const keys = [ours.open];
  const box = new Sandbox(t);
  const { folder, address } = await repository(box, 1);
  if (options.isSynced) await box.do((root) => root.sync(address, { keys }));
  const before = box.do((root) => root.available().length);
  damage(folder);
  const text = await faultText(box, () => box.do((root) => root.sync(address, { keys })));
  assert.equal(
    box.do((root) => root.available().length),
    before,
    'the old index stays',
  );
  return text.replaceAll(`${address}/`, 'file://<repository>/');
};

test('an index that was changed after signing is refused', async (t) => {
  const change = (folder: string): void => {
    const path = join(folder, 'index.json');
    writeFileSync(path, readFileSync(path, 'utf8').replace('an a', 'an A'));
  };
  const text = await refused(t, change, { isSynced: false });
  golden(t, 'errors/pkm-index-changed.txt', text);
});

test('an index of an unknown key is refused', async (t) => {
  golden(
    t,
    'errors/pkm-index-key.txt',
    await refused(t, (folder) => publish(folder, { format: 1, serial: 9, packages: [] }, theirs.secret)),
  );
});

test('an older index than the known one is refused', async (t) => {
  const box = new Sandbox(t);
  const { folder, address } = await repository(box, 1);
  const old = ['index.json', 'index.json.sig'].map((name) => readFileSync(join(folder, name)));
  await repository(box, 2);
  assert.equal((await box.do((root) => root.sync(address, { keys: [ours.open] }))).serial, 2);
  for (const [n, name] of ['index.json', 'index.json.sig'].entries()) writeFileSync(join(folder, name), old[n]!);
  const text = await faultText(box, () => box.do((root) => root.sync(address, { keys: [ours.open] })));
  golden(t, 'errors/pkm-index-serial.txt', text.replaceAll(`${address}/`, 'file://<repository>/'));
  assert.deepEqual(
    box.do((root) => root.available('a').map((item) => item.version)),
    ['2'],
  );
});

test('hostile indexes are refused, though they are signed', async (t) => {
  const good = { name: 'a', version: '1', release: 1, file: 'a.igos.tar.gz', sha256: '0'.repeat(64), sizeBytes: 1 };
  const bad: object[] = [
    { format: 2, serial: 9, packages: [] },
    { format: 1, serial: -1, packages: [] },
    { format: 1, serial: 9, packages: {} },
    { format: 1, serial: 9, packages: [null] },
    { format: 1, serial: 9, packages: [good, good] },
    { format: 1, serial: 9, packages: [{ ...good, file: '../a' }] },
    { format: 1, serial: 9, packages: [{ ...good, name: '../a' }] },
    { format: 1, serial: 9, packages: [{ ...good, sha256: 'x' }] },
    { format: 1, serial: 9, packages: [{ ...good, sizeBytes: 1e300 }] },
    { format: 1, serial: 9, packages: [{ ...good, runtime: 'glibc' }] },
    [],
  ];
  for (const index of bad) assert.match(await refused(t, (folder) => publish(folder, index)), /E-PKM-(026|001)/);
});

test('an index over http; a missing one, a hanging name and a wrong address are faults', async (t) => {
  const box = new Sandbox(t);
  const { folder } = await repository(box, 1);
  const server = createServer((request, response) => {
    const name = request.url!.slice('/packages/'.length);
    if (/^(index\.json(\.sig)?|files-\w+\.gz)$/.test(name)) response.end(readFileSync(join(folder, name)));
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  t.after(() => void server.close());
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  assert.equal((await box.do((root) => root.sync(`${base}/packages`, { keys: [ours.open] }))).nPackages, 1);
  assert.equal(
    box.do((root) => root.available('a')[0]!.repository),
    `${base}/packages/`,
  );
  for (const address of [`${base}/other`, 'file:///nowhere', 'ftp://example.org/', 'packages']) {
    await assert.rejects(
      box.do((root) => root.sync(address, { keys: [ours.open] })),
      { code: 'E-PKM-026' },
      address,
    );
  }
});

test('a key that is none is named', async (t) => {
  const box = new Sandbox(t);
  const { address } = await repository(box, 1);
  trust(box, 'no key');
  golden(t, 'errors/pkm-index-bad-key.txt', await faultText(box, () => box.do((root) => root.sync(address))));
  const { privateKey } = generateKeyPairSync('x25519');
  await assert.rejects(
    writeIndex(box.base, { keys: [privateKey.export({ type: 'pkcs8', format: 'pem' }) as string], now: 1, validSeconds: 0 }),
    {
      code: 'E-PKM-026',
    },
  );
});

test('messages of trust', async (t) => {
  const box = new Sandbox(t);
  const { file, address } = await repository(box, 1);
  golden(t, 'errors/pkm-trust-unknown.txt', await faultText(box, () => installFile(box, file, 'strict')));
  await box.do((root) => root.sync(address, { keys: [ours.open] }));
  const other = join(box.base, 'other.igos.tar.gz');
  await writeArchive(box.image('a 1', { 'usr/a': 'evil' }), other);
  const text = await faultText(box, () => installFile(box, other, 'strict'));
  golden(
    t,
    'errors/pkm-trust-differs.txt',
    text.replace(/[0-9a-f]{64}/g, (digits) => `${digits.slice(0, 0)}<sha256>`),
  );
});

test('packages of a repository are resolved, fetched and installed in order', async (t) => {
  const box = new Sandbox(t);
  const folder = join(box.base, 'repository');
  mkdirSync(folder);
  const add = (image: ReturnType<Sandbox['image']>) => writeArchive(image, join(folder, `${image.name}.igos.tar.gz`));
  await add(box.image('app 1', { 'usr/bin/app': 'app' }, { runtime: ['mta', 'libc'] }));
  await add(box.image('postfix 1', { 'usr/bin/postfix': 'postfix' }, { provides: ['mta'], runtime: ['libc'] }));
  await add(box.image('libc 1', { 'usr/lib/libc.so': 'libc' }));
  await add(box.image('app-next 2', { 'usr/bin/app': 'next' }, { supersedes: ['app'], runtime: ['nothing-has-this'] }));
  await writeIndex(folder, { keys: [ours.secret], now: 1_800_000_000, validSeconds: 0 });
  await box.do((root) => root.sync(pathToFileURL(folder).href, { keys: [ours.open] }));
  const order = box.do((root) => root.resolve(['app'])).map((item) => item.name);
  assert.deepEqual(order, ['libc', 'postfix', 'app']);
  await box.do(async (root) => {
    const images = [];
    for (const item of root.resolve(['app'])) images.push(await root.readArchive(await root.fetch(item)));
    root.install(images, { archiveTrust: 'repo-only', explicit: ['app'] });
  });
  assert.deepEqual(
    box.do((root) => root.list().map((record) => [record.name, record.reason])),
    [
      ['app', 'explicit'],
      ['libc', 'dependency'],
      ['postfix', 'dependency'],
    ],
  );
  assert.deepEqual(
    box.do((root) => root.resolve(['app'])).map((item) => item.name),
    ['app'],
    'what is there is not fetched again',
  );
  assert.throws(() => box.do((root) => root.resolve(['app-next'])), { code: 'E-PKM-013' });
  writeFileSync(join(folder, 'libc.igos.tar.gz'), 'something else');
  const [libc] = box.do((root) => root.available('libc'));
  await assert.rejects(
    box.do((root) => root.fetch({ ...libc!, sha256: 'f'.repeat(64) })),
    { code: 'E-PKM-071' },
  );
});

test('a signal is heard between archives that are read for an index', async (t) => {
  const box = new Sandbox(t);
  for (const name of ['a', 'b', 'c']) await writeArchive(box.image(`${name} 1`, {}), join(box.base, `${name}.igos.tar.gz`));
  const heard: string[] = [];
  await writeIndex(box.base, {
    keys: [ours.secret],
    now: 1,
    validSeconds: 0,
    onRead: (file, isDone) => void setImmediate(() => isDone || heard.push(file)),
  });
  assert.deepEqual(heard, ['a.igos.tar.gz', 'b.igos.tar.gz']);
});

test('an archive that goes while the index is made, and an index of before that is damaged, are named with the way out', async (t) => {
  const box = new Sandbox(t);
  const options = { keys: [ours.secret], now: 1, validSeconds: 0 };
  for (const name of ['a', 'b']) await writeArchive(box.image(`${name} 1`, {}), join(box.base, `${name}.igos.tar.gz`));
  const b = join(box.base, 'b.igos.tar.gz');
  const kept = readFileSync(b);
  const hints = ['it was there when the folder was listed: run this again when nothing else changes the folder'];
  const gone = { name: 'SystemFault', errno: 'ENOENT', path: b, hints };
  const removing = { ...options, onRead: (file: string) => file === 'a.igos.tar.gz' && rmSync(b, { force: true }) };
  await assert.rejects(writeIndex(box.base, removing), gone);
  writeFileSync(b, kept);
  await writeIndex(box.base, options);
  await writeArchive(box.image('a 2', {}), join(box.base, 'a.igos.tar.gz'));
  await assert.rejects(writeIndex(box.base, removing), gone, 'also where the index knows it');

  const index = join(box.base, 'index.json');
  writeFileSync(index, '{}');
  golden(t, 'errors/pkm-index-before.txt', await faultText(box, () => writeIndex(box.base, options)));
  assert.equal(readFileSync(index, 'utf8'), '{}');
});

test('an archive whose file name no index holds is named to who publishes', async (t) => {
  const box = new Sandbox(t);
  await writeArchive(box.image('a 1', {}), join(box.base, 'a 1.igos.tar.gz'));
  const written = writeIndex(box.base, { keys: [ours.secret], now: 1, validSeconds: 0 });
  await assert.rejects(written, { code: 'E-PKM-026', message: "an index cannot hold the file name 'a 1.igos.tar.gz'" });
});
