/** With Nix itself on the other side: what it reads from us, and what we read from it. Skipped loudly where there is none. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { textToBytes } from '../../../base/index.ts';
import { generateKey } from '../../../store/cache/keys.ts';
import { formatListing } from '../../../store/cache/listing.ts';
import { openTransport } from '../../../store/cache/open-transport.ts';
import { push } from '../../../store/cache/push.ts';
import { type StorePath, storePathHash } from '../../../store/index.ts';
import { makeTree, temporaryFolder } from '../fixture.ts';
import { nixStore, pullFrom, serve, vectorCache, vectorKey } from './caches.ts';

const version = spawnSync('nix', ['--version'], { encoding: 'utf8' }).stdout ?? '';
const noNix = version === '' ? 'there is no nix here (Debian: nix-bin)' : false;
const COMPRESSIONS = ['none', 'xz', 'bzip2', 'gzip', 'zstd', 'br'] as const;

/** Asynchronously: our server answers in this process. */
function nix(folder: string, ...words: string[]): Promise<{ status: number | null; said: string }> {
  const env = {
    ...process.env,
    HOME: folder,
    XDG_CACHE_HOME: join(folder, `cache-${Math.random()}`),
    NIX_REMOTE: '',
    NIX_CONF_DIR: folder,
  };
  const child = spawn('nix', ['--extra-experimental-features', 'nix-command', ...words], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  return new Promise((resolve) => child.once('close', (status) => resolve({ status, said })));
}

test('vectors of caches are taken, with signatures checked', async (t) => {
  const store = nixStore(t);
  const signed = vectorCache(t, 'cache');
  const { pulled } = await pullFrom(store, signed.url, signed.paths, { keys: [vectorKey] });
  assert.equal(pulled.length, signed.paths.length);
  assert.equal((await pullFrom(store, signed.url, signed.paths, { keys: [] })).pulled.length, 0);
  assert.deepEqual(store.verify({ contents: true }), []);
});

test('the xz vector', { skip: spawnSync('xz', ['--version']).status !== 0 && 'there is no xz here' }, async (t) => {
  const store = nixStore(t);
  const { url, paths } = vectorCache(t, 'cache-xz');
  await pullFrom(store, url, paths, { needsSignature: false });
  assert.deepEqual(store.verify({ contents: true }), []);
});

test('Nix substitutes from our server, and we pull what Nix writes, in every compression', { skip: noNix }, async (t) => {
  const folder = temporaryFolder(t);
  const store = nixStore(t);
  const vectors = vectorCache(t, 'cache');
  await pullFrom(store, vectors.url, vectors.paths, { keys: [vectorKey] });
  const tree = makeTree(join(folder, 'tree'), {
    'bin/run*': '#!/bin/sh\n',
    'lib/a': 'a'.repeat(300_000),
    'lib/b': '-> a',
    'z\u00e9': '',
    empty: null,
  });
  const added = store.addPath('tree', textToBytes(tree));
  const paths: StorePath[] = [...vectors.paths, added];
  const key = generateKey('ours-1');
  for (const compression of ['zstd', 'xz', 'none'] as const) {
    const server = await serve(t, store, { keys: [key], compression });
    const target = `local?root=${join(folder, `nix-${compression}`)}`;
    const copy = (trusted: string) =>
      nix(folder, 'copy', '--from', server.url, '--to', target, '--option', 'trusted-public-keys', trusted, ...paths);
    const refused = await copy(generateKey('other-1').publicKey.text);
    assert.notEqual(refused.status, 0);
    assert.match(refused.said, /lacks a valid signature/);
    const taken = await copy(key.publicKey.text);
    assert.equal(taken.status, 0, taken.said);
    const checked = await nix(folder, 'store', 'verify', '--store', target, '--no-trust', ...paths);
    assert.equal(checked.status, 0, checked.said);
    await server.close(0);
  }
  const theirs = generateKey('theirs-1');
  const secret = join(folder, 'secret');
  writeFileSync(secret, theirs.text, { mode: 0o600 });
  for (const compression of COMPRESSIONS) {
    const cache = join(folder, `cache-${compression}`);
    mkdirSync(cache);
    const written = await nix(
      folder,
      'copy',
      '--from',
      `local?root=${join(folder, 'nix-zstd')}`,
      '--to',
      `file://${cache}?compression=${compression}&secret-key=${secret}&write-nar-listing=true`,
      ...paths,
    );
    assert.equal(written.status, 0, written.said);
    const fresh = nixStore(t);
    await pullFrom(fresh, `file://${cache}`, paths, { keys: [theirs.publicKey.text] });
    assert.deepEqual(fresh.verify({ contents: true }), [], compression);
    for (const path of paths) assert.equal(fresh.info(path)!.narHash, store.info(path)!.narHash);
    if (compression !== 'none') continue;
    for (const path of paths) {
      const listing = readFileSync(join(cache, `${storePathHash(path)}.ls`), 'utf8');
      assert.deepEqual(JSON.parse(formatListing(store.manifest(path))), JSON.parse(listing), path);
    }
  }
});

test('Nix reads a folder that we pushed, in every compression, and our narinfo is its narinfo', { skip: noNix }, async (t) => {
  const folder = temporaryFolder(t);
  const store = nixStore(t);
  const vectors = vectorCache(t, 'cache');
  await pullFrom(store, vectors.url, vectors.paths, { keys: [vectorKey] });
  for (const compression of COMPRESSIONS) {
    const cache = join(folder, `ours-${compression}`);
    const pushed = await push(store, openTransport(`file://${cache}`), vectors.paths, [], { compression, keys: [] });
    assert.equal(pushed.length, vectors.paths.length);
    const target = `local?root=${join(folder, `nix-${compression}`)}`;
    const taken = await nix(
      folder,
      'copy',
      '--from',
      `file://${cache}`,
      '--to',
      target,
      '--option',
      'trusted-public-keys',
      vectorKey,
      ...vectors.paths,
    );
    assert.equal(taken.status, 0, taken.said);
    if (compression !== 'none') continue;
    for (const path of vectors.paths) {
      const name = `${path.slice(11, 43)}.narinfo`;
      assert.equal(readFileSync(join(cache, name), 'latin1'), readFileSync(join(vectors.folder, name), 'latin1'));
    }
    assert.ok(existsSync(join(cache, 'nix-cache-info')));
  }
});
