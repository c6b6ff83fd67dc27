/** What is fetched without a hash, and asked for again. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { type Download, type DownloadRequest, download } from '../../builder/index.ts';
import { formatHash, type ObjectStore } from '../../store/index.ts';
import { temporaryFolder, temporaryStore } from './support.ts';

const options = { signal: new AbortController().signal, onProgress: () => {} };
const get = (store: ObjectStore, request: Partial<DownloadRequest> & { url: string }): Promise<Download | undefined> =>
  download(store, { name: 'x', isTree: false, ...request }, options);

async function serve(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** An archive of `top/file`, packed by tar. */
function archive(t: TestContext, content: string): Buffer {
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, 'top'));
  writeFileSync(join(folder, 'top', 'file'), content);
  const made = spawnSync('tar', ['-cz', '-C', folder, 'top']);
  assert.equal(made.status, 0);
  return made.stdout;
}

test('a file gets the path that its bytes have, whatever serves it', async (t) => {
  const store = temporaryStore(t);
  const file = join(temporaryFolder(t), 'f');
  writeFileSync(file, 'hello\n');
  const base = await serve(t, (_, response) => response.end('hello\n'));
  const [near, far] = await Promise.all([get(store, { url: pathToFileURL(file).href }), get(store, { url: `${base}/f` })]);
  assert.equal(near!.path, far!.path);
  assert.equal(near!.path, store.computePath('x', file, { method: 'flat' }).path);
  assert.equal(readFileSync(store.toReal(near!.path), 'utf8'), 'hello\n');
  assert.equal(formatHash(far!.digest, 'sri'), 'sha256-WJG1tSLV3whtD/CxEPvZ0hu0/HFjrzTQgoai6Eb2vgM=');
});

test('of an archive the tree inside is taken, without the folder around it', async (t) => {
  const store = temporaryStore(t);
  const bytes = archive(t, 'x');
  const base = await serve(t, (_, response) => response.end(bytes));
  const got = await get(store, { url: `${base}/a.tar.gz`, isTree: true, name: 'source' });
  assert.equal(readFileSync(join(store.toReal(got!.path), 'file'), 'utf8'), 'x');
  assert.equal(store.info(got!.path)!.narHash, got!.digest.hex);
});

for (const [kind, header] of [
  ['etag', 'if-none-match'],
  ['last-modified', 'if-modified-since'],
] as const) {
  test(`a server that still has the ${kind} sends nothing`, async (t) => {
    const store = temporaryStore(t);
    const versions = { etag: 'W/"1"', 'last-modified': 'Mon, 01 Jan 2024 00:00:00 GMT' };
    const seen: IncomingHttpHeaders[] = [];
    let version: string = versions[kind];
    const base = await serve(t, (request, response) => {
      seen.push(request.headers);
      response.setHeader(kind, version);
      if (request.headers[header] === version) response.writeHead(304).end();
      else response.end(`content of ${version}`);
    });
    const url = `${base}/x`;
    const first = await get(store, { url });
    assert.equal(first!.version, version);
    assert.equal(await get(store, { url, known: version }), undefined);
    version = kind === 'etag' ? '"2"' : 'Tue, 02 Jan 2024 00:00:00 GMT';
    const second = await get(store, { url, known: first!.version });
    assert.equal(readFileSync(store.toReal(second!.path), 'utf8'), `content of ${version}`);
    assert.equal(second!.version, version);
    assert.deepEqual(
      seen.map((headers) => headers[header]),
      [undefined, versions[kind], versions[kind]],
    );
  });
}

test('a server that calls new what nobody asked it about is not believed', async (t) => {
  const store = temporaryStore(t);
  const base = await serve(t, (_, response) => response.writeHead(304).end());
  await assert.rejects(get(store, { url: `${base}/x` }), { code: 'E-BUILD-010', notes: ['304 Not Modified'] });
});

test('what cannot be had is refused, and leaves nothing', async (t) => {
  const store = temporaryStore(t);
  const base = await serve(t, (_, response) => response.writeHead(404).end('no'));
  const refused: readonly (readonly [url: string, note: RegExp])[] = [
    [`${base}/x`, /^404 Not Found$/],
    ['http://127.0.0.1:1/x', /refuses the connection/],
    ['ftp://127.0.0.1/x', /no address of the kind/],
    ['/etc/passwd', /no address of the kind/],
    ['file:///none', /cannot read/],
    ['file:///proc/self/mem', /^cannot read '\/proc\/self\/mem': input\/output error$/],
    ['file:///etc/passwd%00x', /zero byte/],
    // Only root may open it: then it has nothing, or as much as the kernel has said, and nobody waits for more.
    ['file:///proc/kmsg', /^cannot read '\/proc\/kmsg'/],
  ];
  for (const [url, note] of refused) {
    await assert.rejects(get(store, { url }), (fault: { code: string; notes: string[] }) => {
      assert.equal(fault.code, 'E-BUILD-010');
      assert.match(fault.notes.join('\n'), note);
      return true;
    });
  }
  await assert.rejects(get(store, { url: `${base}/x`, name: '../x' }), { code: 'E-STORE-002' });
  const notTar = await serve(t, (_, response) => response.end('this is no archive'));
  await assert.rejects(get(store, { url: `${notTar}/x`, isTree: true }), { code: 'E-BUILD-013' });
  assert.deepEqual([...store.allPaths()], []);
});
