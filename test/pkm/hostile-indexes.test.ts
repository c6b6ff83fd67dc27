/** Indexes that mean ill, most of them well signed: each is refused for the reason of the golden table, and the known one stays. */
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { Fault } from '../../base/index.ts';
import { golden } from '../golden.ts';
import { NOW, ours, Publisher, theirs } from './repository-support.ts';
import { Sandbox } from './support.ts';
import { serve } from './web-server.ts';

const good = { name: 'a', version: '1', release: 1, file: 'a.igos.tar.gz', sha256: '0'.repeat(64), sizeBytes: 1 };
const index = (item: object, more: object = {}): object => ({ format: 1, serial: 9, packages: [{ ...good, ...item }], ...more });
const list = { file: 'files-0.gz', sha256: '0'.repeat(64), sizeBytes: 10 };

/** What is published, signed by the trusted key; or what is done to the folder. */
const cases: Record<string, object | Buffer | ((publisher: Publisher) => void)> = {
  'no JSON': Buffer.from('nonsense'),
  'JSON that is not UTF-8': Buffer.from('{"format":1,"x":"\xff"}', 'latin1'),
  'cut off': Buffer.from(JSON.stringify(index({})).slice(0, -10)),
  empty: Buffer.alloc(0),
  'a list': [],
  'a text': Buffer.from('"index"'),
  null: Buffer.from('null'),
  'another format': { format: 2, serial: 9, packages: [] },
  'no format': { serial: 9, packages: [] },
  'an identity that is no text': { format: 1, identity: ['main'], serial: 9, packages: [] },
  'an identity with control characters': { format: 1, identity: 'main\u001b[2J', serial: 9, packages: [] },
  'no serial': { format: 1, packages: [] },
  'a serial below one': { format: 1, serial: 0, packages: [] },
  'a serial that is no integer': { format: 1, serial: 1.5, packages: [] },
  'a serial beyond all integers': Buffer.from('{"format":1,"serial":1e300,"packages":[]}'),
  'a serial as text': { format: 1, serial: '9', packages: [] },
  'packages that are no list': { format: 1, serial: 9, packages: {} },
  'no packages': { format: 1, serial: 9 },
  'a package that is null': { format: 1, serial: 9, packages: [null] },
  'a package that is a list': { format: 1, serial: 9, packages: [[]] },
  'the same package twice': { format: 1, serial: 9, packages: [good, good] },
  'too many packages': Buffer.from(`{"format":1,"serial":9,"packages":[${'0,'.repeat(200_000)}0]}`),
  'a name that is a path': index({ name: '../a' }),
  'no name': index({ name: undefined }),
  'a name with a space': index({ name: 'a b' }),
  'a name of 200 letters': index({ name: 'n'.repeat(200) }),
  'a version that is a path': index({ version: '../1' }),
  'a version that is a number': index({ version: 1 }),
  'a release that is negative': index({ release: -1 }),
  'a release that is no integer': index({ release: 1.5 }),
  'a file above': index({ file: '../a' }),
  'a file below': index({ file: 'x/a' }),
  'a file with a query': index({ file: 'a?b' }),
  'a file that is encoded': index({ file: '%2e%2e%2fa' }),
  'a file at an address of its own': index({ file: '//evil.example.org/a' }),
  'a file that is hidden': index({ file: '.a' }),
  'a SHA-256 that is none': index({ sha256: 'x' }),
  'a SHA-256 in capitals': index({ sha256: 'A'.repeat(64) }),
  'no SHA-256': index({ sha256: undefined }),
  'a size beyond all integers': Buffer.from(
    JSON.stringify(index({ sizeBytes: 7 })).replace('"sizeBytes":7', '"sizeBytes":1e300'),
  ),
  'a size that is negative': index({ sizeBytes: -1 }),
  'no size': index({ sizeBytes: undefined }),
  'dependencies that are a text': index({ runtime: 'glibc' }),
  'a dependency that is a record': index({ runtime: [{}] }),
  'a dependency that is a path': index({ runtime: ['../glibc'] }),
  'a provided name that is none': index({ provides: ['a b'] }),
  'a conflict without a version': index({ conflicts: ['b>='] }),
  'an escape code in a dependency': index({ runtime: ['\x1b[2J'] }),
  'an escape code in a summary': index({ summary: '\x1b]0;owned\x07' }),
  'a line break in a summary': index({ summary: 'a\nb 1' }),
  'a summary that is a number': index({ summary: 1 }),
  'supersedes itself': index({ supersedes: ['a'] }),
  'supersedes a path': index({ supersedes: ['../b'] }),
  'a privileged path above': index({ privileged: ['../../bin/sh'] }),
  'a privileged path that is absolute': index({ privileged: ['/bin/sh'] }),
  'a time that is a text': index({}, { expiresAt: 'never' }),
  'a time before all times': index({}, { createdAt: -1 }),
  'it expired': index({}, { expiresAt: NOW - 1 }),
  'a list of files above': index({}, { files: { ...list, file: '../files.gz' } }),
  'a list of files that is a text': index({}, { files: 'files.gz' }),
  'a list of files without a hash': index({}, { files: { ...list, sha256: '' } }),
  'a list of files of negative size': index({}, { files: { ...list, sizeBytes: -1 } }),
  'a list of files that is not there': index({}, { files: list }),
  'a list of files that is another one': (publisher) => {
    writeFileSync(join(publisher.folder, list.file), 'other');
    publisher.publishRaw(index({}, { files: list }));
  },
  'a list of files that is longer': (publisher) => {
    writeFileSync(join(publisher.folder, list.file), 'longer than it says');
    publisher.publishRaw(index({}, { files: list }));
  },
  'a list of files that is not compressed': (publisher) => publishList(publisher, Buffer.from('a 1 1\n')),
  'a list of files that begins with a path': (publisher) => publishList(publisher, gzipSync('\tusr/a\n')),
  'a list of files without packages': (publisher) => publishList(publisher, gzipSync('a\n')),
  'a list of files that is cut off': (publisher) => publishList(publisher, gzipSync('a 1 1\n\tusr/a')),
  // signatures
  'no signature': (publisher) => rmSync(join(publisher.folder, 'index.json.sig')),
  'no index': (publisher) => {
    publisher.publishRaw(index({}));
    rmSync(join(publisher.folder, 'index.json'));
  },
  'an empty signature': (publisher) => sign(publisher, () => ''),
  'a signature of other letters': (publisher) => sign(publisher, () => 'signed, honestly\n'),
  'a signature that is cut off': (publisher) => sign(publisher, (text) => text.slice(0, 50)),
  'a signature by another key': (publisher) => publisher.publishRaw(index({}), theirs.secret),
  'a signature by another key under our name': (publisher) => {
    publisher.publishRaw(index({}));
    const id = readFileSync(join(publisher.folder, 'index.json.sig'), 'utf8').slice(0, 16);
    publisher.publishRaw(index({}), theirs.secret);
    change(publisher, (text) => id + text.slice(16));
  },
  'a signature of another index': (publisher) => {
    publisher.publishRaw(index({}));
    const path = join(publisher.folder, 'index.json');
    writeFileSync(path, readFileSync(path, 'utf8').replace('"1"', '"2"'));
  },
  'a signature of megabytes': (publisher) => sign(publisher, (text) => text.repeat(100)),
  'an older serial': { format: 1, serial: 1, packages: [] },
  'another index of the same serial': { format: 1, serial: 2, packages: [] },
};

