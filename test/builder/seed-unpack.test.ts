/** Debian packages unpacked by igos: dpkg-deb is the oracle; hostile packages are refused. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { bytesToText, Fault, textToBytes } from '../../base/index.ts';
import { parseDebianBinaryUrl } from '../../builder/fetch/debian-binary.ts';
import { checkBuild, realize } from '../../builder/index.ts';
import { fixedOutput, type ObjectStore, type StorePath } from '../../store/index.ts';
import { paxMember, type TarSpec, tarOf } from '../pkm/tar-bytes.ts';
import { arOf, debOf, writeMirror } from './debian-archive.ts';
import { addDerivation, needsSandbox, outputOf, storeDir, temporaryFolder, temporaryStore } from './support.ts';

/** Puts packages into the store as they are, and unpacks them over each other. */
function unpackDrv(store: ObjectStore, folder: string, debs: readonly Buffer[], env: Record<string, string> = {}): StorePath {
  const paths = debs.map((deb, index) => {
    const file = join(folder, `package-${index}.deb`);
    writeFileSync(file, deb);
    return store.addPath(`package-${index}.deb`, file);
  });
  return addDerivation(store, {
    name: 'seed-1',
    builder: 'builtin:unpackDebian',
    system: 'builtin',
    sources: paths,
    env: { debs: paths.join(' '), ...env },
  });
}

async function unpack(t: TestContext, debs: readonly Buffer[], env: Record<string, string> = {}): Promise<string[]> {
  const store = temporaryStore(t);
  const drvPath = unpackDrv(store, temporaryFolder(t), debs, env);
  const result = await realize(store, [{ drvPath, outputs: [] }]);
  assert.deepEqual(readdirSync(`${store.home}/tmp`), []);
  return store.manifest(result.outputs.get(drvPath)!.get('out')!).flatMap((entry) => {
    if (entry.kind === 'directory') return entry.path === '' ? [] : [`${entry.path}/`];
    return [entry.kind === 'symlink' ? `${entry.path} -> ${entry.target}` : `${entry.path}${entry.isExecutable ? '*' : ''}`];
  });
}

const deb = (...files: readonly TarSpec[]): Buffer => debOf({ name: 'p', files });

test('packages are laid over each other below /usr, with links and without what is left out', async (t) => {
  const shell = deb(
    { name: './bin/', type: '5' },
    { name: './bin/sh', data: 'a shell', mode: 0o4755 },
    { name: './bin/rsh', type: '1', link: './bin/sh' },
    { name: './usr/share/doc/shell/README', data: 'words' },
    { name: './usr/share/man/man1/sh.1', data: 'words' },
    { name: './lib64/ld.so', type: '2', link: '/lib/x/ld.so' },
  );
  const tool = deb({ name: './usr/bin/mawk', data: 'awk', mode: 0o755 }, { name: './usr/share/doc/', type: '5' });
  assert.deepEqual(
    await unpack(t, [shell, tool], {
      omit: JSON.stringify(['usr/share/doc', 'usr/share/man/man?/s*']),
      links: JSON.stringify({ 'usr/bin/awk': 'mawk', bin: 'usr/bin', 'etc/alternatives/awk': '/usr/bin/mawk' }),
    }),
    [
      'bin -> usr/bin',
      'etc/',
      'etc/alternatives/',
      'etc/alternatives/awk -> /usr/bin/mawk',
      'usr/',
      'usr/bin/',
      'usr/bin/awk -> mawk',
      'usr/bin/mawk*',
      'usr/bin/rsh*',
      'usr/bin/sh*',
      'usr/lib64/',
      'usr/lib64/ld.so -> /lib/x/ld.so',
      'usr/share/',
      'usr/share/man/',
      'usr/share/man/man1/',
    ],
  );
});

