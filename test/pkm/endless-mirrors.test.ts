/** What a mirror that never ends costs: bytes up to the limit of what was asked for, and a time that is known before. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { openUrl, readUrl } from '../../pkm/repository/open-url.ts';
import { ours, Publisher } from './repository-support.ts';
import { faultText, Sandbox } from './support.ts';
import { serve } from './web-server.ts';

/** Answers each connection by hand. */
async function answering(t: TestContext, answer: (socket: Socket) => void): Promise<URL> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => answer(socket));
    t.after(() => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/x`);
}

/** Writes again and again, until nobody listens. */
function drip(socket: Socket, text: () => string, everyMs = 10): void {
  const timer = setInterval(() => (socket.destroyed ? clearInterval(timer) : socket.write(text())), everyMs);
  socket.on('close', () => clearInterval(timer));
}

const OK = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
/** Not less: this process is the mirror as well, and may stand still for a moment where others are busy. */
const idleMs = 1000;

const endless: Readonly<Record<string, [(socket: Socket) => void, RegExp]>> = {
  'says for ever that an answer will come': [
    (socket) => drip(socket, () => 'HTTP/1.1 102 Processing\r\n\r\n'),
    /no answer came for 2 seconds/,
  ],
  'sends a header drop by drop': [
    (socket) => {
      socket.write('HTTP/1.1 200 OK\r\nX: ');
      drip(socket, () => 'x');
    },
    /no answer came for 2 seconds/,
  ],
  'sends pieces without end, a byte each': [
    (socket) => {
      socket.write(OK);
      drip(socket, () => '1\r\nx\r\n');
    },
    /too slowly: \d+ bytes/,
  ],
  'sends what stands between pieces': [
    (socket) => {
      socket.write(`${OK}1;a=`);
      drip(socket, () => 'b');
    },
    /too slowly: 0 bytes/,
  ],
};

for (const [what, [answer, expected]] of Object.entries(endless))
  test(`a mirror that ${what}`, async (t) => {
    const url = await answering(t, answer);
    const began = performance.now();
    await assert.rejects(readUrl(url, 1 << 20, { idleMs }), expected);
    assert.ok(performance.now() - began < 20 * idleMs);
  });

test('a mirror that is fast enough, and never ends', async (t) => {
  const many = await answering(t, (socket) => {
    socket.write(OK);
    drip(socket, () => `1000\r\n${'x'.repeat(4096)}\r\n`);
  });
  await assert.rejects(readUrl(many, 2 ** 40, { idleMs, maxMs: 400 }), /takes too long: \d+ bytes/);
  await assert.rejects(readUrl(many, 10_000, { idleMs }), /it is too long/);
});

test('somebody who reads slowly is not a slow mirror', async (t) => {
  const url = await answering(t, (socket) => socket.end(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab`));
  const { body } = await openUrl(url, { idleMs: 50 });
  let text = '';
  for await (const chunk of body) {
    text += Buffer.from(chunk).toString();
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
  assert.equal(text, 'ab');
});

test('an index that is known, a new one and a list, each without end: the old one stays in use', async (t) => {
  const box = new Sandbox(t);
  const publisher = new Publisher(box);
  await publisher.add('a 1', { 'usr/a': '1' });
  await publisher.publish();
  const web = await serve(t, publisher.folder);
  const sync = () => box.do((root) => root.sync(web.address, { keys: [{ text: ours.open, from: 'ours' }] }));
  await sync();
  web.requests.length = 0;
  await sync();
  assert.deepEqual(web.requests, ['index.json.sig']);
  const offered = (): string =>
    box.do((root) =>
      root
        .available()
        .map((one) => `${one.name} ${one.version}`)
        .join(),
    );
  const endlessly = (names: RegExp): (() => number) => {
    let nBytes = 0;
    web.instead = (file, _request, response) => {
      if (!names.test(file)) return false;
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(1 << 16))) nBytes += 1 << 16;
      };
      response.writeHead(200);
      response.on('drain', more);
      more();
      return true;
    };
    return () => nBytes;
  };
  const ofSignature = endlessly(/^index\.json\.sig$/);
  assert.match(await faultText(box, sync), /index\.json\.sig': it is too long/);
  assert.ok(ofSignature() < 16 << 20, String(ofSignature()));
  web.instead = undefined;
  await publisher.add('a 2', { 'usr/a': '2' });
  await publisher.publish();
  const ofList = endlessly(/^(?!index\.json)/);
  assert.match(await faultText(box, sync), /it is too long/);
  assert.ok(ofList() < 16 << 20, String(ofList()));
  assert.equal(offered(), 'a 1');
});
