import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, readlinkSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { crc32, gzipSync } from 'node:zlib';
import { Fault, hasRoomFor, roomOn, SystemFault } from '../../base/index.ts';
import { parseDebianUrl } from '../../builder/fetch/debian.ts';
import { convertLines, convertStanzas } from '../../builder/fetch/debian-lists.ts';
import { fetchHttp } from '../../builder/fetch/http.ts';
import { type Received, receive } from '../../builder/fetch/receive.ts';
import { unpackTar } from '../../builder/fetch/tar.ts';
import { decompress } from '../../builder/fetch/unpack.ts';
import { type BuildEvent, BuildFault, realize } from '../../builder/index.ts';
import { Workspace } from '../../builder/workspace.ts';
import { fixedOutput, type ObjectStore, type StorePath } from '../../store/index.ts';
import { addDerivation, needsSandbox, storeDir, temporaryFolder, temporaryStore } from './support.ts';

const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');

function fetchDrv(
  store: ObjectStore,
  urls: readonly string[],
  hex: string,
  env: Record<string, string> = {},
  method: 'flat' | 'nar' = 'flat',
): StorePath {
  const fixed = fixedOutput('file', method, { algorithm: 'sha256', hex }, storeDir);
  return addDerivation(store, {
    name: 'file',
    builder: 'builtin:fetchurl',
    fixed,
    system: 'builtin',
    env: { url: urls[0] ?? '', urls: urls.join(' '), ...env },
  });
}

async function serve(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('mirrors are tried in order, the hash decides', async (t) => {
  const store = temporaryStore(t);
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'wrong'), 'something else');
  writeFileSync(join(folder, 'right file'), 'the content');
  const base = await serve(t, (_, response) => response.writeHead(404).end('no'));
  const urls = [
    `${base}/x`,
    'gopher://x/',
    pathToFileURL(join(folder, 'missing')).href,
    pathToFileURL(join(folder, 'wrong')).href,
    pathToFileURL(join(folder, 'right file')).href,
  ];
  const drvPath = fetchDrv(store, urls, sha256('the content'));
  const events: BuildEvent[] = [];
  const result = await realize(store, [{ drvPath, outputs: [] }], { onEvent: (event) => events.push(event) });
  assert.equal(readFileSync(store.toReal(result.outputs.get(drvPath)!.get('out')!), 'utf8'), 'the content');
  assert.deepEqual(
    events.flatMap((event) => (event.kind === 'mirror-failed' ? [event.reason.replace(folder, '')] : [])),
    [
      '404 Not Found',
      "'gopher' is no way to fetch: https, http, file, debian-source and debian-binary are",
      "cannot read '/missing': no such file or directory",
      'another hash',
    ],
  );
  assert.deepEqual([result.nFetched, result.nBuilt], [1, 0]);
});

test('with one job, what is built does not wait for what is fetched', async (t) => {
  if (!needsSandbox(t)) return;
  const store = temporaryStore(t);
  const { promise: isBuilt, resolve } = Promise.withResolvers<void>();
  const base = await serve(t, async (_, response) => {
    // The end of the build, or else of the test.
    await Promise.race([isBuilt, new Promise((late) => setTimeout(late, 5000).unref())]);
    response.end('the content');
  });
  const fetched = fetchDrv(store, [`${base}/x`], sha256('the content'));
  // Of the longer way the fetch is the first.
  const user = addDerivation(store, { name: 'user', script: 'echo > $out', inputs: [{ drvPath: fetched }] });
  const other = addDerivation(store, { name: 'other', script: 'echo > $out' });
  const ended: string[] = [];
  await realize(
    store,
    [user, other].map((drvPath) => ({ drvPath, outputs: [] })),
    {
      jobs: 1,
      onEvent: (event) => {
        if (event.kind !== 'finished') return;
        ended.push(event.name);
        if (event.name === 'other') resolve();
      },
    },
  );
  assert.deepEqual(ended, ['other', 'file', 'user']);
});

