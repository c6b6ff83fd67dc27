/** The one client of http: bytes as they are, secrets that stay with their server, and an end to everything. */
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { askHttp, HttpDetour, HttpStall, redirectionOf, retryAfterMs, withoutSecrets } from '../../base/index.ts';

async function serve(t: TestContext, answer: RequestListener, host = '127.0.0.1'): Promise<URL> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => void server.listen(0, host, resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return new URL(`http://${host.includes(':') ? `[${host}]` : host}:${(server.address() as AddressInfo).port}/`);
}

async function bytesOf(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const idleMs = 5000;

test('what a server calls compressed comes as it is', async (t) => {
  const packed = gzipSync('x'.repeat(100_000));
  const url = await serve(t, (_request, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': packed.length }).end(packed);
  });
  const { body, headers } = await askHttp(url, { idleMs });
  assert.deepEqual([await bytesOf(body), headers['content-encoding']], [packed, 'gzip']);
});

test('a user and a password in an address are sent, and go along to the same server only', async (t) => {
  const seen: string[] = [];
  const note = (request: IncomingMessage): void => {
    seen.push(`${request.url} ${request.headers.authorization ?? 'nobody'}`);
  };
  const other = await serve(t, (request, response) => {
    note(request);
    response.end();
  });
  const home = await serve(t, (request, response) => {
    note(request);
    const [, to] = /^\/(?:to|rel)\/(.*)$/.exec(request.url!) ?? [];
    if (to === undefined) response.end();
    else response.writeHead(302, { location: request.url!.startsWith('/rel') ? `/${to}` : decodeURIComponent(to) }).end();
  });
  const follow = async (path: string): Promise<string[]> => {
    seen.length = 0;
    let url: URL | undefined = new URL(path, home);
    url.username = 'me';
    url.password = 'p%40ss';
    while (url !== undefined) {
      const answer = await askHttp(url, { idleMs });
      answer.discard();
      url = redirectionOf(answer, url);
    }
    return seen.map((line) => line.replace(/^\/(to|rel)\S+/, '/…'));
  };
  const basic = `Basic ${Buffer.from('me:p@ss').toString('base64')}`;
  assert.deepEqual(await follow('/rel/x'), [`/… ${basic}`, `/x ${basic}`]);
  assert.deepEqual(await follow(`/to/${encodeURIComponent(`${home.href}y`)}`), [`/… ${basic}`, `/y ${basic}`]);
  assert.deepEqual(await follow(`/to/${encodeURIComponent(`${other.href}z`)}`), [`/… ${basic}`, '/z nobody']);
  assert.deepEqual(await follow(`/to/${encodeURIComponent(`//127.0.0.1:${other.port}/w`)}`), [`/… ${basic}`, '/w nobody']);
});

test('an answer that points to a file, or out of https, is not followed', () => {
  const pointing = (location: string) => ({ status: 302, headers: { location } }) as Awaited<ReturnType<typeof askHttp>>;
  for (const location of ['file:///etc/passwd', 'ftp://h/x', 'http://[bad', 'data:,x']) {
    assert.throws(() => redirectionOf(pointing(location), new URL('http://h/')), HttpDetour, location);
  }
  assert.throws(() => redirectionOf(pointing('http://h/'), new URL('https://h/')), /from https to http/);
  assert.equal(redirectionOf(pointing('https://h/'), new URL('http://h/'))?.href, 'https://h/');
});

test('a connection is used again, and one that the other side let go of is no failure', async (t) => {
  const ports: number[] = [];
  const url = await serve(t, (request, response) => {
    ports.push(request.socket.remotePort!);
    if (ports.length === 3) request.socket.destroy();
    else response.writeHead(404).end('not here');
  });
  const ask = async (): Promise<number> => {
    const answer = await askHttp(url, { idleMs });
    answer.discard();
    await new Promise((resolve) => setTimeout(resolve, 30));
    return answer.status;
  };
  assert.deepEqual([await ask(), await ask()], [404, 404]);
  assert.equal(ports[0], ports[1]);
  assert.equal(await ask(), 404);
  assert.deepEqual([ports.length, ports[2] === ports[1], ports[3] === ports[2]], [4, true, false]);
});

test('IPv6', async (t) => {
  let url: URL;
  try {
    url = await serve(t, (_request, response) => void response.end('six'), '::1');
  } catch {
    t.skip('this machine has no IPv6: not part of igos: loopback of the kernel');
    return;
  }
  assert.equal((await bytesOf((await askHttp(url, { idleMs })).body)).toString(), 'six');
});

const endless: Readonly<Record<string, [(request: IncomingMessage, response: ServerResponse) => void, HttpStall['kind']]>> = {
  'silence before the answer': [() => {}, 'silence'],
  'silence in it': [(_request, response) => void response.writeHead(200).write('x'), 'silence'],
  'a header without end': [
    ({ socket }) => {
      socket.write('HTTP/1.1 200 OK\r\nX: ');
      const timer = setInterval(() => (socket.destroyed ? clearInterval(timer) : socket.write('x')), 20);
    },
    'no-answer',
  ],
  'a byte at a time': [
    (_request, response) => {
      const timer = setInterval(() => response.write('x'), 20);
      response.on('close', () => clearInterval(timer));
    },
    'drops',
  ],
};

for (const [what, [answer, kind]] of Object.entries(endless)) {
  test(`given up: ${what}`, async (t) => {
    const url = await serve(t, answer);
    const got = askHttp(url, { idleMs: 200 }).then(({ body }) => bytesOf(body));
    await assert.rejects(got, (error) => error instanceof HttpStall && error.kind === kind);
  });
}

test('a body that is sent to somebody who says nothing is given up too', async (t) => {
  const url = await serve(t, () => {});
  async function* body() {
    yield Buffer.from('abc');
  }
  const headers = { 'content-length': '3' };
  await assert.rejects(askHttp(url, { method: 'PUT', headers, body: body(), idleMs: 100 }), HttpStall);
});

test('stopping is told from failing, before and while the answer comes', async (t) => {
  const url = await serve(t, (_request, response) => void response.writeHead(200).write('x'));
  const reason = new Error('stopped');
  assert.equal(await askHttp(url, { idleMs, signal: AbortSignal.abort(reason) }).catch((error: unknown) => error), reason);
  const controller = new AbortController();
  const { body } = await askHttp(url, { idleMs, signal: controller.signal });
  setTimeout(() => controller.abort(reason), 20);
  assert.equal(await bytesOf(body).catch((error: unknown) => error), reason);
});

test('how long a busy server wants peace, within bounds', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  const ms = (said: string | undefined) =>
    retryAfterMs({ headers: said === undefined ? {} : { 'retry-after': said } } as Awaited<ReturnType<typeof askHttp>>, now);
  assert.deepEqual(
    [undefined, '3', '0', '-1', 'soon', '99999999999', 'Thu, 01 Jan 2026 00:00:07 GMT', 'Wed, 01 Jan 2025 00:00:00 GMT'].map(ms),
    [0, 3000, 0, 0, 0, 30_000, 7000, 0],
  );
});

test('addresses without their secrets', () => {
  assert.deepEqual(['https://u:p@h/x?y', 'https://h/x', 'http://u:p@[bad', 'file:///u:p@h', 'mirror'].map(withoutSecrets), [
    'https://h/x?y',
    'https://h/x',
    'http://[bad',
    'file:///u:p@h',
    'mirror',
  ]);
});
