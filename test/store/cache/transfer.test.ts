/** How content gets across: broken transfers, several caches, single files, memory of answers, S3. */
import assert from 'node:assert/strict';
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { textToBytes } from '../../../base/index.ts';
import {
  BinaryCache,
  CacheSubstituter,
  generateKey,
  keyRing,
  openTransport,
  parseNarInfo,
  pathFingerprint,
  push,
  repairFromCaches,
  signText,
  trustedSigner,
} from '../../../store/cache/index.ts';
import { byPriority } from '../../../store/cache/pull.ts';
import { parseManifest } from '../../../store/cache/remote-manifest.ts';
import { type ObjectStore, type StorePath, storePathHash } from '../../../store/index.ts';
import { NarEncoder } from '../../../store/nar-encode.ts';
import { makeTree, temporaryFolder } from '../fixture.ts';
import { faultOf, nixStore, nixStoreDir, pullFrom, serve, vectorCache, vectorKey } from './caches.ts';

interface Cleanup {
  after(run: () => unknown): void;
}

async function listen(t: Cleanup, handle: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close() && server.closeAllConnections());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Files that do not compress, so that sizes mean something. */
const noise = (seed: string, size: number): string => {
  let text = '';
  for (let i = 0; text.length < size; i++) text += createHash('sha512').update(`${seed}${i}`).digest('base64');
  return text.slice(0, size);
};

function pushed(t: Cleanup, store: ObjectStore, paths: readonly StorePath[]): Promise<string> {
  const folder = join(temporaryFolder(t), 'cache');
  return push(store, openTransport(`file://${folder}`), paths, [], { compression: 'none', keys: [] }).then(() => folder);
}

test('a transfer that breaks off goes on where it was, in this run and in a later one', async (t) => {
  const store = nixStore(t);
  const path = store.addPath('big', textToBytes(makeTree(join(store.home, '../tree'), { big: noise('a', 400_000) })));
  const folder = await pushed(t, store, [path]);
  const starts: number[] = [];
  let allowed = 100_000;
  let isUp = true;
  const url = await listen(t, (request, response) => {
    const file = readFileSync(join(folder, request.url!));
    if (!request.url!.startsWith('/nar/')) {
      response.end(file);
      return;
    }
    if (!isUp) {
      response.writeHead(404).end();
      return;
    }
    const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    starts.push(start);
    response.writeHead(start > 0 ? 206 : 200, {
      'content-length': file.length - start,
      ...(start > 0 ? { 'content-range': `bytes ${start}-${file.length - 1}/${file.length}` } : {}),
    });
    response.write(file.subarray(start, start + allowed), () => setTimeout(() => response.destroy(), 30));
    if (start + allowed >= file.length) response.end();
    if (starts.length === 2) isUp = false;
  });
  const target = nixStore(t);
  await faultOf(() => pullFrom(target, url, [path]));
  assert.equal(starts[0], 0);
  assert.ok(starts[1]! >= 50_000, `${starts}`);
  isUp = true;
  allowed = 1 << 30;
  await pullFrom(target, url, [path]);
  assert.ok(starts[2]! > starts[1]!, `${starts}`);
  assert.deepEqual(target.verify({ contents: true }), []);
  assert.deepEqual(readdirSync(join(target.home, 'var/cache/partial')), []);
});

test('a part that is shorter than what was asked for is not the rest; one that nobody asked for is no file', async (t) => {
  const store = nixStore(t);
  const path = store.addPath('big', textToBytes(makeTree(join(store.home, '../tree'), { big: noise('a', 400_000) })));
  const folder = await pushed(t, store, [path]);
  const ranges: string[] = [];
  let splits = '/nar/';
  const url = await listen(t, (request, response) => {
    const file = readFileSync(join(folder, request.url!));
    if (!request.url!.startsWith(splits)) return void response.end(file);
    const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    ranges.push(request.headers.range ?? '');
    const part = file.subarray(start, start + (start === 0 ? 100_000 : 200_000));
    if (start === 0 && splits === '/nar/') {
      response.writeHead(200, { 'content-length': file.length });
      response.write(part, () => setTimeout(() => response.destroy(), 30));
      return;
    }
    response.writeHead(206, {
      'content-length': part.length,
      'content-range': `bytes ${start}-${start + part.length - 1}/${file.length}`,
    });
    response.end(part);
  });
  const target = nixStore(t);
  assert.deepEqual((await pullFrom(target, url, [path], { needsSignature: false })).pulled, [path]);
  assert.deepEqual(ranges, ['', 'bytes=100000-', 'bytes=300000-']);
  splits = '/nix-cache-info';
  const fault = await faultOf(() => pullFrom(nixStore(t), url, [path], { needsSignature: false }));
  assert.match(fault.message, /failed to say what it is: 206/);
});

