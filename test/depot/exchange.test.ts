import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { compareBytes, type Fault, writeFileAtomic } from '../../base/index.ts';
import { gpgHasSecretKey, gpgSigner, loadOpenPgp } from '../../depot/index.ts';
import { ALL, type Exchange, exchange } from './published.ts';
import { keyOf } from './signers.ts';

const withoutGpg = spawnSync('gpg', ['--version']).status === 0 ? false : 'gpg is not installed';
const sorted = (texts: readonly string[]) => [...texts].sort(compareBytes);

/** The trees of two depots, keys and addresses apart: as GNU diff sees them, and their modes. */
function assertSameTrees(at: Exchange) {
  execFileSync('diff', ['-r', '--no-dereference', '-x', 'pubkey', '-x', 'download', '-x', 'index', at.from.folder, at.to.folder]);
  assert.equal(statSync(join(at.to.folder, 'alan/raw/face/1/tools/run.sh')).mode & 0o777, 0o755);
  assert.equal(statSync(join(at.to.folder, 'alan/raw/face/1/face.config')).mode & 0o777, 0o644);
}

test('what one publishes another downloads, with all that it needs', async (t) => {
  const at = await exchange(t);
  assert.deepEqual(
    sorted(await at.publish(['alan/pkg/x86_64/wall/1'])),
    ALL.map((path) => `${path}.tar.xz`),
  );
  assert.deepEqual(sorted(await at.download(['alan/pkg/x86_64/wall/1'])), ALL);
  assertSameTrees(at);
  // Again: nothing is done, and nothing asked.
  at.requests.length = 0;
  assert.deepEqual(await at.publish(['alan/pkg/x86_64/wall/1']), []);
  assert.deepEqual(await at.download(['alan/pkg/x86_64/wall/1']), []);
  assert.deepEqual(at.requests, []);
});

test('published archives are the same to the bit, and tar and xz read them', async (t) => {
  const at = await exchange(t);
  await at.publish(['alan/raw/face/1']);
  const file = join(at.published, 'alan/raw/face/1.tar.xz');
  const first = readFileSync(file);
  rmSync(at.published, { recursive: true });
  execFileSync('touch', ['-d', '2001-01-01', join(at.from.folder, 'alan/raw/face/1/face.config')]);
  await at.publish(['alan/raw/face/1']);
  assert.deepEqual(readFileSync(file), first);
  assert.equal(
    execFileSync('tar', ['tvJf', file, '--numeric-owner', '--utc', '--full-time'], { encoding: 'utf8' }).replace(/ +/g, ' '),
    [
      'drwxr-xr-x 0/0 0 1970-01-01 00:00:01 1/',
      '-rw-r--r-- 0/0 12 1970-01-01 00:00:01 1/face.config',
      'drwxr-xr-x 0/0 0 1970-01-01 00:00:01 1/tools/',
      '-rwxr-xr-x 0/0 10 1970-01-01 00:00:01 1/tools/run.sh\n',
    ].join('\n'),
  );
  execFileSync('xz', ['--test', file]);
});

test('in the layout of 2017 too', async (t) => {
  const at = await exchange(t, '2017');
  assert.deepEqual(sorted(await at.publish(['alan/pkg/x86_64/wall-1'])), sorted(ALL_2017.map((path) => `${path}.tgz`)));
  assert.deepEqual(sorted(await at.download(['alan/pkg/x86_64/wall-1'])), sorted(ALL_2017));
  execFileSync('diff', ['-r', '-x', 'pubkey', '-x', 'download', '-x', 'index', at.from.folder, at.to.folder]);
  assert.match(
    execFileSync('tar', ['tzf', join(at.published, 'alan/raw/face-1.tgz')], { encoding: 'utf8' }),
    /^face-1\/\nface-1\/face\.config\n/,
  );
});

const ALL_2017 = ALL.map((path) => path.replace(/\/([^/]*)$/, '-$1'));

test('the password of an address is used, and shown to nobody', async (t) => {
  const at = await exchange(t);
  await at.publish(['alan/raw/face/1']);
  writeFileSync(join(at.to.folder, 'alan/download'), `${at.url.replace('//', '//reader:hunter2@')}\n`);
  const shown: unknown[] = [];
  const onEvent = (event: unknown) => void shown.push(event);
  assert.deepEqual(await at.download(['alan/raw/face/1'], { onEvent }), ['alan/raw/face/1']);
  assert.ok(at.authorizations.length > 0);
  for (const authorization of at.authorizations) assert.equal(authorization, `Basic ${btoa('reader:hunter2')}`);
  await assert.rejects(at.download(['alan/raw/none/1'], { onEvent }), (error: Fault) => {
    assert.equal(error.code, 'E-DEPOT-015');
    assert.deepEqual(error.notes, [`${at.url}/alan/raw/none/1.tar.xz.sig`]);
    return true;
  });
  assert.equal(shown.filter((event) => (event as { kind: string }).kind === 'fetch').length, 2);
  assert.doesNotMatch(JSON.stringify(shown), /hunter2/);
});

