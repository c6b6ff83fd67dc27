/** What a cache cannot get into a store, and with which words it is refused. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs, { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import { type Fault, renderFault } from '../../../base/index.ts';
import { parseCacheInfo } from '../../../store/cache/cache-info.ts';
import { generateKey, parsePublicKey, parseSecretKey } from '../../../store/cache/keys.ts';
import { parseNarInfo } from '../../../store/cache/narinfo.ts';
import { openTransport } from '../../../store/cache/open-transport.ts';
import { parseSettings } from '../../../store/cache/settings.ts';
import { hashBytes, type StorePath, storePathHash } from '../../../store/index.ts';
import { golden } from '../../golden.ts';
import { faultOf, nixStore, nixStoreDir, pullFrom, vectorCache, vectorKey } from './caches.ts';

const show = (t: TestContext, name: string, fault: Fault): void => golden(t, `errors/${name}.txt`, renderFault(fault));

/** An input-addressed path of the vectors, so that only its signature can vouch for it. */
const MULTI = /multi-dev$/;

async function damaged(
  t: TestContext,
  change: (files: { narinfo: string; nar: string; folder: string }) => void,
  options: { name?: 'cache' | 'cache-xz'; path?: RegExp; keys?: readonly string[] } = {},
): Promise<Fault> {
  const { name = 'cache', path: pattern = MULTI, keys = [vectorKey] } = options;
  const cache = vectorCache(t, name);
  const path = cache.paths.find((candidate) => pattern.test(candidate))!;
  const narinfo = join(cache.folder, `${storePathHash(path)}.narinfo`);
  const nar = join(cache.folder, /^URL: (.*)$/m.exec(readFileSync(narinfo, 'latin1'))![1]!);
  change({ narinfo, nar, folder: cache.folder });
  const store = nixStore(t);
  const fault = await faultOf(
    () => pullFrom(store, cache.url, [path], { keys, needsSignature: name === 'cache' }),
    [cache.url, 'file:///cache'],
  );
  assert.equal(store.isValid(path), false);
  assert.deepEqual(
    readdirSync(store.home).includes('store')
      ? readdirSync(join(store.home, 'store')).filter((entry) => entry.includes('multi-dev'))
      : [],
    [],
  );
  return fault;
}

const edit = (file: string, run: (text: string) => string): void => {
  const before = readFileSync(file, 'latin1');
  const after = run(before);
  assert.notEqual(after, before, 'the test changed nothing');
  writeFileSync(file, after, 'latin1');
};

const flip = (file: string, at: number): void => {
  const bytes = readFileSync(file);
  bytes[at]! ^= 1;
  writeFileSync(file, bytes);
};

test('a flipped bit in a nar', async (t) => {
  show(t, 'E-CACHE-004', await damaged(t, ({ nar }) => flip(nar, 100)));
});

test('a flipped bit in a compressed nar', {
  skip: spawnSync('xz', ['--version']).status !== 0 && 'there is no xz here',
}, async (t) => {
  show(t, 'E-CACHE-004-xz', await damaged(t, ({ nar }) => flip(nar, 40), { name: 'cache-xz', path: /simple/ }));
});

test('a flipped bit in a narinfo', async (t) => {
  const fault = await damaged(t, ({ narinfo }) => edit(narinfo, (text) => text.replace(/^NarSize: (\d+)\d$/m, 'NarSize: $19')));
  show(t, 'E-CACHE-003', fault);
});

test('every other field that a signature covers', async (t) => {
  for (const [from, to] of [
    [/^(NarHash: sha256:)../m, '$10z'],
    [/^(References: ).*/m, '$1bcxcd47kzzbjnjshh2hijb17mnkn521z-ca-a'],
    [/^(References: ).*/m, '$1'],
  ] as const) {
    const fault = await damaged(t, ({ narinfo }) => edit(narinfo, (text) => text.replace(from, to)));
    assert.equal(fault.code, 'E-CACHE-003', fault.message);
  }
  // All that is said and signed of another path, under this one's name.
  const fault = await damaged(t, ({ narinfo, folder }) => {
    const [own] = /^StorePath: .*$/m.exec(readFileSync(narinfo, 'latin1'))!;
    const other = readdirSync(folder).find((name) => {
      const isTold = name.endsWith('.narinfo') && join(folder, name) !== narinfo;
      return isTold && !/^CA: /m.test(readFileSync(join(folder, name), 'latin1'));
    })!;
    edit(narinfo, () => readFileSync(join(folder, other), 'latin1').replace(/^StorePath: .*$/m, own));
  });
  assert.equal(fault.code, 'E-CACHE-003', fault.message);
});