test('a wrong hash keeps nothing and shows both', async (t) => {
  const store = temporaryStore(t);
  const file = join(temporaryFolder(t), 'x');
  writeFileSync(file, 'tampered');
  const drvPath = fetchDrv(store, [pathToFileURL(file).href], sha256('original'));
  const sri = (text: string) => `sha256-${createHash('sha256').update(text).digest('base64')}`;
  await assert.rejects(realize(store, [{ drvPath, outputs: [] }]), (error) => {
    assert.ok(error instanceof BuildFault && error.code === 'E-BUILD-011');
    assert.equal(error.notes[0], `expected ${sri('original')}\ngot      ${sri('tampered')}`);
    return true;
  });
  assert.deepEqual(readdirSync(`${store.home}/tmp`), []);
  assert.deepEqual([...store.allPaths()], [drvPath]);
});

test('executables and archives are made as declared', async (t) => {
  if (!needsSandbox(t)) return;
  const store = temporaryStore(t);
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, 'top-1.0/sub'), { recursive: true });
  writeFileSync(join(folder, 'top-1.0/sub/file'), 'text', { mode: 0o755 });
  symlinkSync('sub/file', join(folder, 'top-1.0/link'));
  const expected = store.addPath('file', join(folder, 'top-1.0'));
  const info = store.info(expected)!;
  for (const [flag, suffix] of [
    ['', 'tar'],
    ['z', 'tar.gz'],
    ['J', 'tar.xz'],
    ['j', 'tar.bz2'],
    ['-zstd', 'tar.zst'],
  ]) {
    const path = join(folder, `a.${suffix}`);
    const tar = spawnSync('tar', [
      flag === '' ? '-cf' : flag === '-zstd' ? '--zstd' : `-c${flag}f`,
      ...(flag === '-zstd' ? ['-cf'] : []),
      path,
      '-C',
      folder,
      'top-1.0',
    ]);
    if (tar.status !== 0) {
      t.diagnostic(`no tar for ${suffix}: not tried`);
      continue;
    }
    const drvPath = fetchDrv(store, [pathToFileURL(path).href], info.narHash, { unpack: '1' }, 'nar');
    const own = temporaryStore(t);
    const [copy] = own.addTexts([{ name: 'file.drv', text: readFileSync(store.toReal(drvPath), 'latin1'), references: [] }]);
    const result = await realize(own, [{ drvPath: copy!, outputs: [] }]);
    assert.equal(own.info(result.outputs.get(copy!)!.get('out')!)!.narHash, info.narHash, suffix);
  }
  writeFileSync(join(folder, 'tool'), '#!/bin/sh\n');
  writeFileSync(join(folder, 'tool-x'), '#!/bin/sh\n', { mode: 0o755 });
  const tool = store.addPath('tool', join(folder, 'tool-x'));
  const drvPath = fetchDrv(
    store,
    [pathToFileURL(join(folder, 'tool')).href],
    store.info(tool)!.narHash,
    { executable: '1' },
    'nar',
  );
  const result = await realize(store, [{ drvPath, outputs: [] }]);
  assert.equal(statSync(store.toReal(result.outputs.get(drvPath)!.get('out')!)).mode & 0o777, 0o555);
});

test('an xz archive that asks for 4 GiB of memory is refused', async (t) => {
  if (!needsSandbox(t)) return;
  const packed = spawnSync('xz', ['-0', '-c'], { input: Buffer.alloc(10_240) });
  if (packed.status !== 0) return t.skip('xz is not installed');
  const bytes = packed.stdout;
  // The header of the first block begins behind 12 bytes: its size, flags, a filter of one byte of properties, the dictionary's size.
  const headerBytes = (bytes[12]! + 1) * 4;
  assert.deepEqual([...bytes.subarray(13, 16)], [0, 0x21, 1]);
  bytes[16] = 40;
  bytes.writeUInt32LE(crc32(bytes.subarray(12, 12 + headerBytes - 4)), 12 + headerBytes - 4);
  const path = join(temporaryFolder(t), 'a.tar.xz');
  writeFileSync(path, bytes);
  const store = temporaryStore(t);
  const drvPath = fetchDrv(store, [pathToFileURL(path).href], sha256('x'), { unpack: '1' }, 'nar');
  await assert.rejects(realize(store, [{ drvPath, outputs: [] }]), (error) => {
    assert.ok(error instanceof BuildFault && error.code === 'E-BUILD-013', String(error));
    assert.match(error.message, /'xz' refuses it: .*memory/i);
    return true;
  });
});