test('what a lying cache left half done spoils no honest one', async (t) => {
  const store = nixStore(t);
  const path = store.addPath('big', textToBytes(makeTree(join(store.home, '../tree'), { big: noise('a', 400_000) })));
  const folder = await pushed(t, store, [path]);
  // It says whatever others say, and sends something else.
  const liar = await listen(t, (request, response) => {
    const file = readFileSync(join(folder, request.url!));
    if (!request.url!.startsWith('/nar/')) return void response.end(file);
    response.writeHead(200, { 'content-length': file.length });
    response.write(Buffer.alloc(1000, 'A'), () => setTimeout(() => response.destroy(), 30));
  });
  const target = nixStore(t);
  const refused: string[] = [];
  const result = await pullFrom(target, [liar, `file://${folder}`], [path], {
    needsSignature: false,
    onEvent: (event) => void (event.kind === 'refused' && refused.push(event.fault.message)),
  });
  assert.deepEqual(result.pulled, [path]);
  assert.deepEqual(refused, [`cache '${liar}/' failed to send '${path}': the connection broke off`]);
  assert.deepEqual(readdirSync(`${target.home}/var/cache/partial`), []);
});

test('what is left of a transfer may be anything: it is fetched from its start', async (t) => {
  const store = nixStore(t);
  const bytes = noise('b', 100_000);
  const path = store.addPath('big', textToBytes(makeTree(join(store.home, '../tree'), { big: bytes })));
  const folder = await pushed(t, store, [path]);
  const { fileHash, fileSizeBytes } = parseNarInfo(
    readFileSync(join(folder, `${storePathHash(path)}.narinfo`), 'latin1'),
    path,
    store.storeDir,
  );
  for (const left of [Buffer.alloc(50_000), Buffer.alloc(fileSizeBytes!), Buffer.alloc(200_000)]) {
    const taker = nixStore(t);
    const partial = join(taker.home, 'var/cache/partial');
    mkdirSync(partial, { recursive: true });
    writeFileSync(join(partial, `${fileHash}-none.0-0`), left);
    await pullFrom(taker, `file://${folder}`, [path]);
    assert.deepEqual([taker.verify({ contents: true }), readdirSync(partial)], [[], []], `${left.length} bytes`);
  }
});

test('paths with the same bytes come at the same time', async (t) => {
  const store = nixStore(t);
  const texts = Array.from({ length: 12 }, (_, n) => ({ name: `n${n}`, text: noise('same', 1 << 20), references: [] }));
  const paths = store.addTexts(texts);
  for (const url of [`file://${await pushed(t, store, paths)}`, (await serve(t, store, { compression: 'none' })).url]) {
    const taker = nixStore(t);
    await pullFrom(taker, url, paths);
    assert.ok(paths.every((path) => taker.isValid(path)));
    assert.deepEqual(readdirSync(join(taker.home, 'var/cache/partial')), []);
  }
});

test('a bad cache does not stop the work: the next is asked, and the reason told', async (t) => {
  const bad = vectorCache(t, 'cache');
  const good = vectorCache(t, 'cache');
  for (const name of readdirSync(join(bad.folder, 'nar'))) {
    const file = join(bad.folder, 'nar', name);
    const bytes = readFileSync(file);
    bytes[bytes.length - 20]! ^= 1;
    writeFileSync(file, bytes);
  }
  const reasons: string[] = [];
  const closed = createServer();
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
  const { port } = closed.address() as AddressInfo;
  await new Promise((resolve) => closed.close(resolve));
  const store = nixStore(t);
  const { pulled } = await pullFrom(store, [`http://127.0.0.1:${port}`, bad.url, good.url], good.paths, {
    keys: [vectorKey],
    onEvent: (event) => event.kind === 'refused' && reasons.push(event.fault.message),
  });
  assert.equal(pulled.length, good.paths.length);
  assert.equal(reasons.filter((reason) => reason.includes('FileHash')).length, good.paths.length);
  assert.equal(reasons.filter((reason) => reason.includes('refuses the connection')).length, 1);
  assert.deepEqual(store.verify({ contents: true }), []);
});