test('signatures that somebody added to a narinfo are not remembered without an end', async (t) => {
  for (const [added, says] of [
    ['Sig: other:c2ln\n'.repeat(100_000), /it has more than 64 signatures$/],
    [`Sig: other:${'A'.repeat(1 << 20)}\n`, /it has a signature of 1048582 characters$/],
  ] as const) {
    const fault = await damaged(t, ({ narinfo }) => edit(narinfo, (text) => `${text}${added}`));
    assert.equal(fault.code, 'E-CACHE-002');
    assert.match(fault.message, says);
  }
});

test('a flipped bit in a signature', async (t) => {
  const fault = await damaged(t, ({ narinfo }) =>
    edit(narinfo, (text) => text.replace(/^(Sig: [^:]*:.{5})./m, (_, start: string) => `${start}#`)),
  );
  show(t, 'E-CACHE-003-signature', fault);
  const other = await damaged(t, ({ narinfo }) =>
    edit(narinfo, (text) =>
      text.replace(/^(Sig: [^:]*:.{5})(.)/m, (_, start: string, c: string) => `${start}${c === 'A' ? 'B' : 'A'}`),
    ),
  );
  assert.equal(other.code, 'E-CACHE-003');
});

test('a signature by nobody that is trusted, and none', async (t) => {
  const other = generateKey('other-1').publicKey.text;
  show(t, 'E-CACHE-003-unknown', await damaged(t, () => {}, { keys: [other] }));
  show(t, 'E-CACHE-003-unsigned', await damaged(t, ({ narinfo }) => edit(narinfo, (text) => text.replace(/^Sig:.*\n/m, ''))));
});

test('a false key under a trusted name', async (t) => {
  const name = parsePublicKey(vectorKey).name;
  const fault = await damaged(t, () => {}, { keys: [generateKey(name).publicKey.text] });
  assert.equal(fault.code, 'E-CACHE-003');
});

test('content that does not have its content address, though nobody signs it', async (t) => {
  const fault = await damaged(
    t,
    ({ narinfo, nar }) => {
      // Another content that is told consistently, but for the address.
      const bytes = readFileSync(nar);
      const at = bytes.indexOf('contents') + 17;
      bytes[at]! ^= 1;
      writeFileSync(nar, bytes);
      const hex = `sha256:${hashBytes('sha256', bytes)}`;
      edit(narinfo, (text) => text.replace(/^(NarHash|FileHash): .*$/gm, `$1: ${hex}`));
    },
    { path: /-ca-a$/, keys: [] },
  );
  show(t, 'E-CACHE-004-address', fault);
});

test('a compression that is no name', async (t) => {
  for (const name of ['../../../../x', 'xz; true', `x\0`, 'x'.repeat(300), 'XZ', '%s']) {
    const fault = await damaged(t, ({ narinfo }) =>
      edit(narinfo, (text) => text.replace('Compression: none', `Compression: ${name}`)),
    );
    assert.equal(fault.code, 'E-CACHE-002', name);
    assert.match(fault.message, /Compression '.*' is not a name/);
  }
});

test('files that are longer than announced, and archives that unpack to more', async (t) => {
  const longer = await damaged(t, ({ nar }) => writeFileSync(nar, Buffer.concat([readFileSync(nar), Buffer.alloc(10)])));
  assert.match(longer.message, /more than the \d+ bytes came/);
  const bomb = await damaged(t, ({ narinfo, nar }) => {
    const packed = zstdCompressSync(Buffer.alloc(1 << 28));
    writeFileSync(nar, packed);
    edit(narinfo, (text) =>
      text
        .replace('Compression: none', 'Compression: zstd')
        .replace(/^FileHash: .*$/m, `FileHash: sha256:${hashBytes('sha256', packed)}`)
        .replace(/^FileSize: .*$/m, `FileSize: ${packed.length}`),
    );
  });
  show(t, 'E-CACHE-004-bomb', bomb);
});

test('a nar that is not there, shorter, or of an unknown compression', async (t) => {
  const shorter = await damaged(t, ({ nar }) => writeFileSync(nar, readFileSync(nar).subarray(0, -8)));
  assert.equal(shorter.code, 'E-CACHE-004');
  const absent = await damaged(t, ({ narinfo }) => edit(narinfo, (text) => text.replace(/^URL: .*$/m, 'URL: nar/gone.nar')));
  assert.match(absent.message, /is not there/);
  show(
    t,
    'E-CACHE-008',
    await damaged(t, ({ narinfo }) => edit(narinfo, (text) => text.replace('Compression: none', 'Compression: zoo'))),
  );
});

