/** Keys and clocks: what GnuPG makes, and what of it is believed at which time. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Fault, renderFault } from '../../base/index.ts';
import { loadOpenPgp } from '../../depot/index.ts';
import { golden } from '../golden.ts';
import { exchange } from './published.ts';
import { keySignerOf } from './signers.ts';

const skip = spawnSync('gpg', ['--version']).status === 0 ? false : 'GnuPG is not installed';
const DAY = 86_400_000;
/** GnuPG counts in seconds: later than all that the tests make. */
const NOW = Date.now() + 600_000;

class Ring {
  readonly folder: string;
  constructor(t: TestContext) {
    this.folder = mkdtempSync(join(tmpdir(), 'igos-keys-'));
    mkdirSync(join(this.folder, 'h'), { mode: 0o700 });
    writeFileSync(join(this.folder, 'archive'), 'what is signed');
    t.after(() => {
      spawnSync('gpgconf', ['--homedir', join(this.folder, 'h'), '--kill', 'all']);
      rmSync(this.folder, { recursive: true, force: true });
    });
  }

  gpg(words: readonly string[], input?: string): Buffer {
    const common = ['--homedir', join(this.folder, 'h'), '--no-tty', '--yes', '--passphrase', '', '--pinentry-mode', 'loopback'];
    const batch = input === undefined ? ['--batch'] : ['--command-fd', '0'];
    const { status, stdout, stderr } = spawnSync('gpg', [...common, ...batch, ...words], { input: input ?? '' });
    assert.equal(status, 0, `${words.join(' ')}: ${stderr}`);
    return stdout;
  }

  /** @returns the fingerprint */
  make(name: string, algorithm = 'rsa2048', usage = 'sign', at?: number): string {
    this.gpg([...fake(at), '--quick-gen-key', name, algorithm, usage, at === undefined ? 'never' : '2d']);
    return /fpr:+([0-9A-F]+)/.exec(this.gpg(['--with-colons', '--list-keys', name]).toString())![1]!;
  }

  exported = (key: string): Buffer => this.gpg(['--export', key]);

  sign = (key: string, options: readonly string[] = [], at?: number): Buffer =>
    this.gpg([...fake(at), ...options, '-u', key, '--detach-sign', '-o', '-', join(this.folder, 'archive')]);

  revoke(key: string, why: number): void {
    const file = join(this.folder, `${key}.rev`);
    this.gpg(['-o', file, '--gen-revoke', key], `y\n${why}\n\ny\n`);
    this.gpg(['--import', file]);
  }

  /** Why it is not believed; 'yes' where it is. */
  async judge(keys: Buffer, signature: Buffer, now = NOW): Promise<string> {
    const { readPublicKeys, verifyFile } = await loadOpenPgp();
    try {
      const ring = await readPublicKeys(keys, 'pubkey');
      const file = join(this.folder, 'archive');
      await verifyFile({ archive: 'alan/raw/x/1', file, signature, keys: ring, now: new Date(now) });
      return 'yes';
    } catch (error) {
      assert.ok(error instanceof Fault, String(error));
      return `${error.message.replace(/^.*does not hold: /, '')} | ${error.hints.join(' ')}`;
    }
  }
}

const fake = (at: number | undefined): string[] =>
  at === undefined ? [] : ['--faked-system-time', new Date(at).toISOString().replace(/[-:]|\.\d+Z/g, '')];

test('a revoked key stays so: by a clock that is behind, and beside its copy of before', { skip }, async (t) => {
  const ring = new Ring(t);
  // 0: no reason; 1: compromised; 2: superseded; 3: no longer used. After the last two what was signed before could count.
  for (const why of [0, 1, 2, 3]) {
    const key = ring.make(`user ${why}`);
    const signature = ring.sign(key);
    const before = ring.exported(key);
    assert.equal(await ring.judge(before, signature), 'yes');
    const signedAt = Date.now();
    await new Promise((resolve) => setTimeout(resolve, 1100));
    ring.revoke(key, why);
    const after = ring.exported(key);
    for (const [place, keys, now] of [
      ['alone', after, NOW],
      ['by a clock that is behind', after, signedAt],
      ['behind its copy', Buffer.concat([before, after]), NOW],
      ['before its copy', Buffer.concat([after, before]), NOW],
    ] as const) {
      assert.match(await ring.judge(keys, signature, now), /^its key [0-9a-f]{16} was revoked/, `${why} ${place}`);
    }
  }
});