test('of an upgrade only the changed files are sent', async (t) => {
  const files = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`share/f${i}*`, noise(`${i}`, 10_000)]));
  const from = nixStore(t);
  const old = from.addPath('app-1', textToBytes(makeTree(join(from.home, '../v1'), { ...files, 'usr/b': '-> ../a', a: '' })));
  const next = from.addPath(
    'app-2',
    textToBytes(
      makeTree(join(from.home, '../v2'), {
        ...files,
        'share/f7*': noise('new', 9000),
        'share/g': noise('8', 10_000),
        'usr/b': '-> ../a',
        a: '',
      }),
    ),
  );
  const requests: string[] = [];
  const { url } = await serve(t, from, { onRequest: ({ url: asked }) => requests.push(asked) });
  const to = nixStore(t);
  const first = await pullFrom(to, url, [old]);
  assert.ok(first.transferredBytes > 700_000);
  const second = await pullFrom(to, url, [next]);
  assert.ok(second.transferredBytes < 12_000, `${second.transferredBytes}`);
  assert.ok(requests.some((asked) => asked.includes('/files?of=')));
  assert.deepEqual(to.verify({ contents: true }), []);
  assert.equal(to.info(next)!.narHash, from.info(next)!.narHash);
});

test('a local file that was damaged since does not spoil what is put together from it', async (t) => {
  const files = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`f${i}`, noise(`${i}`, 10_000)]));
  const from = nixStore(t);
  const old = from.addPath('app-1', textToBytes(makeTree(join(from.home, '../v1'), files)));
  const next = from.addPath('app-2', textToBytes(makeTree(join(from.home, '../v2'), { ...files, f0: 'new' })));
  const { url } = await serve(t, from);
  const to = nixStore(t);
  await pullFrom(to, url, [old]);
  const { chmodSync } = await import('node:fs');
  const victim = join(to.toReal(old), 'f5');
  chmodSync(victim, 0o644);
  writeFileSync(victim, noise('evil', 10_000));
  await pullFrom(to, url, [next]);
  assert.equal(to.verify({ contents: true }).filter((problem) => problem.path === next).length, 0);
});

test('a damaged object is whole again out of a cache, and only with the recorded content', async (t) => {
  const from = nixStore(t);
  const path = from.addPath('thing', textToBytes(makeTree(join(from.home, '../v'), { a: noise('a', 5000), b: 'b' })));
  const folder = await pushed(t, from, [path]);
  const to = nixStore(t);
  await pullFrom(to, `file://${folder}`, [path]);
  const { chmodSync } = await import('node:fs');
  const victim = join(to.toReal(path), 'a');
  chmodSync(victim, 0o644);
  writeFileSync(victim, noise('evil', 5000));
  assert.equal(
    to.verify({ contents: true }).some((problem) => problem.kind === 'modified'),
    true,
  );
  const cacheAt = (url: string): BinaryCache => new BinaryCache(openTransport(url), to);
  const refused: string[] = [];
  const repaired = (url: string) => repairFromCaches(to, [cacheAt(url)], path, ({ code }) => refused.push(code));
  for (const field of ['FileSize', 'NarSize']) {
    const large = join(temporaryFolder(t), 'large');
    cpSync(folder, large, { recursive: true });
    const narinfo = join(large, `${storePathHash(path)}.narinfo`);
    const text = readFileSync(narinfo, 'utf8');
    writeFileSync(narinfo, text.replace(new RegExp(`^${field}: .*$`, 'm'), `${field}: ${2 ** 52}`));
    assert.equal(await repaired(`file://${large}`), false, field);
  }
  assert.deepEqual(refused, ['E-CACHE-011', 'E-CACHE-011'], 'larger than the disk, it says');
  assert.deepEqual([await repaired(`file://${folder}`), refused.length], [true, 2]);
  assert.deepEqual(to.verify({ contents: true }), []);
});