test('an index that changes while it is packed is published anew', async (t) => {
  const at = await exchange(t);
  const index = join(at.from.folder, 'alan/index/26.04');
  writeFileSync(index, randomBytes(1 << 21));
  mkdirSync(join(at.published, 'alan/index'), { recursive: true });
  // It is being written: so the other is read.
  const watcher = watch(join(at.published, 'alan/index'), () => {
    watcher.close();
    setTimeout(() => writeFileAtomic(index, Buffer.from('<index>2</index>\n')), 20);
  });
  t.after(() => watcher.close());
  await at.publish(['alan/index/26.04']);
  assert.equal(readFileSync(index, 'utf8'), '<index>2</index>\n', 'it takes long enough');
  assert.deepEqual(await at.publish(['alan/index/26.04']), ['alan/index/26.04.xz']);
  assert.deepEqual(await at.publish(['alan/index/26.04']), []);
  await at.download(['alan/index/26.04']);
  assert.equal(readFileSync(join(at.to.folder, 'alan/index/26.04'), 'utf8'), '<index>2</index>\n');
});

test('an index is published and fetched anew when it changed', async (t) => {
  const at = await exchange(t);
  assert.deepEqual(await at.publish(['alan/index/26.04']), ['alan/index/26.04.xz']);
  assert.deepEqual(await at.download(['alan/index/26.04']), ['alan/index/26.04']);
  assert.equal(readFileSync(join(at.to.folder, 'alan/index/26.04'), 'utf8'), '<index/>\n');
  assert.deepEqual(await at.publish(['alan/index/26.04']), []);
  writeFileSync(join(at.from.folder, 'alan/index/26.04'), '<index>2</index>\n');
  const later = new Date(Date.now() + 5000);
  execFileSync('touch', ['-d', later.toISOString(), join(at.from.folder, 'alan/index/26.04')]);
  assert.deepEqual(await at.publish(['alan/index/26.04']), ['alan/index/26.04.xz']);
  await at.download(['alan/index/26.04']);
  assert.equal(readFileSync(join(at.to.folder, 'alan/index/26.04'), 'utf8'), '<index>2</index>\n');
});

test('an index whose signature is of the one before is published anew', async (t) => {
  const at = await exchange(t);
  const signature = join(at.published, 'alan/index/26.04.xz.sig');
  await at.publish(['alan/index/26.04']);
  // As the power going between the two leaves them.
  const before = readFileSync(signature);
  const { mtime } = statSync(signature);
  assert.deepEqual(mtime, statSync(signature.replace(/\.sig$/, '')).mtime);
  writeFileSync(join(at.from.folder, 'alan/index/26.04'), '<index>2</index>\n');
  assert.deepEqual(await at.publish(['alan/index/26.04']), ['alan/index/26.04.xz']);
  writeFileSync(signature, before);
  utimesSync(signature, mtime, mtime);
  await assert.rejects(at.download(['alan/index/26.04']), { code: 'E-DEPOT-012' });
  assert.deepEqual(await at.publish(['alan/index/26.04']), ['alan/index/26.04.xz']);
  await at.download(['alan/index/26.04']);
  assert.equal(readFileSync(join(at.to.folder, 'alan/index/26.04'), 'utf8'), '<index>2</index>\n');
  assert.deepEqual(readdirSync(join(at.published, 'alan/index')).sort(), ['26.04.xz', '26.04.xz.sig']);
});

test('an index that is replaced between its signature and itself is fetched again', async (t) => {
  const at = await exchange(t);
  const signature = join(at.published, 'alan/index/26.04.xz.sig');
  await at.publish(['alan/index/26.04']);
  const stale = readFileSync(signature);
  writeFileSync(join(at.from.folder, 'alan/index/26.04'), '<index>2</index>\n');
  await at.publish(['alan/index/26.04']);
  const fresh = readFileSync(signature);
  writeFileSync(signature, stale);
  at.requests.length = 0;
  const { push } = at.requests;
  at.requests.push = (name) => {
    if (name === 'alan/index/26.04.xz') writeFileSync(signature, fresh);
    return push.call(at.requests, name);
  };
  assert.deepEqual(await at.download(['alan/index/26.04']), ['alan/index/26.04']);
  assert.equal(readFileSync(join(at.to.folder, 'alan/index/26.04'), 'utf8'), '<index>2</index>\n');
});

test('a download that was cut off goes on where it stopped', async (t) => {
  const at = await exchange(t);
  writeFileSync(
    join(at.from.folder, 'alan/raw/face/1/noise'),
    Buffer.from(Array.from({ length: 50_000 }, (_, i) => (i * i * 31) % 251)),
  );
  await at.publish(['alan/raw/face/1']);
  const file = join(at.published, 'alan/raw/face/1.tar.xz');
  const partial = join(at.quarantine, 'alan/raw/face/1.tar.xz.partial');
  mkdirSync(join(at.quarantine, 'alan/raw/face'), { recursive: true });
  writeFileSync(partial, readFileSync(file).subarray(0, 100));
  await at.download(['alan/raw/face/1']);
  assert.deepEqual(readFileSync(join(at.quarantine, 'alan/raw/face/1.tar.xz')), readFileSync(file));
  assert.equal(existsSync(partial), false);
});