const limits = { nRedirects: 3, nFruitless: 3, idleMs: 10_000, pauseMs: 1 };

/** Fetches into a file; gives its content and what was told about progress. */
async function get(t: TestContext, url: string, idleMs = limits.idleMs): Promise<{ text: string; hex: string }> {
  const file = join(temporaryFolder(t), 'download');
  const options = { file, algorithm: 'sha256', onProgress: () => {}, signal: new AbortController().signal } as const;
  const { hex } = await receive(options, (into) => fetchHttp(url, into, { ...limits, idleMs }));
  return { text: readFileSync(file, 'latin1'), hex };
}

test('a broken transfer goes on where it broke, and starts over if the file changed', async (t) => {
  const data = 'abcdefghij'.repeat(10_000);
  const ranges: (string | undefined)[] = [];
  const server: { changes: boolean } = { changes: false };
  const base = await serve(t, (request, response) => {
    const { range } = request.headers;
    ranges.push(range);
    const from = server.changes ? 0 : Number(/^bytes=(\d+)-/.exec(range ?? '')?.[1] ?? 0);
    const headers = { etag: server.changes && range !== undefined ? '"v2"' : '"v1"', 'content-length': data.length - from };
    response.writeHead(
      from > 0 ? 206 : 200,
      from > 0 ? { ...headers, 'content-range': `bytes ${from}-${data.length - 1}/${data.length}` } : headers,
    );
    if (ranges.length > 2) response.end(data.slice(from));
    else response.write(data.slice(from, from + 30_000), () => setTimeout(() => response.destroy(), 20));
  });
  const first = await get(t, base);
  assert.deepEqual(
    [first.text === data, first.hex === sha256(data), ranges],
    [true, true, [undefined, 'bytes=30000-', 'bytes=60000-']],
  );
  ranges.length = 0;
  server.changes = true;
  const second = await get(t, base);
  assert.deepEqual([second.text === data, second.hex === sha256(data)], [true, true]);
});

test('a part that is shorter than what was asked for is not taken for the rest', async (t) => {
  const data = 'abcdefghij'.repeat(10_000);
  const ranges: (string | undefined)[] = [];
  const base = await serve(t, (request, response) => {
    const { range } = request.headers;
    ranges.push(range);
    const from = Number(/^bytes=(\d+)-/.exec(range ?? '')?.[1] ?? 0);
    const part = data.slice(from, from + 40_000);
    // A part comes also to who asked for none.
    const headers = { etag: '"v1"', 'content-length': part.length };
    response.writeHead(206, { ...headers, 'content-range': `bytes ${from}-${from + part.length - 1}/${data.length}` }).end(part);
  });
  const { text, hex } = await get(t, base);
  assert.deepEqual([text === data, hex === sha256(data)], [true, true]);
  assert.deepEqual(ranges, [undefined, 'bytes=40000-', 'bytes=80000-']);
});

test('what was thrown away, and comes again, keeps no transfer going', async (t) => {
  let nAsked = 0;
  const base = await serve(t, (request, response) => {
    nAsked++;
    if (request.headers.range !== undefined) return void response.writeHead(416).end();
    response.writeHead(200, { etag: '"v1"', 'content-length': 20_000 });
    response.write('x'.repeat(10_000), () => setTimeout(() => response.destroy(), 20));
  });
  await assert.rejects(get(t, base), /the server lost its place \(3 attempts\)|the connection broke off \(3 attempts\)/);
  assert.ok(nAsked <= 4, `${nAsked}`);
});