test('clocks that are ahead and behind, and keys that expire', { skip }, async (t) => {
  const ring = new Ring(t);
  const key = ring.make('alan');
  const keys = ring.exported(key);
  const signature = ring.sign(key);
  assert.equal(await ring.judge(keys, signature, NOW + 365 * DAY), 'yes');
  const behind = await ring.judge(keys, signature, NOW - 365 * DAY);
  assert.match(
    behind,
    /^it was made on 20\S+Z, and it is 20\S+Z by the clock of this machine \| see whether this clock is right/,
  );
  assert.match(await ring.judge(keys, ring.sign(key, ['--default-sig-expire', '1d']), NOW + 3 * DAY), /^signature is expired/);
  const expiring = ring.make('old', 'rsa2048', 'sign', NOW - 10 * DAY);
  const old = ring.sign(expiring, [], NOW - 9 * DAY);
  assert.match(await ring.judge(ring.exported(expiring), old), /^its key [0-9a-f]{16} expired on 20/);
});

test('weak hashes and keys are refused, and what helps is said', { skip }, async (t) => {
  const ring = new Ring(t);
  const key = ring.make('alan');
  const weak = /^it is too weak to be believed .* \| its user must sign it anew/;
  for (const hash of ['SHA1', 'RIPEMD160'])
    assert.match(await ring.judge(ring.exported(key), ring.sign(key, ['--digest-algo', hash])), weak, hash);
  for (const algorithm of ['rsa1024', 'dsa2048']) {
    const one = ring.make(algorithm, algorithm);
    assert.match(await ring.judge(ring.exported(one), ring.sign(one)), weak, algorithm);
  }
});

test('two keys of one name: each counts, and a signature by a third does not', { skip }, async (t) => {
  const ring = new Ring(t);
  const [one, two, three] = ['alan', 'alan (new)', 'alan (false)'].map((name) => ring.make(name)) as [string, string, string];
  const both = Buffer.concat([ring.exported(one), ring.exported(two)]);
  assert.deepEqual([await ring.judge(both, ring.sign(one)), await ring.judge(both, ring.sign(two))], ['yes', 'yes']);
  assert.equal(await ring.judge(both, Buffer.concat([ring.sign(one), ring.sign(two)])), 'yes');
  assert.match(await ring.judge(both, Buffer.concat([ring.sign(one), ring.sign(three)])), /which is not in 'pubkey'/);
});

const INDEX = 'alan/index/26.04';

test('an older index is refused, and the one that is there stays', async (t) => {
  const at = await exchange(t);
  const published = join(at.published, `${INDEX}.xz`);
  const here = join(at.to.folder, INDEX);
  await at.publish([INDEX]);
  const old = [readFileSync(published), readFileSync(`${published}.sig`)] as const;
  await new Promise((resolve) => setTimeout(resolve, 1100));
  writeFileSync(join(at.from.folder, INDEX), '<index>2</index>\n');
  rmSync(`${published}.sig`);
  await at.publish([INDEX]);
  const newer = [readFileSync(published), readFileSync(`${published}.sig`)] as const;
  const give = ([bytes, signature]: readonly [Buffer, Buffer]): void => {
    writeFileSync(published, bytes);
    writeFileSync(`${published}.sig`, signature);
  };
  const later = { now: new Date(Date.now() + 10_000) };
  await at.download([INDEX], later);
  assert.equal(readFileSync(here, 'utf8'), '<index>2</index>\n');
  give(old);
  for (let n = 0; n < 2; n++) {
    await assert.rejects(at.download([INDEX], later), (error) => error instanceof Fault && error.code === 'E-DEPOT-020');
    assert.equal(readFileSync(here, 'utf8'), '<index>2</index>\n');
  }
  // Rubbish between them changes nothing.
  give([old[0], Buffer.from('rubbish')]);
  await assert.rejects(at.download([INDEX], later), (error) => error instanceof Fault && error.code === 'E-DEPOT-012');
  give(old);
  await assert.rejects(at.download([INDEX], later), (error) => {
    const text = renderFault(error as Fault).replaceAll(at.folder, '/tmp');
    golden(t, 'errors/depot-older-index.txt', text.replace(/20\d\d-\d\d-\d\dT[\d:]{8}Z/g, 'TIME'));
    return true;
  });
  give(newer);
  await at.download([INDEX], later);
  // Who knows why takes it.
  give(old);
  rmSync(join(at.quarantine, `${INDEX}.xz.sig`));
  await at.download([INDEX], later);
  assert.equal(readFileSync(here, 'utf8'), '<index/>\n');
});

test('a signature without end is given up, and does not fill the disk', async (t) => {
  const at = await exchange(t);
  await at.publish(['alan/raw/face/1']);
  const signature = join(at.published, 'alan/raw/face/1.tar.xz.sig');
  writeFileSync(signature, Buffer.alloc(1 << 20));
  await assert.rejects(at.download(['alan/raw/face/1']), /it has more than 65536 bytes/);
  writeFileSync(signature, await (await keySignerOf(at.folder, 'alan')).sign(signature.slice(0, -4), 'alan/raw/face/1'));
  assert.deepEqual(await at.download(['alan/raw/face/1']), ['alan/raw/face/1']);
});
