import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { writeFileAtomic } from '../../base/index.ts';
import {
  collectDepot,
  Depot,
  formatArchiveName,
  indexPage,
  type Layout,
  listDepot,
  listPublished,
  parseArchiveName,
  serveDepot,
  verifyDepot,
} from '../../depot/index.ts';
import { exchange } from './published.ts';

function depotWith(t: TestContext, files: Record<string, string>, layout: Layout = 'present'): Depot {
  const folder = mkdtempSync(join(tmpdir(), 'igos-depot-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return new Depot(folder, layout);
}

const VERSIONS = {
  'a/pubkey': 'key',
  'a/api/clock/1/x': '',
  'a/api/clock/2/x': '',
  'a/src/wall/1/used_apis': 'clock/1\n',
  'a/src/wall/1.hash': 'h',
  'a/src/wall/2/used_apis': 'clock/2\n',
  'a/bin/x86_64/wall/1/wall': '',
  'a/bin/x86_64/wall/1.hash': 'h',
  'a/bin/x86_64/wall/2/wall': '',
  'a/bin/x86_64/wall/2.build/etc/build.conf': '',
  'a/pkg/wall/1/archives': 'a/src/wall/1\n',
  'a/pkg/wall/2/archives': 'a/src/wall/2\n',
  'a/raw/face/incomplete/x': '',
  'a/index/26.04': '<index/>',
};

const names = (depot: Depot) => listDepot(depot).map(formatArchiveName);

test('a depot is listed by what its names say', (t) => {
  const depot = depotWith(t, VERSIONS);
  assert.deepEqual(names(depot), [
    'a/api/clock/1',
    'a/api/clock/2',
    'a/bin/x86_64/wall/1',
    'a/bin/x86_64/wall/2',
    'a/index/26.04',
    'a/pkg/wall/1',
    'a/pkg/wall/2',
    'a/src/wall/1',
    'a/src/wall/2',
  ]);
  const old = depotWith(t, { 'a/src/report_rom-2017-05-14/LICENSE': '', 'a/bin/x86_64/wm-2017-05-31/wm': '' }, '2017');
  assert.deepEqual(names(old), ['a/bin/x86_64/wm/2017-05-31', 'a/src/report_rom/2017-05-14']);
});

test('what is neither newest nor kept nor needed by those goes', (t) => {
  const depot = depotWith(t, VERSIONS);
  const planned = collectDepot(depot, { keep: [], keepNewest: true, isDryRun: true });
  assert.deepEqual(planned.removed.map(formatArchiveName), [
    'a/pkg/wall/1',
    'a/bin/x86_64/wall/1',
    'a/src/wall/1',
    'a/api/clock/1',
  ]);
  assert.equal(names(depot).length, 9);
  // A package that is kept keeps its sources, their APIs, and the binaries.
  const keep = [parseArchiveName('a/pkg/wall/1', 'versioned')];
  assert.deepEqual(collectDepot(depot, { keep, keepNewest: true }).removed, []);
  collectDepot(depot, { keep: [], keepNewest: true });
  assert.deepEqual(names(depot), ['a/api/clock/2', 'a/bin/x86_64/wall/2', 'a/index/26.04', 'a/pkg/wall/2', 'a/src/wall/2']);
  assert.equal(existsSync(join(depot.folder, 'a/src/wall/1.hash')), false);
  collectDepot(depot, { keep: [parseArchiveName('a/index/26.04', 'versioned')], keepNewest: false });
  assert.deepEqual(names(depot), ['a/index/26.04']);
  assert.ok(existsSync(join(depot.folder, 'a/pubkey')));
});

test('what the dead left goes, what the living make stays', (t) => {
  const depot = depotWith(t, {
    'a/raw/face/.tmp-999999999-abc-0/x': '',
    [`a/raw/face/.tmp-${process.pid}-abc-0/x`]: '',
  });
  const { leftovers } = collectDepot(depot, { keep: [], keepNewest: true });
  assert.deepEqual(leftovers, [join(depot.folder, 'a/raw/face/.tmp-999999999-abc-0')]);
  assert.equal(existsSync(leftovers[0]!), false);
  assert.ok(existsSync(join(depot.folder, `a/raw/face/.tmp-${process.pid}-abc-0`)));
  // Archives that were being packed, and signatures.
  const { folder: publicFolder } = depotWith(t, { 'a/raw/face/.tmp-999999999-abc-1': '', 'a/raw/face/1.tar.xz': '' });
  collectDepot(depot, { keep: [], keepNewest: true, publicFolder });
  assert.deepEqual(readdirSync(join(publicFolder, 'a/raw/face')), ['1.tar.xz']);
  const nowhere = join(publicFolder, 'nowhere');
  assert.deepEqual(collectDepot(depot, { keep: [], keepNewest: true, publicFolder: nowhere }).leftovers, []);
});

test('verify compares with what was signed', async (t) => {
  const at = await exchange(t);
  await at.publish(['alan/pkg/x86_64/wall/1']);
  await at.download(['alan/pkg/x86_64/wall/1']);
  const verify = async () => {
    const now = new Date(Date.now() + 1000);
    const results = await verifyDepot(listDepot(at.to), { depot: at.to, publicFolder: at.quarantine, jobs: 2, now });
    return results
      .filter(({ outcome }) => outcome !== 'signed')
      .map(({ archive, ...rest }) => ({ archive: formatArchiveName(archive), ...rest }));
  };
  assert.deepEqual(await verify(), []);
  writeFileSync(join(at.to.folder, 'alan/raw/face/1/face.config'), 'face: square');
  writeFileSync(join(at.to.folder, 'alan/raw/face/1/more'), '');
  chmodSync(join(at.to.folder, 'alan/raw/face/1/tools/run.sh'), 0o644);
  assert.deepEqual(await verify(), [
    {
      archive: 'alan/raw/face/1',
      outcome: 'bad',
      reason: 'its content is not what was signed',
      differences: [
        { path: 'face.config', kind: 'changed' },
        { path: 'more', kind: 'added' },
        { path: 'tools/run.sh', kind: 'changed' },
      ],
    },
  ]);
});

test('the page names every archive, and escapes what names may hold', async (t) => {
  const at = await exchange(t);
  const shown = (): string =>
    indexPage({ publicFolder: at.published, layout: 'present', depot: at.from, address: 'http://x/?a&b<c>' });
  await at.publish(['bob/raw/frame/3']);
  assert.match(shown(), /1 archive of one user\. /);
  await at.publish(['alan/pkg/x86_64/wall/1']);
  const page = shown();
  for (const archive of listPublished(at.published, 'present')) {
    assert.ok(page.includes(`igos depot download ${formatArchiveName(archive)}`), formatArchiveName(archive));
    assert.ok(page.includes(`id="${formatArchiveName(archive)}"`));
  }
  assert.match(page, / archives of 2 users\. /);
  assert.ok(page.includes('href="#bob/pkg/frame/3"'));
  assert.ok(page.includes('http://x/?a&#38;b&#60;c&#62;'));
  assert.ok(!page.includes('<script'));
  assert.equal(shown(), page);
});

test('who is silent does not hold the server; what has a name is sent whole, though another takes the name', async (t) => {
  const at = await exchange(t);
  mkdirSync(at.published, { recursive: true });
  const file = join(at.published, 'index');
  const bytes = Buffer.alloc(8 << 20, 'old');
  writeFileSync(file, bytes);
  const options = { publicFolder: at.published, host: '127.0.0.1', port: 0, page: () => '' };
  const server = await serveDepot({ ...options, idleMs: 300 });
  t.after(() => server.close());
  const silent = connect(server.port, '127.0.0.1').setNoDelay();
  silent.on('error', () => {});
  silent.write('GET /ind');
  const isCutOff = once(silent, 'close');
  const response = await new Promise<IncomingMessage>((resolve) =>
    request({ host: '127.0.0.1', port: server.port, path: '/index' }, resolve).end(),
  );
  writeFileAtomic(file, 'new');
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  assert.ok(Buffer.concat(chunks).equals(bytes));
  silent.resume();
  await isCutOff;
});

test('lists that somebody wrote wrongly take neither the page nor the server away', async (t) => {
  const at = await exchange(t);
  await at.publish(['alan/pkg/x86_64/wall/1']);
  const lists = ['alan/pkg/wall/1', 'bob/pkg/frame/3'].map((archive) => join(at.from.folder, archive, 'archives'));
  writeFileSync(lists[0]!, 'alan/src/<b>/1/2/3\n');
  rmSync(lists[1]!);
  mkdirSync(lists[1]!);
  const page = (): string => indexPage({ publicFolder: at.published, layout: 'present', depot: at.from });
  assert.ok(page().includes('&#39;alan/src/&#60;b&#62;/1/2/3&#39; names no archive'), page());
  const failures: unknown[] = [];
  const broken = (): string => {
    throw new Error('broken');
  };
  const options = { publicFolder: at.published, host: '127.0.0.1', port: 0, onFailure: (error: unknown) => failures.push(error) };
  const server = await serveDepot({ ...options, page: broken });
  t.after(() => server.close());
  for (const path of ['', '', 'alan/raw/face/1.tar.xz.sig']) {
    const response = await fetch(`http://127.0.0.1:${server.port}/${path}`);
    await response.arrayBuffer();
    assert.equal(response.status, path === '' ? 500 : 200);
  }
  assert.equal(failures.length, 2);
});

test('a page that took long is not made for each who asks', async (t) => {
  const at = await exchange(t);
  mkdirSync(at.published, { recursive: true });
  let nMade = 0;
  const page = (): string => {
    for (const end = performance.now() + 100; performance.now() < end; );
    return `${++nMade}`;
  };
  const server = await serveDepot({ publicFolder: at.published, host: '127.0.0.1', port: 0, page });
  t.after(() => server.close());
  const ask = async (): Promise<string> => (await fetch(`http://127.0.0.1:${server.port}/`)).text();
  assert.deepEqual(await Promise.all(Array.from({ length: 4 }, ask)), ['1', '1', '1', '1']);
  for (const end = performance.now() + 10_000; (await ask()) === '1'; ) assert.ok(performance.now() < end);
});

test('the server gives out archives and nothing else', async (t) => {
  const at = await exchange(t);
  await at.publish(['alan/raw/face/1']);
  writeFileSync(join(at.folder, 'secret'), 'secret');
  writeFileSync(join(at.published, '.hidden'), 'secret');
  writeFileSync(join(at.published, 'x.partial'), 'secret');
  const server = await serveDepot({ publicFolder: at.published, host: '127.0.0.1', port: 0, page: () => '<h1>page</h1>' });
  t.after(() => server.close());
  const ask = (path: string, options: { method?: string; range?: string } = {}) =>
    new Promise<{ status: number; text: string; headers: Record<string, unknown> }>((resolve, reject) => {
      const headers = options.range === undefined ? {} : { range: options.range };
      request({ host: '127.0.0.1', port: server.port, path, method: options.method ?? 'GET', headers }, (response) => {
        let text = '';
        response.setEncoding('latin1').on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode!, text, headers: response.headers }));
      })
        .on('error', reject)
        .end();
    });
  const file = '/alan/raw/face/1.tar.xz';
  const whole = await ask(file);
  assert.equal(whole.status, 200);
  assert.ok(whole.text.startsWith('\xfd7zXZ'));
  const part = await ask(file, { range: 'bytes=1-4' });
  assert.deepEqual([part.status, part.text], [206, '7zXZ']);
  assert.equal((await ask(file, { range: 'bytes=100000-' })).status, 416);
  const head = await ask(file, { method: 'HEAD' });
  assert.deepEqual([head.status, head.text, head.headers['content-length']], [200, '', String(whole.text.length)]);
  assert.equal((await ask('/')).text, '<h1>page</h1>');
  for (const path of [
    '/../secret',
    '/%2e%2e/secret',
    '/alan/../../secret',
    '/.hidden',
    '/x.partial',
    '/alan',
    '/nothing',
    '/%00',
    '/%zz',
  ]) {
    assert.equal((await ask(path)).status, 404, path);
  }
  assert.equal((await ask(file, { method: 'DELETE' })).status, 405);
});
