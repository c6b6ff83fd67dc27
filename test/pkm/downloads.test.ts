/** Archives over http: interrupted, resumed, mislabelled, mirrored; and never another file than the index says. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { AvailablePackage, RepositorySettings } from '../../pkm/index.ts';
import { openUrl } from '../../pkm/repository/open-url.ts';
import { golden } from '../golden.ts';
import { ours, Publisher } from './repository-support.ts';
import { faultText, Sandbox } from './support.ts';
import { serve, type WebServer } from './web-server.ts';

const QUICK = { waitsMs: [1, 1] };

/** A synced repository behind a server, with one package that does not compress. */
async function offered(
  t: TestContext,
): Promise<{ box: Sandbox; web: WebServer; file: string; item: AvailablePackage; part: string }> {
  const box = new Sandbox(t);
  const publisher = new Publisher(box);
  let noise = '';
  for (let n = 0, seed = 1; n < 40_000; n++) {
    seed = (seed * 48_271) % 2_147_483_647;
    noise += String.fromCharCode(33 + (seed % 90));
  }
  const file = await publisher.add('a 1', { 'usr/a': noise });
  await publisher.publish();
  const web = await serve(t, publisher.folder);
  await box.do((root) => root.sync(web.address, { keys: [ours.open] }));
  web.requests.length = 0;
  const [item] = box.do((root) => root.available('a'));
  return { box, web, file, item: item!, part: box.path(`var/cache/igos/archives/${item!.sha256}.igos.tar.gz.part`) };
}

test('what is fetched is kept, and not fetched again', async (t) => {
  const { box, web, file, item } = await offered(t);
  const first = await box.do((root) => root.fetch(item, QUICK));
  assert.ok(readFileSync(first).equals(readFileSync(file)));
  assert.equal(await box.do((root) => root.fetch(item, QUICK)), first);
  assert.deepEqual(web.requests, [basename(file)]);
  writeFileSync(first, 'damaged');
  await box.do((root) => root.fetch(item, QUICK));
  assert.ok(readFileSync(first).equals(readFileSync(file)));
});

test('a connection that breaks is taken up where it was', async (t) => {
  const { box, web, file, item } = await offered(t);
  web.breaks = { name: basename(file), afterBytes: 10_000, times: 2 };
  const path = await box.do((root) => root.fetch(item, QUICK));
  assert.ok(readFileSync(path).equals(readFileSync(file)));
  assert.deepEqual(
    web.requests,
    ['', ' bytes=10000-', ' bytes=20000-'].map((range) => `${basename(file)}${range}`),
  );
});

test('another process goes on where the first one stopped', async (t) => {
  const { box, web, file, item, part } = await offered(t);
  web.breaks = { name: basename(file), afterBytes: 5000, times: 3 };
  await assert.rejects(
    box.do((root) => root.fetch(item, QUICK)),
    { code: 'E-PKM-071' },
  );
  assert.equal(readFileSync(part).length, 15_000);
  web.requests.length = 0;
  const path = await box.do((root) => root.fetch(item, QUICK));
  assert.ok(readFileSync(path).equals(readFileSync(file)));
  assert.deepEqual(web.requests, [`${basename(file)} bytes=15000-`]);
  assert.ok(!existsSync(part));
});

test('what broke off of an archive that nobody offers any more goes with the next download', async (t) => {
  const { box, item, part } = await offered(t);
  const forsaken = part.replace(item.sha256, 'a'.repeat(64));
  const whole = forsaken.replace('.part', '');
  mkdirSync(join(part, '..'), { recursive: true });
  for (const path of [forsaken, whole, part]) writeFileSync(path, 'x');
  await box.do((root) => root.fetch(item, QUICK));
  assert.deepEqual(
    [forsaken, whole, part].map((path) => existsSync(path)),
    [false, true, false],
  );
});

test('a part of another file, a part that is too long, and one that is whole', async (t) => {
  for (const before of [Buffer.alloc(7000, 'x'), Buffer.alloc(1 << 20, 'x'), 'whole'] as const) {
    const { box, web, file, item, part } = await offered(t);
    await box.do((root) => root.fetch(item, QUICK));
    const [cached] = readdirSync(join(part, '..'));
    box.write(`var/cache/igos/archives/${cached}`, 'damaged');
    web.requests.length = 0;
    writeFileSync(part, before === 'whole' ? readFileSync(file) : before);
    const path = await box.do((root) => root.fetch(item, QUICK));
    assert.ok(readFileSync(path).equals(readFileSync(file)));
    assert.ok(web.requests.length === (before === 'whole' ? 0 : before.length > item.sizeBytes ? 1 : 2), web.requests.join(', '));
  }
});