test('what was cut off with the power, and holds other bytes now, is fetched again', async (t) => {
  const at = await exchange(t);
  await at.publish(['alan/raw/face/1']);
  mkdirSync(join(at.quarantine, 'alan/raw/face'), { recursive: true });
  writeFileSync(join(at.quarantine, 'alan/raw/face/1.tar.xz.partial'), Buffer.alloc(100));
  assert.deepEqual(await at.download(['alan/raw/face/1']), ['alan/raw/face/1']);
});

test('a damaged file in the quarantine is thrown away and fetched again', async (t) => {
  const at = await exchange(t);
  await at.publish(['alan/raw/face/1']);
  await at.download(['alan/raw/face/1']);
  const file = join(at.quarantine, 'alan/raw/face/1.tar.xz');
  truncateSync(file, 50);
  rmSync(join(at.to.folder, 'alan/raw/face'), { recursive: true });
  assert.deepEqual(await at.download(['alan/raw/face/1']), ['alan/raw/face/1']);
  assert.deepEqual(readFileSync(file), readFileSync(join(at.published, 'alan/raw/face/1.tar.xz')));
});

test("GnuPG takes our signatures, and we take GnuPG's", { skip: withoutGpg }, async (t) => {
  const at = await exchange(t);
  await at.publish(['alan/raw/face/1']);
  const home = join(at.folder, 'gnupg');
  mkdirSync(home, { mode: 0o700 });
  t.after(() => spawnSync('gpgconf', ['--homedir', home, '--kill', 'all']));
  const gpg = (...args: string[]) =>
    execFileSync('gpg', ['--homedir', home, '--batch', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const keyFile = join(at.folder, 'alan.pub');
  writeFileSync(keyFile, (await keyOf('alan')).publicKey);
  gpg('--import', keyFile);
  const file = join(at.published, 'alan/raw/face/1.tar.xz');
  gpg('--verify', `${file}.sig`, file);
  writeFileSync(join(at.folder, 'other'), 'other bytes');
  assert.throws(() => gpg('--verify', `${file}.sig`, join(at.folder, 'other')));

  // A key of GnuPG's own, by its agent.
  gpg('--passphrase', '', '--quick-gen-key', 'bob <bob@example.org>', 'rsa2048', 'sign', 'never');
  const fingerprint = /^fpr:+([0-9A-F]{40}):/m.exec(gpg('--with-colons', '--list-secret-keys').toString())![1]!.toLowerCase();
  const before = process.env['GNUPGHOME'];
  process.env['GNUPGHOME'] = home;
  t.after(() => {
    if (before === undefined) delete process.env['GNUPGHOME'];
    else process.env['GNUPGHOME'] = before;
  });
  assert.equal(await gpgHasSecretKey(fingerprint), true);
  assert.equal(await gpgHasSecretKey('0'.repeat(40)), false);
  writeFileSync(join(at.to.folder, 'bob', 'pubkey'), gpg('--armor', '--export', fingerprint));
  await at.publish(['bob/pkg/frame/3'], { signerOf: async () => gpgSigner(fingerprint) });
  assert.deepEqual(sorted(await at.download(['bob/pkg/frame/3'], { needsPath: true })), ['bob/pkg/frame/3', 'bob/raw/frame/3']);
});

test('a key file may be locked', async (t) => {
  const at = await exchange(t);
  const { generateKey, keySigner } = await loadOpenPgp();
  const key = await generateKey('alan', { bits: 2048, passphrase: 'secret' });
  const file = join(at.folder, 'locked');
  writeFileSync(file, key.secretKey);
  writeFileSync(join(at.to.folder, 'alan', 'pubkey'), key.publicKey);
  const signer = await keySigner(file, async () => 'secret');
  assert.equal(signer.fingerprint, key.fingerprint);
  await at.publish(['alan/raw/face/1'], { signerOf: async () => signer });
  assert.deepEqual(await at.download(['alan/raw/face/1']), ['alan/raw/face/1']);
});

test('nothing of a failed attempt stays in the depot', async (t) => {
  const at = await exchange(t);
  await at.publish(['alan/pkg/x86_64/wall/1']);
  rmSync(join(at.published, 'bob/raw/frame/3.tar.xz'));
  await assert.rejects(at.download(['alan/pkg/x86_64/wall/1']), /could not be downloaded: the server does not have it/);
  const left = readdirSync(at.to.folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.includes('.tmp-'));
  assert.deepEqual(left, []);
  assert.equal(existsSync(join(at.to.folder, 'bob/raw/frame/3')), false);
});
