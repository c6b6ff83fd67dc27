/** Where lists of Debian packages come from: the apt of a machine, and mirrors, also such as lie. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { Fault } from '../../base/index.ts';
import { lockSeed, type SeedLists } from '../../builder/index.ts';
import { type DebSpec, writeMirror } from './debian-archive.ts';
import { needsSandbox, temporaryFolder, temporaryStore } from './support.ts';

const specs: readonly DebSpec[] = [
  { name: 'tool', version: '1.0', depends: 'lib' },
  { name: 'tool', version: '1.1', depends: 'lib' },
  { name: 'lib' },
];
const { signal } = new AbortController();

function scene(t: TestContext) {
  const mirror = temporaryFolder(t);
  writeMirror(mirror, specs);
  const store = temporaryStore(t);
  const lock = async (lists: Partial<SeedLists>, locked = new Map<string, { version: string; sha256: string }>()) => {
    const request = { parts: [{ packages: ['tool'], without: [] }], locked };
    try {
      return (await lockSeed(store, request, { architecture: 'amd64', mirrors: [], signal, ...lists })).packages;
    } finally {
      assert.deepEqual(readdirSync(`${store.home}/tmp`), []);
    }
  };
  const warned = async (lists: Partial<SeedLists>) =>
    (await lockSeed(store, { parts: [], locked: new Map() }, { architecture: 'amd64', mirrors: [], signal, ...lists })).warnings;
  return { mirror, lock, warned };
}

const names = (found: readonly { name: string; version: string }[]): string[] =>
  found.map((each) => `${each.name} ${each.version}`);

test('the apt of a machine without lists is asked for them, and its own are left alone', async (t) => {
  if (
    spawnSync('apt-get', ['--version']).status !== 0 ||
    spawnSync('dpkg', ['--print-architecture']).stdout.toString().trim() !== 'amd64'
  )
    return t.skip('no apt for amd64 here');
  const { mirror, lock } = scene(t);
  const aptFolder = temporaryFolder(t);
  writeFileSync(join(aptFolder, 'sources.list'), `deb [trusted=yes] ${pathToFileURL(mirror).href} stable main\n`);
  const found = await lock({ aptFolder });
  assert.deepEqual(names(found), ['lib 1.0', 'tool 1.1']);
  // also a version that apt would not take, as long as its lists have it
  const old = await lock({ aptFolder }, new Map([['tool', { version: '1.0', sha256: await hashOf(mirror, 'tool_1.0') }]]));
  assert.deepEqual(names(old), ['lib 1.0', 'tool 1.0']);
  rmSync(join(aptFolder, 'sources.list'));
  await assert.rejects(lock({ aptFolder }), (error) => error instanceof Fault && error.code === 'E-BUILD-010');
});

const hashOf = async (mirror: string, name: string): Promise<string> =>
  createHash('sha256')
    .update(readFileSync(join(mirror, `pool/main/t/tool/${name}_amd64.deb`)))
    .digest('hex');

/** Replaces the list of the mirror, and says so in its Release file. */
function publish(mirror: string, suffix: string, data: Buffer, size = data.length): void {
  const folder = join(mirror, 'dists/stable');
  const name = `main/binary-amd64/Packages${suffix}`;
  for (const each of readdirSync(join(folder, 'main/binary-amd64'))) rmSync(join(folder, 'main/binary-amd64', each));
  writeFileSync(join(folder, name), data);
  const sum = createHash('sha256').update(data).digest('hex');
  writeFileSync(join(folder, 'Release'), `Suite: stable\nSHA256:\n ${sum} ${size} ${name}\n`);
}

test('lists of a mirror may be compressed as they like', async (t) => {
  const { mirror, lock } = scene(t);
  const lists = { mirrors: [{ url: pathToFileURL(mirror).href, suite: 'stable', components: ['main'] }], keyring: null };
  const plain = gunzipSync(readFileSync(join(mirror, 'dists/stable/main/binary-amd64/Packages.gz')));
  const variants: [string, Buffer][] = [
    ['', plain],
    ['.gz', gzipSync(plain)],
  ];
  const xz = spawnSync('xz', ['-c'], { input: plain });
  if (xz.status === 0 && needsSandbox(t)) variants.push(['.xz', xz.stdout]);
  for (const [suffix, data] of variants) {
    publish(mirror, suffix, data);
    assert.deepEqual(names(await lock(lists)), ['lib 1.0', 'tool 1.1'], suffix);
  }
});