test('a link that is declared stays in the tree, whatever the packages hold', async (t) => {
  const outside = temporaryFolder(t);
  writeFileSync(join(outside, 'cc'), 'precious');
  const hostile = [
    deb({ name: './usr/bin', type: '2', link: outside }),
    deb({ name: './usr/share', type: '2', link: `../../../../../../../../..${outside}` }),
    deb({ name: './usr/lib', data: 'a file' }),
  ];
  for (const [index, path] of ['usr/bin/cc', 'usr/share/cc', 'usr/lib/new/cc'].entries())
    await assert.rejects(unpack(t, [hostile[index]!], { links: JSON.stringify({ [path]: 'gcc' }) }), (error) => {
      assert.ok(error instanceof Fault && error.code === 'E-BUILD-012', `${path}: ${error}`);
      assert.match(error.message, /^the link 'usr\/\w+\/.*cc' would stand below 'usr\/\w+', which is a (link|file)$/);
      return true;
    });
  assert.equal(readFileSync(join(outside, 'cc'), 'utf8'), 'precious');
  assert.deepEqual(readdirSync(outside), ['cc']);
  // Not through another declared one either.
  const chain = { links: JSON.stringify({ 'usr/bin': outside, 'usr/bin/cc': 'gcc' }) };
  await assert.rejects(unpack(t, [deb({ name: './usr/lib/x', data: 'x' })], chain), /would stand below 'usr\/bin'/);
  assert.deepEqual(readdirSync(outside), ['cc']);
});

test('links may have any name', async (t) => {
  const links = textToBytes(JSON.stringify({ 'usr/bär/ü x': 'ö' }));
  const made = await unpack(t, [deb({ name: './usr/lib/x', data: 'x' })], { links });
  assert.deepEqual(made.map(bytesToText), ['usr/', 'usr/bär/', 'usr/bär/ü x -> ö', 'usr/lib/', 'usr/lib/x']);
});

test('what dpkg-deb packs comes out as dpkg-deb unpacks it, and the same twice', async (t) => {
  if (spawnSync('dpkg-deb', ['--version']).status !== 0) return t.skip('no dpkg-deb here');
  if (!needsSandbox(t)) return;
  const folder = temporaryFolder(t);
  const source = join(folder, 'source');
  mkdirSync(join(source, 'DEBIAN'), { recursive: true });
  mkdirSync(join(source, 'usr/lib/deep/er'), { recursive: true });
  writeFileSync(
    join(source, 'DEBIAN/control'),
    'Package: p\nVersion: 1\nArchitecture: all\nMaintainer: n <n@e.org>\nDescription: d\n',
  );
  writeFileSync(join(source, 'DEBIAN/postinst'), '#!/bin/sh\ntouch /made-by-a-script\n', { mode: 0o755 });
  writeFileSync(join(source, 'usr/lib/deep/er/data'), 'x'.repeat(100_000));
  writeFileSync(join(source, `usr/lib/${'long'.repeat(40)}`), 'y', { mode: 0o755 });
  symlinkSync('deep/er/data', join(source, 'usr/lib/link'));
  const store = temporaryStore(t);
  for (const compression of ['xz', 'gzip', 'zstd', 'none']) {
    const file = join(folder, `${compression}.deb`);
    const built = spawnSync('dpkg-deb', [`-Z${compression}`, '--root-owner-group', '-b', source, file], { encoding: 'utf8' });
    if (built.status !== 0) {
      t.diagnostic(`dpkg-deb cannot do ${compression}: not tried`);
      continue;
    }
    const oracle = join(folder, `by-dpkg-${compression}`);
    assert.equal(spawnSync('dpkg-deb', ['-x', file, oracle]).status, 0);
    const drvPath = unpackDrv(store, temporaryFolder(t), [readFileSync(file)]);
    const result = await realize(store, [{ drvPath, outputs: [] }]);
    const out = result.outputs.get(drvPath)!.get('out')!;
    assert.equal(out, store.addPath('seed-1', oracle), compression);
    assert.deepEqual(await checkBuild(store, drvPath), { isEqual: true, differences: [] });
  }
});

