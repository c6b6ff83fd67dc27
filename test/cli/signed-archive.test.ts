/** Signatures travel in archives: what is not named by its content is taken from a key that is trusted, and Nix reads over them. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { bytesSource, openStore, type StorePath } from '../../store/index.ts';
import { golden } from '../golden.ts';
import { temporaryFolder } from '../store/fixture.ts';
import { vectorFile } from '../store/vectors.ts';
import { runHere } from './in-process.ts';

test('what a path refers to is signed with it where that is asked for', async (t) => {
  const places = { home: join(temporaryFolder(t), 'home'), storeDir: '/nix/store' };
  const [used, user] = (() => {
    using store = openStore(places);
    const [used] = store.addTexts([{ name: 'used', text: 'x', references: [] }]);
    return [used!, store.addTexts([{ name: 'user', text: used!, references: [used!] }])[0]!];
  })();
  const key = join(temporaryFolder(t), 'key');
  writeFileSync(key, (await runHere('igos', ['key', 'generate', 'who-1'])).stdout, { mode: 0o600 });
  const signed = async (...options: string[]): Promise<StorePath[]> => {
    const words = ['store', 'sign', '-k', key, ...options, user, '--home', places.home, '--store-dir', places.storeDir];
    assert.equal((await runHere('igos', words)).status, 0);
    using store = openStore(places);
    return [used, user].filter((path) => store.info(path)!.signatures !== undefined);
  };
  assert.deepEqual(await signed(), [user]);
  assert.deepEqual(await signed('-r'), [used, user]);
});

test('a signed path comes with its signature, and only whom the key fits', async (t) => {
  const folder = temporaryFolder(t);
  const homeOf = (name: string): string => join(folder, name);
  const [path] = (() => {
    using store = openStore({ home: homeOf('from'), storeDir: '/nix/store' });
    return store.importArchive(bytesSource(vectorFile('export-simple.bin')), { isTrusted: true });
  })();
  const at = (home: string, ...words: string[]) =>
    runHere('igos', [...words, '--home', homeOf(home), '--store-dir', '/nix/store']);
  const key = join(folder, 'key');
  const made = await runHere('igos', ['key', 'generate', 'who-1']);
  writeFileSync(key, made.stdout, { mode: 0o600 });
  const publicKey = (await runHere('igos', ['key', 'public', key])).stdout.trim();
  assert.equal((await at('from', 'store', 'sign', '-k', key, path!)).status, 0);
  const archive = join(folder, 'archive');
  assert.equal((await at('from', 'store', 'export', '--output', archive, path!)).status, 0);

  const stranger = await at('stranger', 'store', 'import', archive);
  assert.equal(stranger.status, 1);
  golden(t, 'errors/store-archive-signed.txt', stranger.stderr);

  const friend = await at('friend', 'store', 'import', archive, '--trusted-key', publicKey);
  assert.deepEqual([friend.status, friend.stdout], [0, `${path}\n`], friend.stderr);
  using store = openStore({ home: homeOf('friend'), storeDir: '/nix/store' });
  assert.equal(store.info(path!)?.signatures?.length, 1);
  assert.match(store.info(path!)!.signatures![0]!, /^who-1:/);

  // Another content under the same signature.
  const bytes = readFileSync(archive);
  // Behind the word and the length.
  bytes[bytes.indexOf('contents') + 16]! ^= 1;
  writeFileSync(join(folder, 'forged'), bytes);
  const forged = await at('victim', 'store', 'import', join(folder, 'forged'), '--trusted-key', publicKey);
  assert.equal(forged.status, 1);
  assert.match(forged.stderr, /E-STORE-043/);

  if (spawnSync('nix-store', ['--version']).status !== 0) {
    t.diagnostic('no nix-store program here: whether Nix reads over signatures was not tried');
    return;
  }
  const read = spawnSync('nix-store', ['--store', join(folder, 'nix'), '--import'], {
    input: readFileSync(archive),
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: folder, NIX_CONFIG: 'sandbox = false\nbuild-users-group =' },
  });
  assert.deepEqual([read.status, read.stdout], [0, `${path}\n`], read.stderr);
});