test('hostile manifests', () => {
  const limit = { narSizeBytes: 1000 };
  const zero = '0'.repeat(64);
  assert.ok(typeof parseManifest(`d\0dx\0f${zero}5:x/y\0`, limit) === 'object');
  for (const text of [
    '',
    'd\0d..\0',
    'd\0dx/../y\0',
    `d\0f${zero}5:x/y\0`,
    'd\0d/etc\0',
    'd\0dx\0dx\0',
    `f${zero}5:x\0`,
    `d\0f${zero}9999:x\0`,
    `d\0f${zero}-5:x\0`,
    `d\0fzz5:x\0`,
    'd\0lx\0\0',
    'q\0',
    `d\0f${zero}5:x\0f${zero}5:x/y\0`,
    `d\0dx\0f${zero}5:x/a\nb/c\0`,
  ])
    assert.equal(typeof parseManifest(text, limit), 'string', JSON.stringify(text));
  const folders = Array.from({ length: 6_000_000 }, (_, n) => `d${n.toString(36).padStart(5, '0')}\0`).join('');
  for (const narSizeBytes of [1000, 2 ** 50])
    assert.equal(parseManifest(`d\0${folders}`, { narSizeBytes }), 'it has more entries than its NAR');
});

test('as many entries as a nar can have are taken', () => {
  const folder = (visitor: NarEncoder, path: string): void => {
    visitor.enterDirectory(path);
    visitor.leaveDirectory(path);
  };
  for (const [record, add] of [
    [(n: number) => `d${n}\0`, folder],
    [(n: number) => `l${n}\0x\0`, (visitor: NarEncoder, path: string) => visitor.symlink(path, 'x')],
  ] as const) {
    const names = Array.from({ length: 9 }, (_, n) => n);
    let narSizeBytes = 0;
    const visitor = new NarEncoder((chunk) => {
      narSizeBytes += chunk.length;
    });
    visitor.enterDirectory('');
    for (const n of names) add(visitor, `${n}`);
    visitor.leaveDirectory('');
    visitor.end();
    assert.equal(parseManifest(`d\0${names.map(record).join('')}`, { narSizeBytes }).length, 10);
  }
});

test('answers are remembered: what is there, and what is not', async (t) => {
  const { folder, paths } = vectorCache(t, 'cache');
  const asked: string[] = [];
  const url = await listen(t, (request, response) => {
    asked.push(request.url!);
    try {
      response.end(readFileSync(join(folder, request.url!)));
    } catch {
      response.writeHead(404).end();
    }
  });
  const store = nixStore(t);
  const gone = '/nix/store/00000000000000000000000000000000-gone' as StorePath;
  const query = async (lifetimes = { positive: 100, negative: 100, info: 100 }) => {
    asked.length = 0;
    const cache = new BinaryCache(openTransport(url), store, { lifetimes });
    const substituter = new CacheSubstituter(store, [cache], { trust: { keys: keyRing([vectorKey]), needsSignature: true } });
    return await substituter.query([paths[0]!, gone]);
  };
  assert.deepEqual([...(await query())], [paths[0]]);
  assert.equal(asked.length, 3);
  assert.deepEqual([...(await query())], [paths[0]]);
  assert.deepEqual(asked, []);
  const other = nixStore(t);
  const never = { positive: 0, negative: 0, info: 0 };
  const cache = () => new BinaryCache(openTransport(url), other, { lifetimes: never });
  for (let i = 0; i < 2; i++) {
    asked.length = 0;
    const one = cache();
    await one.narInfo(paths[0]!);
    one.remember();
    assert.equal(asked.length, 2);
  }
});

test('what was wrong of a cache, and was put right, is not remembered', async (t) => {
  const { folder, url, paths } = vectorCache(t, 'cache');
  const store = nixStore(t);
  const query = async (key = vectorKey): Promise<readonly StorePath[]> => {
    const cache = new BinaryCache(openTransport(url), store);
    const substituter = new CacheSubstituter(store, [cache], { trust: { keys: keyRing([key]), needsSignature: true } });
    return [...(await substituter.query([paths[0]!]))];
  };
  const putWrong = async (name: string, change: (text: string) => string): Promise<void> => {
    const file = join(folder, name);
    const right = readFileSync(file, 'latin1');
    writeFileSync(file, change(right), 'latin1');
    assert.deepEqual(await query(), []);
    writeFileSync(file, right, 'latin1');
  };
  await putWrong('nix-cache-info', (text) => text.replace(/^StoreDir: .*/m, 'StoreDir: /elsewhere'));
  const name = `${storePathHash(paths[0]!)}.narinfo`;
  await putWrong(name, (text) => text.replace(/^Sig: .*\n/gm, ''));
  assert.deepEqual(await query(), [paths[0]]);
  // The key is another one now, and the old one is trusted no more.
  const key = generateKey('new-1');
  const text = readFileSync(join(folder, name), 'latin1');
  const fingerprint = pathFingerprint(parseNarInfo(text, paths[0]!, nixStoreDir));
  writeFileSync(join(folder, name), text.replace(/^Sig: .*$/m, `Sig: ${signText(key, fingerprint)}`), 'latin1');
  assert.deepEqual(await query(), [paths[0]], 'it is remembered');
  assert.deepEqual(await query(key.publicKey.text), [paths[0]]);
});

