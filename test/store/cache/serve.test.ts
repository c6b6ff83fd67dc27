/** The server on its own: what HTTP asks of it, and what hostile clients do to it. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { zstdDecompressSync } from 'node:zlib';
import { textToBytes } from '../../../base/index.ts';
import { narOfBytes, storePathHash } from '../../../store/index.ts';
import { makeTree } from '../fixture.ts';
import { nixStore, pullFrom, serve, vectorCache, vectorKey } from './caches.ts';

const urlOf = (narinfo: string): string => /^URL: (.*)$/m.exec(narinfo)![1]!;

async function filled(t: Parameters<typeof nixStore>[0]) {
  const store = nixStore(t);
  const source = join(store.home, '../note');
  writeFileSync(source, 'x'.repeat(5000));
  const path = store.addPath('note', textToBytes(source));
  return { store, path, nar: narOfBytes(Buffer.from('x'.repeat(5000))) };
}

test('a listing names every file and where it stands in the nar', async (t) => {
  const store = nixStore(t);
  const source = makeTree(join(store.home, '../tree'), {
    'a/b/c*': '#!/bin/sh\n',
    'a/b.x': 'y'.repeat(1001),
    'a/empty': '',
    __proto__2: '1',
    link: '-> a/b',
    'none/deep': null,
    'z\u00e9': 'last',
  });
  writeFileSync(join(source, '__proto__'), 'own');
  const paths = [store.addPath('tree', textToBytes(source)), store.addPath('file', textToBytes(join(source, 'a/b.x')))];
  const { url } = await serve(t, store, { compression: 'none' });
  for (const path of paths) {
    const listing = await fetch(`${url}/${storePathHash(path)}.ls`);
    assert.equal(listing.status, 200, await listing.clone().text());
    assert.equal(listing.headers.get('content-type'), 'application/json');
    const { version, root } = (await listing.json()) as { version: number; root: Listed };
    assert.equal(version, 1);
    const narinfo = await (await fetch(`${url}/${storePathHash(path)}.narinfo`)).text();
    const nar = Buffer.from(await (await fetch(`${url}/${urlOf(narinfo)}`)).arrayBuffer());
    const found: string[] = [];
    const walk = (name: string, listed: Listed): void => {
      if (listed.type === 'directory') {
        found.push(`${name}/`);
        for (const [child, entry] of Object.entries(listed.entries)) walk(`${name}/${child}`, entry);
      } else if (listed.type === 'symlink') found.push(`${name} -> ${listed.target}`);
      else {
        const bytes = nar.subarray(listed.narOffset, listed.narOffset + listed.size);
        assert.deepEqual(bytes, readFileSync(`${store.toReal(path)}${name}`), name);
        found.push(`${name}${listed.executable === true ? '*' : ''}`);
      }
    };
    walk('', root);
    if (root.type !== 'directory') continue;
    assert.deepEqual(found, [
      ...['/', '/__proto__', '/__proto__2', '/a/', '/a/b/', '/a/b/c*', '/a/b.x', '/a/empty'],
      ...['/link -> a/b', '/none/', '/none/deep/', '/z\u00e9'],
    ]);
  }
  assert.equal((await fetch(`${url}/${'0'.repeat(32)}.ls`)).status, 404);
});

type Listed =
  | { type: 'regular'; size: number; executable?: true; narOffset: number }
  | { type: 'symlink'; target: string }
  | { type: 'directory'; entries: Record<string, Listed> };

test('as many archives are made at once as there are processors, and none for who has gone', async (t) => {
  const store = nixStore(t);
  const source = join(store.home, '../noise');
  const paths = Array.from({ length: 40 }, (_, n) => {
    writeFileSync(source, randomBytes(1 << 20));
    return store.addPath(`noise-${n}`, textToBytes(source));
  });
  const { url } = await serve(t, store, { compression: 'br' });
  const addresses = await Promise.all(
    paths.map(async (path) => `${url}/${urlOf(await (await fetch(`${url}/${storePathHash(path)}.narinfo`)).text())}`),
  );
  const folder = join(store.home, 'var/cache/nar');
  const made = () => (existsSync(folder) ? readdirSync(folder) : []);
  let most = 0;
  const looking = setInterval(() => {
    most = Math.max(most, made().filter((name) => !name.endsWith('.br')).length);
  }, 5);
  t.after(() => clearInterval(looking));
  const leaving = new AbortController();
  const [stay, leave] = [addresses.slice(0, 20), addresses.slice(20)];
  const left = leave.map((address) => fetch(address, { signal: leaving.signal }).catch(() => {}));
  await setTimeout(20);
  leaving.abort();
  await Promise.all(left);
  const sizes = await Promise.all(stay.map(async (address) => (await (await fetch(address)).arrayBuffer()).byteLength));
  assert.ok(sizes.every((size) => size > 1 << 20));
  assert.ok(most >= 1 && most <= availableParallelism(), `${most} at once`);
  assert.ok(made().length < 40, 'of those who went away few were made');
});

test('parts, conditions and HEAD, of a nar as it is and compressed', async (t) => {
  const { store, path, nar } = await filled(t);
  for (const compression of ['none', 'zstd'] as const) {
    const { url } = await serve(t, store, { compression });
    const narinfo = await (await fetch(`${url}/${storePathHash(path)}.narinfo`)).text();
    const address = `${url}/${urlOf(narinfo)}`;
    const whole = await fetch(address);
    const bytes = Buffer.from(await whole.arrayBuffer());
    assert.deepEqual(compression === 'none' ? bytes : zstdDecompressSync(bytes), nar);
    const etag = whole.headers.get('etag')!;
    assert.equal(whole.headers.get('content-length'), String(bytes.length));
    const head = await fetch(address, { method: 'HEAD' });
    assert.deepEqual(
      [head.status, head.headers.get('content-length'), head.headers.get('etag')],
      [200, String(bytes.length), etag],
    );
    assert.equal((await head.arrayBuffer()).byteLength, 0);
    const part = async (range: string, more: Record<string, string> = {}) => {
      const response = await fetch(address, { headers: { range, ...more } });
      return {
        status: response.status,
        of: response.headers.get('content-range'),
        bytes: Buffer.from(await response.arrayBuffer()),
      };
    };
    const n = bytes.length;
    for (const [range, start, end] of [
      ['bytes=5-', 5, n],
      ['bytes=0-0', 0, 1],
      ['bytes=7-19', 7, 20],
      [`bytes=3-${n + 100}`, 3, n],
      ['bytes=-4', n - 4, n],
    ] as const) {
      const got = await part(range);
      assert.deepEqual(got, { status: 206, of: `bytes ${start}-${end - 1}/${n}`, bytes: bytes.subarray(start, end) }, range);
    }
    assert.equal((await part(`bytes=${n}-`)).status, 416);
    for (const strange of ['bytes=5-2', 'bytes=a-b', 'bytes=1-2,4-5', 'lines=1-2', 'bytes=-'])
      assert.deepEqual((await part(strange)).status, 200, strange);
    assert.equal((await part('bytes=5-', { 'if-range': etag })).status, 206);
    assert.equal((await part('bytes=5-', { 'if-range': '"other"' })).status, 200);
    assert.equal((await fetch(address, { headers: { 'if-none-match': etag } })).status, 304);
  }
});

test('what is not there, not allowed or not meant well', async (t) => {
  const { store, path } = await filled(t);
  const { port, url } = await serve(t, store);
  const raw = (text: string, pauseMs = 0): Promise<string> =>
    new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1', () => socket.write(text));
      let answer = '';
      socket.setEncoding('latin1').on('data', (data: string) => {
        answer += data;
        if (pauseMs === 0) socket.end();
      });
      socket.once('close', () => resolve(answer));
      socket.once('error', () => resolve(answer));
    });
  const status = async (target: string, method = 'GET'): Promise<number> =>
    Number((await raw(`${method} ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)).split(' ')[1]);
  const hash = storePathHash(path);
  for (const target of [
    '/',
    '/x',
    `/${hash}`,
    '/nar/x.nar',
    `/${'0'.repeat(32)}.narinfo`,
    '/log/x',
    `/log/${path.slice(11)}`,
    '/build-trace-v2/a/b.doi',
    `/igos/${hash}/x`,
    '/var/index/data.mdb',
    `/nar/${'0'.repeat(52)}-${hash}.nar`,
  ])
    assert.equal(await status(target), 404, target);
  for (const target of [
    '/../etc/passwd',
    '/nar/%2e%2e/%2e%2e/etc/passwd',
    '/log/..%2f..%2fetc%2fpasswd',
    '/%00',
    '/%zz',
    '/a\\..\\b',
    'http://elsewhere/nix-cache-info',
    '/./x',
  ])
    assert.equal(await status(target), 400, target);
  for (const query of ['of=', 'of=1', 'of=0-9', 'of=0,0', 'of=-1', 'of=0-999999999', 'of=0;1', ''])
    assert.equal(await status(`/igos/${hash}/files?${query}`), 400, query);
  for (const method of ['PUT', 'POST', 'DELETE', 'OPTIONS']) assert.equal(await status('/nix-cache-info', method), 405, method);
  assert.match(await raw(`GET / HTTP/1.1\r\nHost: x\r\nA: ${'a'.repeat(20_000)}\r\n\r\n`), /^HTTP\/1.1 431/);
  assert.match(await raw('nonsense\r\n\r\n'), /^HTTP\/1.1 400/);
  assert.equal((await fetch(`${url}/nix-cache-info`)).status, 200);
});

test('who sends headers slowly is cut off, and others do not wait for him', async (t) => {
  const { store } = await filled(t);
  const { port, url } = await serve(t, store, { limits: { headersMs: 300 } });
  const start = performance.now();
  const closed = new Promise<void>((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('GET /nix-cache-info HTTP/1.1\r\nHo'));
    socket
      .once('close', () => resolve())
      .once('error', () => {})
      .resume();
  });
  assert.equal((await fetch(`${url}/nix-cache-info`)).status, 200);
  await closed;
  assert.ok(performance.now() - start < 30_000);
});

test('an object that was damaged on disk does not leave the store', async (t) => {
  const { store, path } = await filled(t);
  const failures: unknown[] = [];
  const { url } = await serve(t, store, { compression: 'zstd', onFailure: (error) => failures.push(error) });
  chmodSync(store.toReal(path), 0o644);
  writeFileSync(store.toReal(path), `y${'x'.repeat(4999)}`);
  const narinfo = await (await fetch(`${url}/${storePathHash(path)}.narinfo`)).text();
  assert.equal((await fetch(`${url}/${urlOf(narinfo)}`)).status, 500);
  const plain = `${url}/${urlOf(narinfo).replace('.zst', '')}`;
  await assert.rejects(async () => await (await fetch(plain)).arrayBuffer());
  assert.equal(failures.length, 2);
});

test('closing lets go of the port at once where nothing is sent', async (t) => {
  const { store } = await filled(t);
  const server = await serve(t, store);
  await (await fetch(`${server.url}/nix-cache-info`)).text();
  const start = performance.now();
  await server.close();
  assert.ok(performance.now() - start < 3500);
  await assert.rejects(() => fetch(`${server.url}/nix-cache-info`));
});

test('signatures of the vectors go out beside ours', async (t) => {
  const store = nixStore(t);
  const { url, paths } = vectorCache(t, 'cache');
  await pullFrom(store, url, paths, { keys: [vectorKey] });
  const served = await serve(t, store);
  const fresh = nixStore(t);
  await pullFrom(fresh, served.url, paths, { keys: [vectorKey] });
  assert.deepEqual(fresh.verify({ contents: true }), []);
  makeTree(join(fresh.home, 'x'), {});
});