test('hostile and broken packages are refused, and leave nothing', async (t) => {
  const data = (bytes: Buffer): Buffer =>
    arOf([
      ['debian-binary', Buffer.from('2.0\n')],
      ['data.tar', bytes],
    ]);
  const good = deb({ name: './usr/bin/x', data: 'x' });
  const cases: readonly (readonly [name: string, deb: Buffer, message: RegExp])[] = [
    ['no ar', Buffer.from('PK\x03\x04 something'), /no ar archive/],
    ['cut off', good.subarray(0, good.length - 200), /too early/],
    ['bad header', Buffer.concat([good.subarray(0, 66), Buffer.from('junk'), good.subarray(70)]), /damaged|another format/],
    ['another format', arOf([['debian-binary', Buffer.from('3.0\n')]]), /another format/],
    ['no data', arOf([['debian-binary', Buffer.from('2.0\n')]]), /holds no files/],
    ['huge size', Buffer.from(good.toString('latin1').replace(/4 {9}`/, '9999999999`'), 'latin1'), /too early|damaged|another/],
    ['out of it', data(tarOf([{ name: '../../etc/passwd', data: 'x' }])), /leads out/],
    ['absolute', data(tarOf([{ name: '/etc/passwd', data: 'x' }])), /leads out/],
    [
      'through a link',
      data(
        tarOf([
          { name: './usr', type: '2', link: '/tmp' },
          { name: './usr/x', data: 'x' },
        ]),
      ),
      /something else/,
    ],
    [
      'through a link in usr',
      data(
        tarOf([
          { name: './usr/share', type: '2', link: '/tmp' },
          { name: './usr/share/x', data: 'x' },
        ]),
      ),
      /something else/,
    ],
    ['a device', data(tarOf([{ name: './dev/null', type: '3' }])), /neither file/],
    ['a link to the outside', data(tarOf([{ name: './usr/x', type: '1', link: '/etc/shadow' }])), /leads out/],
    [
      'a link with a zero in it',
      data(tarOf([paxMember({ linkpath: 'a\0b' }), { name: './usr/x', type: '2' }])),
      /'usr\/x' leads nowhere/,
    ],
    ['a link to nothing', data(tarOf([{ name: './usr/x', type: '2' }])), /'usr\/x' leads nowhere/],
    [
      'deep folders',
      data(tarOf([paxMember({ path: 'a/'.repeat(300_000) }), { name: './x', data: 'x' }])),
      /more than 4095 bytes/,
    ],
    ['damaged data', data(Buffer.from('\x1f\x8b\x08 no gzip', 'latin1')), /damaged/],
    ['a bad header inside', data(gzipSync(Buffer.alloc(1024, 1))), /damaged|no tar/],
  ];
  for (const [name, bytes, message] of cases) {
    const store = temporaryStore(t);
    const drvPath = unpackDrv(store, temporaryFolder(t), [bytes]);
    await assert.rejects(realize(store, [{ drvPath, outputs: [] }]), (error) => {
      assert.ok(error instanceof Fault && error.code === 'E-BUILD-013', `${name}: ${error}`);
      assert.match(error.message, message, name);
      return true;
    });
    assert.deepEqual(readdirSync(`${store.home}/tmp`), [], name);
  }
});

/** Fetches so many files, of which `place` is asked first and a folder has all. @returns what `place` was asked for */
async function askedOf(
  t: TestContext,
  nFiles: number,
  place: (index: number, response: ServerResponse, file: Buffer) => void,
): Promise<string[]> {
  const asked: string[] = [];
  const [mirror, apt] = [temporaryFolder(t), temporaryFolder(t)];
  const server = createServer((request, response) => {
    asked.push(request.url!);
    place(Number(/tool(\d+)_/.exec(request.url!)![1]), response, readFileSync(join(mirror, request.url!)));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const names = Array.from({ length: nFiles }, (_, index) => `tool${index}`);
  writeMirror(
    mirror,
    names.map((name) => ({ name })),
  );
  const other = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  writeFileSync(
    join(apt, 'sources.list'),
    `deb [trusted=yes] ${other} stable main\ndeb [trusted=yes] ${pathToFileURL(mirror).href} stable main\n`,
  );
  const store = temporaryStore(t);
  const goals = names.map((name) => {
    const path = `pool/main/t/${name}/${name}_1.0_amd64.deb`;
    const hex = createHash('sha256')
      .update(readFileSync(join(mirror, path)))
      .digest('hex');
    const fixed = fixedOutput(name, 'flat', { algorithm: 'sha256', hex }, storeDir);
    const env = { url: `debian-binary:${path}` };
    return { drvPath: addDerivation(store, { name, builder: 'builtin:fetchurl', system: 'builtin', fixed, env }), outputs: [] };
  });
  assert.equal((await realize(store, goals, { aptFolder: apt })).nFetched, nFiles);
  return asked;
}

const noApt = spawnSync('apt-get', ['--version']).status === 0 ? false : 'no apt here';

test('a mirror of another distribution is not asked for every file', { skip: noApt }, async (t) => {
  const asked = await askedOf(t, 14, (_, response) => response.writeHead(404).end());
  // Four that it did not have, and those three that were asked for at the same time as the fourth.
  assert.ok(asked.length >= 4 && asked.length <= 7, `${asked.length}`);
});

test('a mirror that had one file is asked for all others', { skip: noApt }, async (t) => {
  const asked = await askedOf(t, 22, (index, response, file) => {
    // What it has is there while others are still asked for.
    if (index === 0) response.end(file);
    else setTimeout(() => response.writeHead(404).end(), 200);
  });
  assert.equal(asked.length, 22);
});

test('the mirrors of a machine are asked by path, and nothing else', async (t) => {
  for (const url of ['debian-binary:', 'debian-binary:/etc/passwd', 'debian-binary:../x', 'debian-binary:a b'])
    assert.throws(() => parseDebianBinaryUrl(url), /path of a \.deb/, url);
  if (spawnSync('apt-get', ['--version']).status !== 0) return t.skip('no apt here');
  const [mirror, apt] = [join(temporaryFolder(t), 'Spiegel-für-alle'), temporaryFolder(t)];
  mkdirSync(mirror);
  writeMirror(mirror, [{ name: 'tool', files: [{ name: './usr/bin/tool', data: 'tool', mode: 0o755 }] }]);
  writeFileSync(join(apt, 'sources.list'), `deb [trusted=yes] ${pathToFileURL(mirror).href} stable main\n`);
  const store = temporaryStore(t);
  const path = 'pool/main/t/tool/tool_1.0_amd64.deb';
  const hex = createHash('sha256')
    .update(readFileSync(join(mirror, path)))
    .digest('hex');
  const fetched = addDerivation(store, {
    name: 'tool.deb',
    builder: 'builtin:fetchurl',
    system: 'builtin',
    fixed: fixedOutput('tool.deb', 'flat', { algorithm: 'sha256', hex }, storeDir),
    env: { url: `debian-binary:${path}` },
  });
  const seed = addDerivation(store, {
    name: 'seed-1',
    builder: 'builtin:unpackDebian',
    system: 'builtin',
    inputs: [{ drvPath: fetched }],
    env: { debs: outputOf(fetched) },
  });
  const broken = join(apt, 'empty');
  mkdirSync(broken);
  await assert.rejects(realize(store, [{ drvPath: seed, outputs: [] }], { aptFolder: broken }), /cannot fetch 'tool\.deb'/);
  const result = await realize(store, [{ drvPath: seed, outputs: [] }], { aptFolder: apt });
  assert.deepEqual([result.nFetched, result.nBuilt], [1, 1]);
  const out = result.outputs.get(seed)!.get('out')!;
  assert.equal(readFileSync(`${store.toReal(out)}/usr/bin/tool`, 'utf8'), 'tool');
  assert.deepEqual(readdirSync(`${store.home}/tmp`), []);
});