test('a server that replaces the file and goes on in the new one is noticed', async (t) => {
  const [old, newer] = ['a'.repeat(50_000), 'b'.repeat(50_000)];
  let nAsked = 0;
  const base = await serve(t, (request, response) => {
    nAsked++;
    const from = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    if (nAsked === 1) {
      response.writeHead(200, { etag: '"old"', 'content-length': old.length });
      response.write(old.slice(0, 20_000), () => setTimeout(() => response.destroy(), 20));
      return;
    }
    // It does not look at if-range.
    const headers = { etag: '"new"', 'content-length': newer.length - from };
    const range = { 'content-range': `bytes ${from}-${newer.length - 1}/${newer.length}` };
    response.writeHead(from > 0 ? 206 : 200, from > 0 ? { ...headers, ...range } : headers).end(newer.slice(from));
  });
  const { text, hex } = await get(t, base);
  assert.deepEqual([text === newer, hex === sha256(newer)], [true, true]);
});

test('an archive that a server calls compressed for the way arrives as it is', async (t) => {
  const archive = gzipSync('an archive');
  const base = await serve(t, (_request, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': archive.length }).end(archive);
  });
  assert.equal((await get(t, base)).hex, sha256(archive));
});

test('a disk that takes nothing more is no failure of the network', async (t) => {
  let nAsked = 0;
  const base = await serve(t, (_request, response) => {
    nAsked++;
    response.end('x'.repeat(1000));
  });
  const full = new SystemFault('write', '/x', { code: 'ENOSPC' });
  const into: Received = {
    doneBytes: 0,
    signal: new AbortController().signal,
    write: () => {
      throw full;
    },
    expect: () => {},
    restart: () => {},
  };
  await assert.rejects(fetchHttp(base, into, limits), (error) => error === full);
  assert.equal(nAsked, 1);
});

test('redirects, failures and silence have bounds', async (t) => {
  let nAsked = 0;
  const base = await serve(t, (request, response) => {
    nAsked++;
    if (request.url === '/two') response.writeHead(302, { location: '/one' }).end();
    else if (request.url === '/one') response.writeHead(307, { location: `http://${request.headers.host}/end` }).end();
    else if (request.url === '/loop') response.writeHead(301, { location: '/loop' }).end();
    else if (request.url === '/out') response.writeHead(301, { location: 'file:///etc/passwd' }).end();
    else if (request.url === '/busy') response.writeHead(503).end();
    else if (request.url === '/flaky') response.writeHead(nAsked < 3 ? 500 : 200).end('ok');
    else if (request.url === '/silent') response.writeHead(200).write('x');
    else response.end('end');
  });
  assert.equal((await get(t, `${base}/two`)).text, 'end');
  await assert.rejects(get(t, `${base}/loop`), /more than 3 redirects/);
  await assert.rejects(get(t, `${base}/out`), /points on to 'file:\/\/\/etc\/passwd', which is not http/);
  await assert.rejects(get(t, `${base}/busy`), /503 Service Unavailable \(3 attempts\)/);
  nAsked = 0;
  assert.equal((await get(t, `${base}/flaky`)).text, 'ok');
  await assert.rejects(get(t, `${base}/silent`, 400), /nothing came for 0 seconds/);
  await assert.rejects(get(t, 'http://127.0.0.1:9/'), /refuses the connection|bad port/);
});