test('where an archive was is remembered until it is not there any more', async (t) => {
  const { folder, url, paths } = vectorCache(t, 'cache');
  const [path] = paths as [StorePath];
  const store = nixStore(t);
  const cache = new BinaryCache(openTransport(url), store);
  await cache.narInfo(path);
  cache.remember();
  const narinfo = join(folder, `${storePathHash(path)}.narinfo`);
  const text = readFileSync(narinfo, 'latin1');
  const before = /^URL: (.*)$/m.exec(text)![1]!;
  renameSync(join(folder, before), join(folder, `${before}.moved`));
  writeFileSync(narinfo, text.replace(`URL: ${before}`, `URL: ${before}.moved`), 'latin1');
  await assert.rejects(pullFrom(store, url, [path], { keys: [vectorKey] }), { code: 'E-CACHE-006' });
  await pullFrom(store, url, [path], { keys: [vectorKey] });
  assert.ok(store.isValid(path));
});

test('what was learnt while the clock was a year ahead does not count for a year', async (t) => {
  const { folder, paths } = vectorCache(t, 'cache');
  const info = `/${storePathHash(paths[0]!)}.narinfo`;
  let has = false;
  const url = await listen(t, (request, response) => {
    if (request.url === info && !has) response.writeHead(404).end();
    else response.end(readFileSync(join(folder, request.url!)));
  });
  const store = nixStore(t);
  const ask = async (): Promise<boolean> => {
    const cache = new BinaryCache(openTransport(url), store);
    const found = await cache.narInfo(paths[0]!);
    cache.remember();
    return found !== undefined;
  };
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 365 * 86_400_000 });
  assert.equal(await ask(), false);
  has = true;
  assert.equal(await ask(), false, 'remembered');
  t.mock.timers.reset();
  assert.equal(await ask(), true);
});