test('hostile narinfos', (t) => {
  const path = '/nix/store/07sxizsa6algm6iqzq6310gpyjr0sxy2-multi-bin' as StorePath;
  const good = readFileSync(join(vectorCache(t, 'cache').folder, `${storePathHash(path)}.narinfo`), 'latin1');
  assert.equal(parseNarInfo(good, path, nixStoreDir).path, path);
  const rejects = (text: string, pattern: RegExp): Fault => {
    let found: Fault | undefined;
    assert.throws(
      () => parseNarInfo(text, path, nixStoreDir),
      (error: Fault) => {
        found = error;
        return error.code === 'E-CACHE-002' && pattern.test(error.message);
      },
    );
    return found!;
  };
  show(t, 'E-CACHE-002', rejects(good.replace(/^URL: /m, 'URL: ../../'), /leads out/));
  for (const url of ['/etc/passwd', 'nar/%2e%2e/x', 'http://elsewhere/x', 'nar\\..\\x', 'nar/x y', 'nar/%zz', 'file:x'])
    rejects(good.replace(/^URL: .*$/m, `URL: ${url}`), /leads out/);
  rejects(good.replace(/^StorePath: .*$/m, 'StorePath: /nix/store/1apc5bhs91kl605hyfinhqs493h534as-deps-1.2'), /it is about/);
  rejects(good.replace(/^StorePath: .*$/m, 'StorePath: /nix/store/../etc/passwd'), /StorePath/);
  rejects(good.replace(/^NarSize: .*$/m, 'NarSize: 0'), /NarSize is 0/);
  for (const size of ['-1', '1e9', '0x10', '99999999999999999999', ''])
    rejects(good.replace(/^NarSize: .*$/m, `NarSize: ${size}`), /NarSize/);
  rejects(good.replace(/^NarHash: .*$/m, 'NarHash: md5:d41d8cd98f00b204e9800998ecf8427e'), /NarHash/);
  rejects(good.replace(/^References: .*$/m, 'References: ../x'), /References/);
  rejects(good.replace(/^NarSize: .*\n/m, ''), /no NarSize/);
  rejects(`${good}NarSize: 5\n`, /twice/);
  rejects(`${good}garbage\n`, /no line/);
  rejects(good.slice(0, -3), /cut short/);
  rejects(`${good}CA: fixed:x\n`, /CA/);
});

test('what a narinfo does not say, says twice, or says of a later version of caches', (t) => {
  const path = '/nix/store/07sxizsa6algm6iqzq6310gpyjr0sxy2-multi-bin' as StorePath;
  const good = readFileSync(join(vectorCache(t, 'cache').folder, `${storePathHash(path)}.narinfo`), 'latin1');
  const parse = (text: string) => parseNarInfo(text, storePathHash(path), nixStoreDir);
  const all = parse(good);
  for (const line of ['', 'Compression: \n'])
    assert.equal(parse(good.replace(/^Compression: .*\n/m, line)).compression, 'bzip2', 'as it was before it could be said');
  assert.deepEqual(parse(`${good}FutureField: x\nFutureField: y\n`), all);
  const { fileHash: _hash, fileSizeBytes: _size, ...rest } = all;
  assert.deepEqual(parse(good.replace(/^File(Hash|Size): .*\n/gm, '')), rest);
  const [a, b] = [`${'0'.repeat(32)}-a`, `${'1'.repeat(32)}-b`];
  assert.deepEqual(parse(good.replace(/^References: .*$/m, `References: ${b} ${a} ${b}`)).references, [
    `${nixStoreDir}/${a}`,
    `${nixStoreDir}/${b}`,
  ]);
  assert.equal(parse(good.replace(/^Deriver: .*$/m, 'Deriver: unknown-deriver')).deriver, undefined);
});

test('paths that nobody has, a cache that is none, and one of another folder', async (t) => {
  const cache = vectorCache(t, 'cache');
  const shown = [cache.url, 'file:///cache'] as const;
  const gone = `${nixStoreDir}/00000000000000000000000000000000-gone` as StorePath;
  show(t, 'E-CACHE-005', await faultOf(() => pullFrom(nixStore(t), cache.url, [gone]), shown));
  // Nobody named what is missing: it says who wants it.
  const [dev, deps] = [/multi-dev$/, /deps-1.2$/].map((pattern) => cache.paths.find((path) => pattern.test(path))!);
  edit(join(cache.folder, `${storePathHash(dev!)}.narinfo`), (text) =>
    text.replace(/^References: .*$/m, `References: ${gone.slice(11)}`),
  );
  const wanted = () => pullFrom(nixStore(t), cache.url, [deps!], { needsSignature: false });
  show(t, 'E-CACHE-005-referrer', await faultOf(wanted, shown));
  show(t, 'E-CACHE-006', await faultOf(() => pullFrom(nixStore(t), `${cache.url}/none`, [gone]), shown));
  const ours = nixStore(t, '/igos/store');
  const path = '/igos/store/00000000000000000000000000000000-gone' as StorePath;
  show(t, 'E-CACHE-007', await faultOf(() => pullFrom(ours, cache.url, [path]), shown));
});