/** A tar header of our own, so that it can be wrong. */
function header(fields: { name: string; type?: string; size?: number; link?: string; prefix?: string; mtime?: string }): Buffer {
  const block = Buffer.alloc(512);
  block.write(fields.name, 0, 'latin1');
  block.write('0000755\0', 100);
  block.write(`${(fields.size ?? 0).toString(8).padStart(11, '0')}\0`, 124);
  block.write(fields.mtime ?? '', 136, 'latin1');
  block.write(fields.type ?? '0', 156);
  block.write(fields.link ?? '', 157, 'latin1');
  block.write('ustar\x0000', 257);
  block.write(fields.prefix ?? '', 345);
  block.fill(' ', 148, 156);
  block.write(
    `${block
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  );
  return block;
}
const padded = (text: string): Buffer =>
  Buffer.concat([Buffer.from(text, 'latin1'), Buffer.alloc((512 - (text.length % 512)) % 512)]);
const end = Buffer.alloc(1024);

function unpack(t: TestContext, ...blocks: Buffer[]): string {
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, 'target'));
  writeFileSync(join(folder, 'a.tar'), Buffer.concat(blocks));
  unpackTar(join(folder, 'a.tar'), join(folder, 'target'));
  return join(folder, 'target');
}

test('unpacking tells when the youngest entry was modified', (t) => {
  const folder = temporaryFolder(t);
  const unpacked = (...blocks: Buffer[]): number => {
    writeFileSync(join(folder, 'a.tar'), Buffer.concat([...blocks, end]));
    return unpackTar(join(folder, 'a.tar'), folder);
  };
  const at = (name: string, mtime: string, type = '5'): Buffer => header({ name, type, mtime });
  assert.equal(unpacked(at('a', '00000001747\0'), at('b', '00000000001\0')), 999);
  assert.equal(unpacked(at('a', '      1747 \0')), 999);
  assert.equal(unpacked(at('a', '')), 0);
  // Before 1970, in base 256.
  assert.equal(unpacked(at('a', '\xff'.repeat(12)), at('b', '00000000001\0')), 1);
  const extended = (text: string): Buffer[] => [header({ name: 'x', type: 'x', size: text.length }), padded(text)];
  assert.equal(unpacked(...extended('23 mtime=1704164645.25\n'), at('a', '00000001747\0')), 1_704_164_645);
  assert.equal(unpacked(...extended('12 mtime=-5\n'), at('a', '00000001747\0')), 0);
});

test('archives cannot write outside, nor through links', (t) => {
  const refuse = (...blocks: Buffer[]) =>
    assert.throws(
      () => unpack(t, ...blocks, end),
      (error) => error instanceof Fault && error.code === 'E-BUILD-013',
    );
  refuse(header({ name: '../x' }));
  refuse(header({ name: '/etc/x' }));
  refuse(header({ name: 'a/../../x' }));
  refuse(header({ name: 'a', type: '2', link: '/tmp' }), header({ name: 'a/x' }));
  refuse(header({ name: 'a', type: '2', link: '..' }), header({ name: 'a', type: '5' }));
  refuse(header({ name: 'a', type: '1', link: '../../etc/passwd' }));
  refuse(header({ name: 'a', type: '2', link: '/etc' }), header({ name: 'b', type: '1', link: 'a/passwd' }));
  refuse(header({ name: 'a', type: '2', link: '/etc/passwd' }), header({ name: 'b', type: '1', link: 'a' }));
  refuse(header({ name: 'null', type: '3' }));
  refuse(header({ name: 'pipe', type: '6' }));
  refuse(header({ name: 'a', type: 'x', size: 13 }), padded('13 path=../x\n'), header({ name: 'a' }));
  refuse(header({ name: 'a', type: 'x', size: 10 }), padded('99 path=b\n'), header({ name: 'a' }));
  // What follows is a map of holes and the rest, and no content.
  refuse(
    header({ name: 'a', type: 'x', size: 22 }),
    padded('22 GNU.sparse.major=1\n'),
    header({ name: 'a', size: 4 }),
    padded('0\n0\n'),
  );
  refuse(header({ name: 'a', type: 'S' }));
  refuse(header({ name: 'short', size: 5000 }), padded('x'));
  refuse(Buffer.alloc(512, 'garbage'));
  refuse();
});

test('long names, later entries and links inside are fine', (t) => {
  const long = `${'d'.repeat(120)}/${'f'.repeat(90)}`;
  const pax = `${'path='.length + long.length + 5} path=${long}\n`;
  const target = unpack(
    t,
    header({ name: './top/', type: '5' }),
    header({ name: 'top/a', size: 3 }),
    padded('old'),
    header({ name: 'top/a', size: 3 }),
    padded('new'),
    header({ name: 'top/hard' }),
    header({ name: 'top/hard', type: '1', link: 'top/a' }),
    header({ name: 'top/a', type: '1', link: 'top/a' }),
    header({ name: 'top/soft' }),
    header({ name: 'top/soft', type: '2', link: '../anywhere' }),
    header({ name: '././@LongLink', type: 'L', size: long.length + 1 }),
    padded(`${long}\0`),
    header({ name: 'cut', size: 1 }),
    padded('L'),
    header({ name: 'x', type: 'x', size: pax.length }),
    padded(pax),
    header({ name: 'cut', size: 1 }),
    padded('P'),
    header({ name: 'last', prefix: 'top', size: 1 }),
    padded('U'),
    header({ name: 'caf\xe9' }),
    end,
  );
  assert.deepEqual(
    readdirSync(join(target, 'top')).sort((a, b) => (a < b ? -1 : 1)),
    ['a', 'hard', 'last', 'soft'],
  );
  assert.equal(readFileSync(join(target, 'top/hard'), 'utf8'), 'new');
  assert.equal(readlinkSync(join(target, 'top/soft')), '../anywhere');
  assert.equal(readFileSync(join(target, long), 'utf8'), 'P');
  assert.ok(readdirSync(target, { encoding: 'latin1' }).includes('caf\xe9'));
});

test('lists of binary packages become lists of sources', () => {
  const lines =
    '# note\ndeb [arch=amd64 signed-by=/k.gpg] http://m/debian stable main # end\ndeb-src http://m/debian stable main\n\nrpm x\n';
  assert.equal(
    convertLines(lines),
    'deb-src [arch=amd64 signed-by=/k.gpg] http://m/debian stable main\ndeb-src http://m/debian stable main\n',
  );
  const stanzas =
    '# c\nTypes: deb deb-src\nURIs: http://m\nSuites: a b\nSigned-By:\n -----BEGIN\n .\n x\n\n\nTypes: deb\nEnabled: no\nURIs: http://n\n';
  assert.equal(convertStanzas(stanzas), 'Types: deb-src\nURIs: http://m\nSuites: a b\nSigned-By:\n -----BEGIN\n .\n x\n');
  assert.deepEqual(parseDebianUrl('debian-source:make-dfsg=4.3-4.1/make-dfsg_4.3.orig.tar.*'), {
    name: 'make-dfsg',
    version: '4.3-4.1',
    file: 'make-dfsg_4.3.orig.tar.*',
  });
  assert.deepEqual(parseDebianUrl('debian-source:hello=2.10-3'), { name: 'hello', version: '2.10-3', file: undefined });
  for (const bad of [
    'debian-source:hello',
    'debian-source:-o=1',
    'debian-source:a=1/../x',
    'debian-source:hello=;x',
    'debian-source:hello=1/-x/y',
  ])
    assert.throws(() => parseDebianUrl(bad), /it should be/);
});

test('a Debian source comes through the apt of this machine', async (t) => {
  if (process.env['IGOS_TEST_NETWORK'] !== '1') return t.skip('needs a mirror of Debian, IGOS_TEST_NETWORK=1 runs it');
  const store = temporaryStore(t);
  const hex = '31e066137a962676e89f69d1b65382de95a7ef7d914b8cb956f41ea72e0f516b';
  const drvPath = fetchDrv(store, ['debian-source:hello=2.10-3/hello_2.10.orig.tar.*'], hex);
  const reasons: string[] = [];
  const onEvent = (event: BuildEvent) => {
    if (event.kind === 'mirror-failed') reasons.push(event.reason);
  };
  await realize(store, [{ drvPath, outputs: [] }], { onEvent });
  assert.deepEqual(reasons, []);
  assert.deepEqual(readdirSync(`${store.home}/tmp`), []);
});

test('without apt a Debian source says so', async (t) => {
  const store = temporaryStore(t);
  const drvPath = fetchDrv(store, ['debian-source:hello=2.10-3'], sha256(''));
  const empty = temporaryFolder(t);
  await assert.rejects(realize(store, [{ drvPath, outputs: [] }], { aptFolder: empty }), (error) => {
    assert.ok(error instanceof Fault && error.code === 'E-BUILD-010');
    assert.match(error.notes.join(), /no apt|no package sources/);
    return true;
  });
});

for (const [what, headers, reason] of [
  ['does not end', {}, /^48 MiB came without an end, and the disk has no room for more$/],
  [
    'says that it is too large',
    { 'content-length': String(2 ** 40) },
    /^it has 1\.0+ TiB, for which the disk has no room$|^it has 1 TiB, /,
  ],
] as const) {
  test(`an answer that ${what} does not fill the disk`, { timeout: 60_000 }, async (t) => {
    const server = createServer((_, response) => {
      response.writeHead(200, headers);
      const chunk = Buffer.alloc(1 << 20);
      const more = (): void => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on('drain', more);
      more();
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    t.after(() => {
      server.closeAllConnections();
      server.close();
    });
    const file = join(temporaryFolder(t), 'download');
    const room = (): number => (40 << 20) - statSync(file).size;
    const options = { file, algorithm: 'sha256', onProgress: () => {}, signal: AbortSignal.timeout(50_000), room } as const;
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/x`;
    await assert.rejects(
      receive(options, (into) => fetchHttp(url, into)),
      { message: reason },
    );
    assert.ok(statSync(file).size <= 64 << 20);
  });
}