test('small files that a bucket has compressed for the way are read; what unpacks without end, or is damaged, is not', async (t) => {
  const { folder, paths } = vectorCache(t, 'cache');
  let pack: (bytes: Buffer) => Buffer = gzipSync;
  let encoding = 'gzip';
  let spoil = (bytes: Buffer): Buffer => bytes;
  const url = await listen(t, (request, response) => {
    const bytes = readFileSync(join(folder, request.url!));
    if (request.url!.endsWith('.narinfo')) response.writeHead(200, { 'content-encoding': encoding }).end(spoil(pack(bytes)));
    else response.end(bytes);
  });
  const ask = () => new BinaryCache(openTransport(url), nixStore(t)).narInfo(paths[0]!);
  for ([encoding, pack] of [
    ['gzip', gzipSync],
    ['br', brotliCompressSync],
    ['zstd', zstdCompressSync],
  ] as [string, (bytes: Buffer) => Buffer][]) {
    assert.equal((await ask())?.path, paths[0], encoding);
  }
  encoding = 'gzip';
  pack = (bytes) => gzipSync(Buffer.concat([bytes, Buffer.alloc(1 << 26)]));
  await assert.rejects(ask(), /narinfo' has more than \d+ bytes/);
  pack = gzipSync;
  spoil = (bytes) => bytes.subarray(0, bytes.length - 20);
  await assert.rejects(ask(), /narinfo' comes in gzip, and that is damaged/);
  for (encoding of ['pack200', 'constructor'])
    await assert.rejects(ask(), { code: 'E-CACHE-006', message: new RegExp(`comes in '${encoding}', which igos cannot undo`) });
});

test('what is there whole already, of a server that has nothing after it, comes once more', async (t) => {
  const url = await listen(t, (request, response) => {
    if (request.headers.range === undefined) response.end('whole');
    else response.writeHead(416).end();
  });
  const got = await openTransport(url).get('x', { fromByte: 5 });
  assert.equal(got?.fromByte, 0);
  const chunks: Uint8Array[] = [];
  for await (const chunk of got.body) chunks.push(chunk);
  assert.equal(Buffer.concat(chunks).toString(), 'whole');
});

test('a busy cache is left alone for as long as it asks', async (t) => {
  const { folder, paths } = vectorCache(t, 'cache');
  const times: number[] = [];
  const url = await listen(t, (request, response) => {
    if (request.url!.endsWith('.narinfo')) times.push(performance.now());
    if (times.length === 1) response.writeHead(429, { 'retry-after': '1' }).end();
    else response.end(readFileSync(join(folder, request.url!)));
  });
  assert.ok(await new BinaryCache(openTransport(url), nixStore(t)).narInfo(paths[0]!));
  assert.ok(times[1]! - times[0]! > 950, `${times[1]! - times[0]!} ms`);
});

const ACCESS = 'AKIDEXAMPLE';
const SECRET = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';

/** The other end of signature version 4, from its definition: takes a request apart instead of making one. */
function isSigned(request: IncomingMessage): boolean {
  const [, access, day, region, service, names, given] =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(
      request.headers.authorization ?? '',
    ) ?? [];
  if (given === undefined || access !== ACCESS || !names!.split(';').includes('host')) return false;
  const at = request.url!.indexOf('?');
  const [path, query] = at === -1 ? [request.url!, ''] : [request.url!.slice(0, at), request.url!.slice(at + 1)];
  let canonical = `${request.method}\n${path}\n${query.split('&').toSorted().join('&')}\n`;
  for (const name of names!.split(';')) canonical += `${name}:${String(request.headers[name]).trim()}\n`;
  canonical += `\n${names}\n${request.headers['x-amz-content-sha256']}`;
  const mac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
  const key = mac(mac(mac(mac(`AWS4${SECRET}`, day!), region!), service!), 'aws4_request');
  const hashed = createHash('sha256').update(canonical).digest('hex');
  return (
    mac(key, `AWS4-HMAC-SHA256\n${request.headers['x-amz-date']}\n${day}/${region}/s3/aws4_request\n${hashed}`).toString(
      'hex',
    ) === given
  );
}

test('push to and pull from a bucket, every request signed', async (t) => {
  const objects = new Map<string, Buffer>();
  let nUnsigned = 0;
  const endpoint = await listen(t, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (!isSigned(request)) {
        nUnsigned++;
        response.writeHead(400).end();
      } else if (request.method === 'PUT') {
        objects.set(request.url!, Buffer.concat(chunks));
        response.end();
      } else {
        const found = objects.get(request.url!);
        response.writeHead(found === undefined ? 404 : 200, { 'content-length': found?.length ?? 0 });
        response.end(request.method === 'HEAD' ? undefined : found);
      }
    });
  });
  const store = nixStore(t);
  const vectors = vectorCache(t, 'cache');
  await pullFrom(store, vectors.url, vectors.paths, { keys: [vectorKey] });
  const big = store.addPath(
    'big',
    textToBytes(makeTree(join(store.home, '../tree'), { big: randomBytes(200_000).toString('hex') })),
  );
  const address = `s3://bucket/some%20prefix+?endpoint=${encodeURIComponent(endpoint)}&region=eu-x-1`;
  const credentials = { accessKey: ACCESS, secretKey: SECRET };
  const transport = openTransport(address, { s3Credentials: () => credentials });
  const done = await push(store, transport, [...vectors.paths, big], [], { compression: 'zstd', keys: [] });
  assert.equal(done.length, vectors.paths.length + 1);
  assert.deepEqual(await push(store, transport, [big], [], { compression: 'zstd', keys: [] }), []);
  assert.ok(
    [...objects.keys()].every((key) => key.startsWith('/bucket/some%20prefix')),
    [...objects.keys()].join(),
  );
  const fresh = nixStore(t);
  const substituter = new CacheSubstituter(fresh, [new BinaryCache(transport, fresh)], {
    trust: { keys: keyRing([vectorKey]), needsSignature: true },
  });
  assert.equal((await substituter.fetch([...vectors.paths, big])).size, vectors.paths.length + 1);
  assert.deepEqual(fresh.verify({ contents: true }), []);
  assert.equal(nUnsigned, 0);
  const wrong = openTransport(address, { s3Credentials: () => ({ ...credentials, secretKey: 'other' }) });
  const fault = await faultOf(() => push(store, wrong, [big], [], { compression: 'zstd', keys: [] }));
  assert.equal(fault.code, 'E-CACHE-006');
  assert.ok(nUnsigned > 0);
  assert.ok(storePathHash(big).length === 32);
});