test('two paths that refer to each other', async (t) => {
  const cache = vectorCache(t, 'cache');
  const [dev, deps] = [/multi-dev$/, /deps-1.2$/].map((pattern) => cache.paths.find((path) => pattern.test(path))!) as [
    StorePath,
    StorePath,
  ];
  edit(join(cache.folder, `${storePathHash(dev)}.narinfo`), (text) =>
    text.replace(/^References: .*$/m, `References: ${deps.slice(11)}`),
  );
  const fault = await faultOf(() => pullFrom(nixStore(t), cache.url, [deps], { needsSignature: false }));
  assert.match(fault.message, /refer to each other/);
});

test('addresses, keys and settings that are none', async (t) => {
  show(t, 'E-CACHE-009', await faultOf(async () => openTransport('backup')));
  for (const address of [
    'ftp://x',
    'file://host/x',
    's3://',
    's3://b?bucket=x',
    '',
    'file:///100%',
    'file:///%ff',
    'https://a:100%@host/',
  ])
    assert.equal((await faultOf(async () => openTransport(address))).code, 'E-CACHE-009', address);
  show(t, 'E-CACHE-001', await faultOf(async () => parsePublicKey('cache.example.org')));
  for (const text of ['x:', 'x:AAAA', 'a b:AAAA', ':AAAA', `x:${'A'.repeat(43)}`])
    assert.equal((await faultOf(async () => parsePublicKey(text))).code, 'E-CACHE-001', text);
  for (const name of ['a:b', ' a', 'a b', '', 'a\n', 'x'.repeat(201)])
    assert.match((await faultOf(async () => generateKey(name))).message, /cannot be the name of a key/);
  const secret = generateKey('x-1').text;
  const torn = Buffer.from(secret.slice(4), 'base64');
  torn[40]! ^= 1;
  assert.match((await faultOf(async () => parseSecretKey(`x-1:${torn.toString('base64')}`))).message, /halves/);
  show(t, 'E-CACHE-010', await faultOf(async () => parseSettings('# ok\nsubstituter http://x\n', 'etc/caches.conf')));
  assert.deepEqual(parseSettings('substituters = a  b # c\nsubstituters = d\ntrusted-public-keys =\n', 'x'), {
    substituters: ['a', 'b', 'd'],
    trustedKeys: [],
  });
});

test('what a cache says to be larger than the disk is not fetched', async (t) => {
  const fault = await damaged(t, ({ narinfo }) =>
    edit(narinfo, (text) => text.replace(/^FileSize: .*$/m, 'FileSize: 4503599627370496')),
  );
  show(t, 'E-CACHE-011', fault);
});

test('what is left of a transfer that filled the disk is not kept', async (t) => {
  const cache = vectorCache(t, 'cache');
  const path = cache.paths.find((candidate) => MULTI.test(candidate))!;
  const store = nixStore(t);
  const { writeSync } = fs;
  const partial = join(store.home, 'var/cache/partial');
  let nWritten = 0;
  const { mock } = t.mock.method(fs, 'writeSync', (fd: number, bytes: Uint8Array, ...rest: number[]): number => {
    if (!fs.readlinkSync(`/proc/self/fd/${fd}`).startsWith(partial)) return writeSync(fd, bytes, ...rest);
    if (nWritten > 0) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', errno: -28, syscall: 'write' });
    nWritten = writeSync(fd, bytes.subarray(0, 10));
    return nWritten;
  });
  syncBuiltinESMExports();
  t.after(() => {
    mock.restore();
    syncBuiltinESMExports();
  });
  await assert.rejects(pullFrom(store, cache.url, [path], { keys: [vectorKey] }), { errno: 'ENOSPC' });
  assert.equal(nWritten, 10);
  assert.deepEqual(readdirSync(partial), []);
});

test('what a cache says of itself is read in no time, however much white space is in it', () => {
  const started = performance.now();
  for (const [before, after] of [
    ['Priority:', 'x\u2028y'],
    ['Priority:x', 'y'],
  ] as const) {
    assert.equal(parseCacheInfo(`StoreDir: /nix/store \t\r\n${before}${' '.repeat(60_000)}${after}\n`).storeDir, '/nix/store');
  }
  assert.ok(performance.now() - started < 2000);
});