function sign(publisher: Publisher, edit: (text: string) => string): void {
  publisher.publishRaw(index({}));
  change(publisher, edit);
}

function change(publisher: Publisher, edit: (text: string) => string): void {
  const path = join(publisher.folder, 'index.json.sig');
  writeFileSync(path, edit(readFileSync(path, 'utf8')));
}

function publishList(publisher: Publisher, bytes: Buffer): void {
  writeFileSync(join(publisher.folder, list.file), bytes);
  const sha256 = hash('sha256', bytes);
  publisher.publishRaw(index({}, { files: { file: list.file, sha256, sizeBytes: bytes.length } }));
}

test('hostile indexes: each refused for its reason, and the known one stays', async (t) => {
  const box = new Sandbox(t);
  const publisher = new Publisher(box);
  await publisher.add('a 1', { 'usr/a': 'a' }, { summary: 'an a' });
  await publisher.publish();
  await publisher.publish();
  const keys = [ours.open];
  const clock = { now: () => NOW };
  await box.do((root) => root.sync(publisher.address, { keys }), clock);
  const before = box.do((root) => [root.available(), root.repositories(), [...root.filesOffered(publisher.address)]], clock);
  const lines: string[] = [];
  for (const [name, given] of Object.entries(cases)) {
    if (typeof given === 'function') given(publisher);
    else publisher.publishRaw(given);
    let fault: unknown;
    await box
      .do((root) => root.sync(publisher.address, { keys }), clock)
      .catch((error: unknown) => {
        fault = error;
      });
    assert.ok(fault instanceof Fault, `${name}: ${String(fault)}`);
    lines.push(
      `${name}: ${fault.code} ${fault.message.replace(/^the index of '[^']*' is refused/, 'the index is refused').replaceAll(publisher.address, '<address>/')}`,
    );
    assert.deepEqual(
      box.do((root) => [root.available(), root.repositories(), [...root.filesOffered(publisher.address)]], clock),
      before,
      name,
    );
  }
  assert.ok(lines.length >= 70, `${lines.length} cases`);
  assert.deepEqual(box.snapshot(), {});
  golden(t, 'errors/hostile-indexes.txt', `${lines.join('\n')}\n`);
});