test('servers that ignore ranges, say that all is there, or call the bytes compressed', async (t) => {
  const { box, web, file, item, part } = await offered(t);
  const name = basename(file);
  const again = async (): Promise<void> => {
    const path = await box.do((root) => root.fetch(item, QUICK));
    assert.ok(readFileSync(path).equals(readFileSync(file)));
    writeFileSync(path, 'damaged');
    web.requests.length = 0;
  };
  web.breaks = { name, afterBytes: 9000, times: 1 };
  web.ignoresRange = true;
  await again();
  web.ignoresRange = false;
  web.instead = (_, request, response) => {
    if (request.headers.range === undefined) return false;
    response.writeHead(416).end();
    return true;
  };
  writeFileSync(part, readFileSync(file).subarray(0, 100));
  await again();
  const answers: Record<string, [number, Record<string, string>?]> = {
    'from elsewhere': [206, { 'content-range': 'bytes 10-20/1000' }],
    'in several parts': [206, { 'content-type': 'multipart/byteranges; boundary=x' }],
    'that a range is a mistake': [400],
    'that it knows no ranges': [501],
  };
  for (const [how, [status, headers]] of Object.entries(answers)) {
    web.instead = (_, request, response) => {
      if (request.headers.range === undefined) return false;
      response.writeHead(status, headers).end('some bytes');
      return true;
    };
    writeFileSync(part, readFileSync(file).subarray(0, 100));
    await again().catch((error: unknown) => assert.fail(`${how}: ${String(error)}`));
  }
  web.instead = (asked, _, response) => {
    if (asked !== name) return false;
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(readFileSync(file));
    return true;
  };
  await again();
  web.instead = (asked, _, response) => {
    if (asked !== name) return false;
    response.writeHead(302, { location: `/moved/../${name}?x` }).end();
    web.instead = undefined;
    web.instead = (other, __, answer) => {
      if (!other.endsWith('?x')) return false;
      answer.end(readFileSync(file));
      return true;
    };
    return true;
  };
  await again();
});

test('a version with an epoch makes a file name that looks like an address', async (t) => {
  const box = new Sandbox(t);
  const publisher = new Publisher(box);
  const file = await publisher.add('http 1:2.0', { 'usr/a': 'a' });
  await publisher.publish();
  const web = await serve(t, publisher.folder);
  for (const address of [web.address, publisher.address]) {
    await box.do((root) => root.sync(address, { keys: [ours.open] }));
    const [item] = box.do((root) => root.available('http'));
    const path = await box.do((root) => root.fetch(item!, QUICK));
    assert.ok(readFileSync(path).equals(readFileSync(file)));
    box.do((root) => root.forget(address));
  }
});

test('hostile: a cache and settings behind symlinks of the root stay inside of it', async (t) => {
  const { box, file, item } = await offered(t);
  mkdirSync(join(box.base, 'outside'));
  for (const target of ['../outside', '../../outside', join(box.base, 'outside')]) {
    symlinkSync(target, box.path('var/cache'));
    await assert.rejects(
      box.do((root) => root.fetch(item, QUICK)),
      { code: 'E-PKM-007' },
    );
    rmSync(box.path('var/cache'));
  }
  assert.deepEqual(readdirSync(join(box.base, 'outside')), []);
  mkdirSync(box.path('srv'));
  symlinkSync('/srv', box.path('var/cache'));
  const path = await box.do((root) => root.fetch(item, QUICK));
  assert.ok(path.startsWith(box.path('srv')) && readFileSync(path).equals(readFileSync(file)));
  symlinkSync('../outside', box.path('etc'));
  assert.throws(() => box.do((root) => root.repositorySettings()), { code: 'E-PKM-007' });
  await assert.rejects(
    box.do((root) => root.sync(item.repository)),
    { code: 'E-PKM-007' },
  );
});

test('a busy server is asked again, a missing file is not', async (t) => {
  const { box, web, item } = await offered(t);
  let n = 0;
  web.instead = (_, __, response) => {
    if (n++ > 1) return false;
    response.writeHead(503).end();
    return true;
  };
  await box.do((root) => root.fetch(item, QUICK));
  assert.equal(web.requests.length, 3);
  web.requests.length = 0;
  await assert.rejects(
    box.do((root) => root.fetch({ ...item, file: 'other.igos.tar.gz', sha256: 'f'.repeat(64) }, QUICK)),
    { code: 'E-PKM-071' },
  );
  assert.equal(web.requests.length, 1);
});

test('mirrors are asked in turn', async (t) => {
  const { box, web, file, item } = await offered(t);
  const other = await serve(t, join(file, '..'));
  const settings = (addresses: string[]): RepositorySettings => ({
    name: 'main',
    addresses: addresses.map((address) => new URL(address)),
    priority: 100,
    isEnabled: true,
    keys: [ours.open],
  });
  await box.do((root) => root.sync(settings([web.address, other.address])));
  web.instead = (_, __, response) => {
    response.destroy();
    return true;
  };
  other.requests.length = 0;
  const path = await box.do((root) => root.fetch(item, QUICK));
  assert.ok(readFileSync(path).equals(readFileSync(file)));
  assert.deepEqual(other.requests, [basename(file)]);
});