test('lists of long ago, or of another release, are told, though the signature is good', async (t) => {
  const { mirror, warned } = scene(t);
  const release = join(mirror, 'dists/stable/Release');
  const lists = readFileSync(release, 'latin1').replace(/^(?!SHA256| ).*\n/gm, '');
  const url = pathToFileURL(mirror).href;
  for (const [fields, says] of [
    ['', []],
    ['Suite: stable\nCodename: trixie\nValid-Until: Sat, 01 Jan 2400 00:00:00 UTC\n', []],
    ['Suite: oldstable\nCodename: stable\nValid-Until: some day\n', []],
    ['Suite: oldstable\nCodename: jessie\n', [`what ${url} serves as 'stable' says that it is 'oldstable', 'jessie'`]],
    [
      'Valid-Until: Sat, 01 Jan 2000 00:00:00 UTC\n',
      [`the lists of ${url} stable were good until Sat, 01 Jan 2000 00:00:00 UTC: somebody may serve old ones`],
    ],
  ] as const) {
    writeFileSync(release, `${fields}${lists}`);
    const unsigned = `nobody vouches for the lists of ${url} stable: signatures were not to be checked`;
    assert.deepEqual(await warned({ mirrors: [{ url, suite: 'stable', components: ['main'] }], keyring: null }), [
      unsigned,
      ...says,
    ]);
  }
});

test('a list that becomes huge when it is unpacked is cut off', async (t) => {
  const { mirror, lock } = scene(t);
  const lists = { mirrors: [{ url: pathToFileURL(mirror).href, suite: 'stable', components: ['main'] }], keyring: null };
  const list = readFileSync(join(mirror, 'dists/stable/main/binary-amd64/Packages'));
  const huge = Buffer.concat([list, Buffer.alloc(1 << 20, '\n')]);
  const variants: [string, Buffer][] = [['.gz', gzipSync(huge)]];
  const xz = spawnSync('xz', ['-c'], { input: huge });
  if (xz.status === 0 && needsSandbox(t)) variants.push(['.xz', xz.stdout]);
  for (const [suffix, data] of variants) {
    publish(mirror, suffix, data);
    await assert.rejects(lock({ ...lists, maxListBytes: 1 << 19 }), /more than 524288 bytes come out of it/, suffix);
    assert.equal((await lock({ ...lists, maxListBytes: 1 << 21 })).length, 2, suffix);
  }
});

test('asked to stop, it says so, and takes nothing from what was read by then', async (t) => {
  if (spawnSync('apt-get', ['--version']).status !== 0) return t.skip('no apt here');
  const { mirror, lock } = scene(t);
  const aptFolder = temporaryFolder(t);
  writeFileSync(join(aptFolder, 'sources.list'), `deb [trusted=yes] ${pathToFileURL(mirror).href} stable main\n`);
  for (const afterMs of [0, 20]) {
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), afterMs);
    await assert.rejects(lock({ aptFolder, signal: controller.signal }), (error) => {
      assert.ok(error instanceof Fault && error.code === 'E-BUILD-015', String(error));
      return true;
    });
    clearTimeout(timer);
  }
});

test('a mirror that lies is not believed', async (t) => {
  const { mirror, lock } = scene(t);
  const lists = { mirrors: [{ url: pathToFileURL(mirror).href, suite: 'stable', components: ['main'] }], keyring: null };
  const refused = async (code: string, message: RegExp): Promise<void> => {
    await assert.rejects(lock(lists), (error) => {
      assert.ok(error instanceof Fault && error.code === code, `${error}: ${error instanceof Fault ? error.notes.join() : ''}`);
      assert.match([error.message, ...error.notes].join('\n'), message);
      return true;
    });
  };
  const list = gunzipSync(readFileSync(join(mirror, 'dists/stable/main/binary-amd64/Packages.gz')));
  publish(mirror, '.gz', gzipSync(list), 10);
  await refused('E-BUILD-010', /larger than it should be/);
  publish(mirror, '.gz', Buffer.from('\x1f\x8b\x08 no gzip at all', 'latin1'));
  await refused('E-BUILD-013', /damaged/);
  publish(mirror, '.gz', gzipSync(list.toString('latin1').replace(/Filename: \S+/g, 'Filename: ../../etc/shadow')));
  await refused('E-BUILD-052', /no path of a file on the mirror/);
  publish(mirror, '.gz', gzipSync(list.toString('latin1').replace(/\nSHA256: \S+/g, '')));
  await refused('E-BUILD-052', /it has no SHA-256/);
  publish(mirror, '.gz', gzipSync(list.toString('latin1').replace(/Filename: pool/g, 'Filename: pool/%2e%2E/%2e%2e/etc')));
  await refused('E-BUILD-052', /no path of a file on the mirror/);
  publish(mirror, '.gz', gzipSync(list.toString('latin1').replace('Package: lib', 'package: other\nPackage: lib')));
  await refused('E-BUILD-052', /a bad entry for 'lib': it also says to be 'other'/);
  writeFileSync(join(mirror, 'dists/stable/Release'), 'Suite: stable\nMD5Sum:\n d41d8cd98f00b204e9800998ecf8427e 1 main/x\n');
  await refused('E-BUILD-052', /no lists by their SHA-256/);
  writeFileSync(join(mirror, 'dists/stable/Release'), Buffer.alloc((1 << 24) + 1, 'x'));
  await refused('E-BUILD-010', /larger than it should be/);
});
