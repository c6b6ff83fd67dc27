/** What goes out goes through the proxy that the environment names, and no secret of an address or a proxy is shown. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryFolder } from '../store/fixture.ts';
import { type Ending, runIgos } from '../store/ordeal/program.ts';
import { project } from './programs.ts';

const HELLO = 'hello\n';
const FETCHING = `{ url }: derivation {
  name = "x"; system = "builtin"; builder = "builtin:fetchurl"; inherit url;
  outputHash = builtins.hashString "sha256" "hello\\n"; outputHashAlgo = "sha256"; outputHashMode = "flat";
}
`;

interface Proxy {
  readonly place: string;
  /** `METHOD URL PROXY-USER USER` of each request. */
  readonly seen: string[];
}

const user = (header: string | undefined): string =>
  header === undefined ? '-' : Buffer.from(header.replace('Basic ', ''), 'base64').toString();

async function startProxy(t: TestContext): Promise<Proxy> {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    const { 'proxy-authorization': proxyUser, authorization } = request.headers;
    seen.push(`${request.method} ${request.url} ${user(proxyUser)} ${user(authorization)}`);
    if (request.url!.endsWith('/hello')) response.end(HELLO);
    else response.writeHead(404).end();
  });
  server.on('connect', (request, socket) => {
    seen.push(`CONNECT ${request.url} ${user(request.headers['proxy-authorization'])}`);
    socket.on('error', () => {});
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { place: `127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

test('fetches, caches, repositories and depots go through the proxy; secrets are for nobody else', async (t) => {
  const folder = temporaryFolder(t);
  const proxy = await startProxy(t);
  const home = join(folder, 'home');
  const file = join(folder, 'x.nix');
  writeFileSync(file, FETCHING);
  const run = async (words: readonly string[], env: Record<string, string>): Promise<Ending> => {
    proxy.seen.length = 0;
    const ending = await runIgos(home, words, { env });
    assert.doesNotMatch(ending.stdout + ending.stderr, /secret/);
    return ending;
  };
  const through = { http_proxy: `me:secret1@${proxy.place}`, HTTPS_PROXY: `http://me:secret1@${proxy.place}` };
  const fetching = (url: string): string[] => ['realize', file, '--argstr', 'url', url];

  const missing = await run(fetching('http://joe:secret2@files.invalid/none'), through);
  assert.equal(missing.status, 4);
  assert.match(missing.stderr, /note: http:\/\/files\.invalid\/none: 404 Not Found/);
  assert.deepEqual(proxy.seen, ['GET http://files.invalid/none me:secret1 joe:secret2']);

  const closed = await run(fetching('https://files.invalid/hello'), through);
  assert.equal(closed.status, 4);
  assert.match(closed.stderr, /the proxy http:\/\/127\.0\.0\.1:\d+\/ answers 403 Forbidden\n/);
  assert.deepEqual(proxy.seen, ['CONNECT files.invalid:443 me:secret1']);

  const cache = await run(['cache', 'pull', 'http://joe:secret2@cache.invalid', `/igos/store/${'0'.repeat(32)}-x`], through);
  assert.match(cache.stderr, /there is no 'nix-cache-info'/);
  assert.deepEqual(proxy.seen, ['GET http://cache.invalid/nix-cache-info me:secret1 joe:secret2']);

  // pkm itself, by its own program
  const program = join(project, 'bin/pkm');
  const sync = ['--root', join(folder, 'root'), '--home', home, 'sync', 'http://joe:secret2@repository.invalid/'];
  proxy.seen.length = 0;
  const synced = await runIgos(home, [program, ...sync], { under: ['sh', '-c', 'shift; exec "$@"', 'sh'], env: through });
  assert.match(synced.stderr, /E-PKM-026.*HTTP status 404/);
  assert.doesNotMatch(synced.stderr, /secret/);
  assert.deepEqual(proxy.seen, ['GET http://repository.invalid/index.json.sig me:secret1 joe:secret2']);

  for (const value of ['socks5://me:secret1@127.0.0.1:1', 'http://me:secret1@', 'http://me:secret1%zz@127.0.0.1:1']) {
    const refused = await run(fetching('http://files.invalid/hello'), { http_proxy: value });
    assert.equal(refused.status, 4, value);
    assert.match(refused.stderr, /the variable 'http_proxy' names no proxy of the kind http:\/\/HOST:PORT/);
  }
  const direct = await run(fetching(`http://${proxy.place}/hello`), { http_proxy: 'http://127.0.0.1:1', no_proxy: '127.0.0.1' });
  assert.equal(direct.status, 0, direct.stderr);
  assert.deepEqual(proxy.seen, ['GET /hello - -']);
});

test('what is fetched while an expression is evaluated goes through the proxy too', async (t) => {
  const folder = temporaryFolder(t);
  const proxy = await startProxy(t);
  const file = join(folder, 'x.nix');
  const url = 'http://files.invalid/hello';
  writeFileSync(
    file,
    `builtins.readFile (builtins.fetchurl { url = "${url}"; sha256 = builtins.hashString "sha256" "hello\\n"; })`,
  );
  const words = ['eval', '--raw', file];
  const read = await runIgos(join(folder, 'home'), words, { env: { http_proxy: `http://${proxy.place}` } });
  assert.deepEqual([read.status, read.stdout, proxy.seen], [0, HELLO, [`GET ${url} - -`]], read.stderr);
});