test('messages of downloads', async (t) => {
  const { box, web, file, item } = await offered(t);
  const named = (text: string): string => text.replaceAll(web.address, 'http://<server>/').replace(/[0-9a-f]{64}/g, '<sha256>');
  const failing = (one: AvailablePackage) => faultText(box, () => box.do((root) => root.fetch(one, QUICK)));
  golden(t, 'errors/pkm-fetch-missing.txt', named(await failing({ ...item, file: 'none.igos.tar.gz', sha256: 'e'.repeat(64) })));
  const bytes = readFileSync(file);
  bytes[bytes.length - 100]! ^= 1;
  writeFileSync(file, bytes);
  golden(t, 'errors/pkm-fetch-differs.txt', named(await failing(item)));
  writeFileSync(file, Buffer.concat([bytes, bytes]));
  golden(t, 'errors/pkm-fetch-long.txt', named(await failing(item)));
  writeFileSync(file, bytes.subarray(0, 100));
  golden(t, 'errors/pkm-fetch-short.txt', named(await failing(item)));
  const [left] = readdirSync(box.path('var/cache/igos/archives'));
  assert.match(left!, /\.part$/, 'no archive is in the cache');
});

test('what a kept generation came from is not fetched, and the cache is cleaned of the rest', async (t) => {
  const { box, web, item, part } = await offered(t);
  const cached = await box.do((root) => root.fetch(item, QUICK));
  await box.do(async (root) => root.install([await root.readArchive(cached)]));
  writeFileSync(join(cached, '..', 'notes.txt'), 'mine');
  writeFileSync(part.replace(item.sha256, 'a'.repeat(64)), 'partial');
  assert.deepEqual(await box.do((root) => root.cleanCache({ all: true, dryRun: true })), {
    nFiles: 2,
    sizeBytes: item.sizeBytes + 7,
  });
  assert.deepEqual(await box.do((root) => root.cleanCache()), { nFiles: 1, sizeBytes: 7 });
  assert.deepEqual(await box.do((root) => root.cleanCache({ all: true })), { nFiles: 1, sizeBytes: item.sizeBytes });
  assert.deepEqual(readdirSync(join(cached, '..')), ['notes.txt']);
  web.requests.length = 0;
  const kept = await box.do((root) => root.fetch(item, QUICK));
  assert.equal((await box.do((root) => root.readArchive(kept))).name, 'a');
  assert.deepEqual(web.requests, []);
});

test('several are fetched at once, and come back in order', async (t) => {
  const box = new Sandbox(t);
  const publisher = new Publisher(box);
  const names = Array.from({ length: 9 }, (_, n) => `p${n}`);
  for (const name of names) await publisher.add(`${name} 1`, { [`usr/${name}`]: name });
  await publisher.publish();
  const web = await serve(t, publisher.folder);
  await box.do((root) => root.sync(web.address, { keys: [ours.open] }));
  const seen = new Set<string>();
  await box.do(async (root) => {
    const paths = await root.fetchAll(root.available(), { ...QUICK, onProgress: (event) => void seen.add(event.package) });
    const images = [];
    for (const path of paths) images.push(await root.readArchive(path));
    assert.deepEqual(
      images.map((image) => image.name),
      names,
    );
  });
  assert.equal(seen.size, names.length);
});

test('what stops coming is given up, and is told from a connection that broke', async (t) => {
  const box = new Sandbox(t);
  const server = await serve(t, box.base);
  server.instead = (name, _request, response) => {
    if (name === 'begun') response.writeHead(200).write('x');
    return true;
  };
  for (const name of ['begun', 'silent']) {
    await assert.rejects(
      async () => {
        const { body } = await openUrl(new URL(`${server.address}${name}`), { idleMs: 100 });
        for await (const _ of body);
      },
      { message: 'nothing came for 0 seconds', canRetry: true },
    );
  }
});

test('what comes drop by drop is given up', async (t) => {
  const box = new Sandbox(t);
  const server = await serve(t, box.base);
  server.instead = (_name, _request, response) => {
    response.writeHead(200);
    const dripping = setInterval(() => response.write('x'), 10);
    response.on('close', () => clearInterval(dripping));
    return true;
  };
  const { body } = await openUrl(new URL(`${server.address}slow`), { idleMs: 1000 });
  const started = performance.now();
  await assert.rejects(async () => {
    for await (const _ of body);
  }, /it comes too slowly: \d+ bytes in/);
  assert.ok(performance.now() - started < 30_000);
});
