/**
 * Archives that nobody should install, made byte by byte. Each is refused for the reason of the golden table, and not a path of
 * the root is changed; neither is anything outside of it.
 */
import assert from 'node:assert/strict';
import { existsSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { Fault } from '../../base/index.ts';
import { golden } from '../golden.ts';
import { faultText, Sandbox } from './support.ts';
import { member, paxMember, type TarSpec, tarOf } from './tar-bytes.ts';

const info = (more = '', name = 'evil'): TarSpec => ({ name: '.PKGINFO', data: `pkgname = ${name}\npkgver = 1\n${more}` });
const INFO = info();
const X: TarSpec = { name: 'usr/x', data: 'x' };
const manifest = (name: string, line: string): string =>
  `PACKAGE NAME: ${name}-1\nPACKAGE VERSION: 1\nDESCRIPTION:\n${name}: x\n\nFILE LIST:\n${line}\n`;
const bytes = (...members: TarSpec[]): Buffer => gzipSync(tarOf(members));
const capability = (hex: string): TarSpec =>
  paxMember({ 'SCHILY.xattr.security.capability': Buffer.from(hex, 'hex').toString('latin1') });
const raw = tarOf([INFO, { name: 'usr/x', data: 'x'.repeat(3000) }]);
const changed = (at: number, value: number): Buffer => {
  const copy = Buffer.from(raw);
  copy[at] = value;
  return gzipSync(copy);
};

/** Members after a harmless .PKGINFO, or the bytes of the archive. */
const cases: Record<string, readonly TarSpec[] | Buffer> = {
  // names
  'parent directory inside': [{ name: 'usr/../../outside', data: 'x' }],
  'parent directory at the start': [{ name: '../outside', data: 'x' }],
  'parent directory alone': [{ name: '..', type: '5' }],
  'absolute name': [{ name: '/outside', data: 'x' }],
  'absolute name in pax': [paxMember({ path: '/outside' }), X],
  'parent directory in pax': [paxMember({ path: 'usr/../../outside' }), X],
  'parent directory in a long name': [{ name: 'L', type: 'L', data: '../outside\0' }, X],
  'NUL in pax': [paxMember({ path: 'usr/x\0y' }), X],
  'NUL in a long name': [{ name: 'L', type: 'L', data: 'usr/x\0../y\0' }, X],
  'name that is not UTF-8': [{ name: 'usr/\xff', data: 'x' }],
  'line break': [{ name: 'usr/a\nb', data: 'x' }],
  'carriage return': [{ name: 'usr/a\rb', data: 'x' }],
  'empty part': [{ name: 'usr//x', data: 'x' }],
  'dot part': [{ name: 'usr/./x', data: 'x' }],
  'part of 256 bytes': [{ name: 'L', type: 'L', data: `usr/${'n'.repeat(256)}\0` }, X],
  'path of 5000 characters': [{ name: 'L', type: 'L', data: `${'n/'.repeat(2500)}x\0` }, X],
  'file without a name': [{ name: './', data: 'x', type: '0' }],
  'twice, and not the same': [X, { name: './usr/x', data: 'y' }],
  'twice, with another mode': [X, { name: 'usr/x', data: 'x', mode: 0o777 }],
  'twice, file and symlink': [X, { name: 'usr/x', type: '2', link: '/etc/passwd' }],
  'twice, symlink and file': [{ name: 'usr/x', type: '2', link: '/etc/passwd' }, X],
  // writing through links
  'write through a symlink of the archive': [
    { name: 'usr/l', type: '2', link: '/tmp' },
    { name: 'usr/l/outside', data: 'x' },
  ],
  'write through a later symlink': [
    { name: 'usr/l/outside', data: 'x' },
    { name: 'usr/l', type: '2', link: '/tmp' },
  ],
  'write below a file': [X, { name: 'usr/x/y', data: 'y' }],
  'write through a symlink of the root': [{ name: 'srv/out/x', data: 'x' }],
  'write through a loop of symlinks': [{ name: 'srv/loop/x', data: 'x' }],
  'symlink without a target': [{ name: 'usr/l', type: '2' }],
  'symlink with a line break': [{ name: 'usr/l', type: '2', link: 'a\nb' }],
  'symlink with NUL': [paxMember({ linkpath: 'a\0b' }), { name: 'usr/l', type: '2', link: 'a' }],
  'symlink that is not UTF-8': [{ name: 'usr/l', type: '2', link: '\xff' }],
  'hard link to outside': [{ name: 'usr/h', type: '1', link: '../../etc/passwd' }],
  'hard link to an absolute name': [{ name: 'usr/h', type: '1', link: '/etc/passwd' }],
  'hard link to a symlink': [
    { name: 'usr/l', type: '2', link: '/etc/passwd' },
    { name: 'usr/h', type: '1', link: 'usr/l' },
  ],
  'hard link to a folder': [
    { name: 'usr/d', type: '5' },
    { name: 'usr/h', type: '1', link: 'usr/d' },
  ],
  'hard link to itself': [{ name: 'usr/h', type: '1', link: 'usr/h' }],
  'hard link to a later file': [{ name: 'usr/h', type: '1', link: 'usr/x' }, X],
  'hard link to nothing': [{ name: 'usr/h', type: '1' }],
  // kinds
  'character device': [{ name: 'usr/dev', type: '3' }],
  'block device': [{ name: 'usr/dev', type: '4' }],
  FIFO: [{ name: 'usr/fifo', type: '6' }],
  'unknown type': [{ name: 'usr/odd', type: 'Z' }],
  'sparse file': [{ name: 'usr/sparse', type: 'S', data: '' }],
  'sparse file in pax': [paxMember({ 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.name': 'usr/s' }), X],
  // rights
  'setuid without declaration': [{ name: 'usr/su', data: 'x', mode: 0o4755 }],
  'setgid without declaration': [{ name: 'usr/su', data: 'x', mode: 0o2755 }],
  'setuid declared for another file': bytes(info('privileged = usr/su\n'), { name: 'usr/other', data: 'x', mode: 0o4755 }),
  'setuid by a hard link': [
    { name: 'usr/a', data: 'x', mode: 0o4755 },
    { name: 'usr/b', type: '1', link: 'usr/a' },
  ],
  'setuid hard link of a declared file': bytes(
    info('privileged = usr/a\n'),
    { name: 'usr/a', data: 'x', mode: 0o4755 },
    { name: 'usr/b', type: '1', link: 'usr/a' },
  ),
  'capabilities without declaration': [capability('0100000200200000000000000000000000000000'), X],
  'capabilities of another form': bytes(
    info('privileged = usr/x\n'),
    capability('01000003002000000000000000000000000000000000ffff'),
    X,
  ),
  'capabilities cut short': bytes(info('privileged = usr/x\n'), capability('010000'), X),
  // sizes
  'too large': [paxMember({ size: '99999999999999' }), X],
  'a size that is negative': [paxMember({ size: '-5' }), X],
  'a size that is no number': [paxMember({ size: '1e3' }), X],
  'an owner that is no number': [paxMember({ uid: 'root' }), X],
  'an extended header that is none': [{ name: 'PaxHeader', type: 'x', data: 'nonsense' }, X],
  'an extended header with a wrong length': [{ name: 'PaxHeader', type: 'x', data: '99 path=usr/y\n' }, X],
  'an extended header that is too long': [{ name: 'L', type: 'L', data: 'x'.repeat((1 << 20) + 1) }, X],
  'a .PKGINFO of a gigabyte': gzipSync(tarOf([paxMember({ size: String(2 ** 30) }), { name: '.PKGINFO', data: '' }])),
  // the layout of the root
  'folder for the symlink lib': [
    { name: 'lib', type: '5' },
    { name: 'lib/x', data: 'x' },
  ],
  'another target for the symlink lib': [{ name: 'lib', type: '2', link: 'evil' }],
  'file for the folder usr': [{ name: 'usr', data: 'x' }],
  'symlink for the folder etc': [{ name: 'etc', type: '2', link: 'evil' }],
  'a file in proc': [{ name: 'proc/x', data: 'x' }],
  'a file in dev': [{ name: 'dev/null', data: 'x' }],
  'state of pkm': [{ name: 'var/lib/igos/pkm.db', data: 'x' }],
  'folder of the state as a symlink': [{ name: 'var/lib/igos', type: '2', link: '/tmp' }],
  'a file of another package': [{ name: 'usr/owned', data: 'mine now' }],
  'a file of nobody': [{ name: 'srv/precious', data: 'mine now' }],
  // what it says of itself
  'no package': bytes(X),
  '.PKGINFO as a symlink': gzipSync(tarOf([{ name: '.PKGINFO', type: '2', link: '/etc/passwd' }])),
  '.PKGINFO twice': [INFO],
  '.PKGINFO that is not UTF-8': bytes(info('pkgdesc = \xff\n'), X),
  'escape codes in the summary': bytes(info('pkgdesc = \x1b]0;owned\x07\n'), X),
  'a name that is a path': bytes({ name: '.PKGINFO', data: 'pkgname = ../evil\npkgver = 1\n' }, X),
  'a version that is a path': bytes({ name: '.PKGINFO', data: 'pkgname = evil\npkgver = ../../1\n' }, X),
  'supersedes itself': bytes(info('supersedes = evil\n'), X),
  'a dependency that is none': bytes(info('depend = ../x\n'), X),
  'manifest as a symlink': [{ name: 'var/lib/igos/packages/x', type: '2', link: '/etc/passwd' }],
  'manifest of another package': [{ name: 'var/lib/igos/packages/good-1', data: manifest('good', 'usr/x') }, X],
  'manifest with another hash': [
    X,
    { name: 'var/lib/igos/packages/evil-1', data: manifest('evil', `usr/x sha256:${'0'.repeat(64)}`) },
  ],
  'two manifests': [
    X,
    { name: 'var/lib/igos/packages/evil-1', data: manifest('evil', 'usr/x') },
    { name: 'var/lib/igos/packages/evil-2', data: manifest('evil', 'usr/x') },
  ],
  // damage
  'wrong checksum': changed(1024 + 10, 1),
  'cut off': gzipSync(raw).subarray(0, -20),
  'cut off inside of a member': gzipSync(raw.subarray(0, 2048)),
  'cut off inside of a header': gzipSync(raw.subarray(0, 1200)),
  'without an end': gzipSync(raw.subarray(0, raw.length - 1024)),
  'data after the end': gzipSync(Buffer.concat([raw, member({ name: 'usr/late', data: 'x' })])),
  'bytes after the compressed data': Buffer.concat([gzipSync(raw), Buffer.from('more')]),
  'not compressed': raw,
  'compressed with xz': Buffer.from('\xfd7zXZ\0\0\x04', 'latin1'),
  'compressed with zstd': zstdCompressSync(raw),
  'a package of Debian': Buffer.from('!<arch>\ndebian-binary   '),
  empty: Buffer.alloc(0),
  'compressed nothing': gzipSync(Buffer.alloc(0)),
  'compressed zeros': gzipSync(Buffer.alloc(1 << 20)),
  'very many zeros after the end': gzipSync(Buffer.concat([raw, Buffer.alloc(17 << 20)])),
};

test('hostile archives: each refused for its reason, and nothing written', async (t) => {
  const box = new Sandbox(t);
  box.do((root) =>
    root.install([box.image('base 1', { lib: '-> usr/lib', 'usr/lib/libc': 'c', 'usr/owned': 'o', 'etc/conf': 'c\n' })]),
  );
  box.write('srv/precious', 'mine');
  symlinkSync('../../..', box.path('srv/out'));
  symlinkSync('loop', box.path('srv/loop'));
  const before = box.snapshot();
  const lines: string[] = [];
  for (const [name, given] of Object.entries(cases)) {
    const file = join(box.base, 'evil.igos.tar.gz');
    writeFileSync(file, Buffer.isBuffer(given) ? given : bytes(INFO, ...(given as readonly TarSpec[])));
    let fault: unknown;
    try {
      await box.do(async (root) => root.install([await root.readArchive(file)], { archiveTrust: 'loose' }));
    } catch (error) {
      fault = error;
    }
    assert.ok(fault instanceof Fault, `${name}: ${String(fault)}`);
    lines.push(`${name}: ${fault.code} ${fault.message.replace(/\d{8,} bytes/, '<free> bytes')}`);
    assert.deepEqual(box.snapshot(), before, name);
    assert.deepEqual(
      [box.path('var/lib/igos/staging'), join(box.base, 'outside'), '/outside', '/tmp/outside'].filter((path) =>
        existsSync(path),
      ),
      [],
      name,
    );
  }
  assert.ok(lines.length >= 80, `${lines.length} cases`);
  assert.deepEqual(
    box.do((root) => [root.list().length, root.checkInvariants(), root.generation]),
    [1, [], 1],
  );
  golden(t, 'errors/hostile-archives.txt', `${lines.join('\n')}\n`);
});

const messages: Record<string, readonly TarSpec[] | Buffer> = {
  'pkm-hostile-link.txt': cases['write through a symlink of the archive']!,
  'pkm-hostile-setuid.txt': cases['setuid without declaration']!,
  'pkm-archive.txt': cases['cut off']!,
  'pkm-archive-nameless.txt': cases['no package']!,
};
test('some of them in full', async (t) => {
  const box = new Sandbox(t);
  for (const [file, given] of Object.entries(messages)) {
    const path = join(box.base, 'evil.igos.tar.gz');
    writeFileSync(path, Buffer.isBuffer(given) ? given : bytes(INFO, ...(given as readonly TarSpec[])));
    golden(
      t,
      `errors/${file}`,
      await faultText(box, () => box.do(async (root) => root.install([await root.readArchive(path)], { archiveTrust: 'loose' }))),
    );
  }
});