test('of a download that is larger than the disk the way out is room, not a network', async (t) => {
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-length': String(2 ** 40) });
    response.write('x');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const store = temporaryStore(t);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/x`;
  const drvPath = fetchDrv(store, [url], sha256(''));
  await assert.rejects(realize(store, [{ drvPath, outputs: [] }]), (error) => {
    assert.ok(error instanceof Fault && error.code === 'E-BUILD-010');
    assert.match(error.hints.join('\n'), /make room: 'igos gc'/);
    assert.doesNotMatch(error.hints.join('\n'), /network/);
    return true;
  });
});

for (const [program, words] of [
  ['gzip', ['-1']],
  ['xz', ['-0']],
  ['bzip2', ['-1']],
] as const) {
  test(`what is unpacked without an end does not fill the disk: ${program}`, async (t) => {
    if (program !== 'gzip' && !needsSandbox(t)) return;
    const packed = spawnSync(program, [...words, '-c'], { input: Buffer.alloc(8 << 20) });
    if (packed.status !== 0) return t.skip(`${program} is not installed`);
    const file = join(temporaryFolder(t), 'packed');
    writeFileSync(file, packed.stdout);
    using workspace = new Workspace(temporaryStore(t));
    const options = { workspace, signal: new AbortController().signal, slot: 0 };
    await assert.rejects(decompress(file, { ...options, room: () => 8 << 20 }), {
      code: 'E-BUILD-013',
      message: 'cannot unpack the archive: more than 4.0 MiB come out of it, for which the disk has no room',
    });
    assert.ok((statSync(`${file}.tar`, { throwIfNoEntry: false })?.size ?? 0) <= (4 << 20) + (1 << 16));
    assert.equal(statSync(await decompress(file, { ...options, room: () => 16 << 20 })).size, 8 << 20);
  });
}

test('a file system that has no size of its own has room; others keep some for all else', (t) => {
  assert.equal(roomOn({ bavail: 0, blocks: 0, bsize: 4096 }), Infinity);
  assert.equal(roomOn({ bavail: 100, blocks: 1600, bsize: 4096 }), 0);
  assert.equal(roomOn({ bavail: 1 << 20, blocks: 1 << 24, bsize: 4096 }), 2 ** 32 - 2 ** 28);
  assert.ok(hasRoomFor('/nowhere', 16 << 20), 'what is small may come onto any disk');
  assert.throws(() => hasRoomFor('/nowhere', (16 << 20) + 1), { errno: 'ENOENT' }, 'else it is asked');
  assert.ok(hasRoomFor(temporaryFolder(t), 1 << 25));
  assert.ok(!hasRoomFor(temporaryFolder(t), 2 ** 60));
});