test('hostile servers: endless answers, redirections, silence', async (t) => {
  const box = new Sandbox(t);
  const publisher = new Publisher(box);
  await publisher.publish();
  const web = await serve(t, publisher.folder);
  const sync = (): Promise<unknown> => box.do((root) => root.sync(web.address, { keys: [ours.open] }));
  web.instead = (_, __, response) => {
    const more = (): boolean => response.write(Buffer.alloc(1 << 16, 'x'));
    response.on('drain', more);
    more();
    return true;
  };
  await assert.rejects(sync(), /it is too long/);
  const pointing: Record<string, RegExp> = {
    '/index.json.sig': /points on and on/,
    'file:///etc/passwd': /points on to 'file:/,
    'ftp://example.org/': /points on to 'ftp:/,
    'ftp://joe:secret@example.org/': /points on to 'ftp:\/\/example.org\/'/,
    'http://[nonsense': /points on to/,
  };
  for (const [location, message] of Object.entries(pointing)) {
    web.instead = (_, __, response) => {
      response.writeHead(302, { location }).end();
      return true;
    };
    await assert.rejects(sync(), message, location);
  }
  web.instead = (_, request) => {
    request.socket.destroy();
    return true;
  };
  await assert.rejects(sync(), { code: 'E-PKM-026' });
  const raw: Record<string, RegExp> = {
    'a greeting': /not HTTP \(HPE_/,
    'HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n': /not HTTP \(HPE_/,
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nabcde': /not HTTP \(HPE_/,
    'HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nabcde': /broke off/,
    'HTTP/1.1 304 Not Modified\r\n\r\n': /HTTP status 304/,
    'HTTP/1.1 206 Partial Content\r\nContent-Length: 5\r\n\r\nabcde': /HTTP status 206/,
  };
  for (const [answer, message] of Object.entries(raw)) {
    web.instead = (_, request) => {
      request.socket.end(`${answer}\n`);
      return true;
    };
    await assert.rejects(sync(), message, JSON.stringify(answer));
  }
  const secure = web.address.replace('http:', 'https:');
  await assert.rejects(
    box.do((root) => root.sync(secure, { keys: [ours.open] })),
    /does not speak TLS/,
  );
  await assert.rejects(
    box.do((root) => root.sync('ftp://joe:secret@example.org/', { keys: [ours.open] })),
    /'ftp:\/\/example.org\/' is refused/,
  );
  web.instead = undefined;
  await sync();
});