test('a push to http: PUT, archives before what describes them, and that before what refers to it', async (t) => {
  const order: string[] = [];
  const store = nixStore(t);
  const vectors = vectorCache(t, 'cache');
  await pullFrom(store, vectors.url, vectors.paths, { keys: [vectorKey] });
  const leaves = vectors.paths.filter((path) => store.info(path)!.references.every((other) => other === path));
  const slow = new Set(leaves.map((path) => `/${storePathHash(path)}.narinfo`));
  assert.ok(slow.size > 0 && slow.size < vectors.paths.length);
  const url = await listen(t, (request, response) => {
    const answer = (): void => {
      if (request.method === 'PUT') order.push(request.url!);
      response.writeHead(request.method === 'PUT' ? 201 : 404).end();
    };
    // What refers to nothing comes last if nobody waits for it.
    request.resume().on('end', () => (request.method === 'PUT' && slow.has(request.url!) ? setTimeout(answer, 100) : answer()));
  });
  await push(store, openTransport(url), vectors.paths, [], { compression: 'gzip', keys: [], jobs: 8 });
  assert.equal(order[0], '/nix-cache-info');
  const seen = new Set<string>();
  for (const key of order.slice(1)) {
    if (!key.endsWith('.narinfo')) continue;
    for (const reference of store.info(vectors.paths.find((path) => path.includes(key.slice(1, 33)))!)!.references)
      if (!reference.includes(key.slice(1, 33))) assert.ok(seen.has(storePathHash(reference)));
    seen.add(key.slice(1, 33));
  }
  assert.equal(seen.size, vectors.paths.length);
});

test('of caches with the same priority the first comes first, however long it takes to answer', async (t) => {
  const store = nixStore(t);
  const [late, soon, best] = [60, 0, 30].map(async (ms, index) =>
    listen(t, (_, response) => {
      const text = `StoreDir: ${nixStoreDir}\nPriority: ${index === 2 ? 10 : 40}\n`;
      setTimeout(() => response.end(text), ms);
    }),
  );
  const urls = await Promise.all([late!, soon!, best!]);
  const caches = urls.map((url) => new BinaryCache(openTransport(url), store));
  const sorted = await byPriority(caches, assert.ifError);
  assert.deepEqual(
    sorted.map((cache) => caches.indexOf(cache)),
    [2, 0, 1],
  );
});

test('a folder that cannot be made is an error, and not a wait without end', async (t) => {
  const store = nixStore(t);
  const path = store.addTexts([{ name: 'x', text: 'x', references: [] }])[0]!;
  const put = push(store, openTransport('file:///proc/igos-no-such-folder'), [path], [], { compression: 'none', keys: [] });
  await assert.rejects(put, /cannot create the folder '\/proc\/igos-no-such-folder'/);
});

test('pushing with a key signs what is there already, if it is the same', async (t) => {
  const store = nixStore(t);
  const [base, top] = ['base', 'top'].map((name) => store.addTexts([{ name, text: name, references: [] }])[0]!);
  const folder = await pushed(t, store, [base!, top!]);
  const place = (path: StorePath): string => join(folder, `${storePathHash(path)}.narinfo`);
  const key = generateKey('me-1');
  const before = readFileSync(place(base!), 'latin1');
  // Somebody else's build of the same path.
  const other = readFileSync(place(top!), 'latin1').replace(/^NarSize: .*$/m, 'NarSize: 4711');
  writeFileSync(place(top!), other);
  const signed: StorePath[] = [];
  const options = {
    compression: 'none' as const,
    keys: [key],
    onEvent: (event: { kind: string; path?: StorePath }) => event.kind === 'signed' && signed.push(event.path!),
  };
  assert.deepEqual(await push(store, openTransport(`file://${folder}`), [base!, top!], [], options), []);
  assert.deepEqual(signed, [base]);
  assert.equal(readFileSync(place(top!), 'latin1'), other);
  const info = parseNarInfo(readFileSync(place(base!), 'latin1'), base!, store.storeDir);
  assert.equal(readFileSync(place(base!), 'latin1'), `${before}Sig: ${info.signatures[0]!}\n`);
  assert.equal(trustedSigner(pathFingerprint(info), info.signatures, keyRing([key.publicKey.text])), 'me-1');
  // Once is enough.
  await push(store, openTransport(`file://${folder}`), [base!, top!], [], options);
  assert.equal(signed.length, 1);
});
