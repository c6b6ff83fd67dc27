/** Archives and roots that mean ill, beyond the table of hostile-table.test.ts; and archives of other programs. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { Fault, SystemFault } from '../../base/index.ts';
import { imageFromArchive, realIo, writeArchive } from '../../pkm/index.ts';
import { Sandbox } from './support.ts';
import { paxMember, type TarSpec, tarOf } from './tar-bytes.ts';

const INFO: TarSpec = { name: '.PKGINFO', data: 'pkgname = evil\npkgver = 1\n' };

async function install(box: Sandbox, bytes: Buffer, options: { maxEntries?: number } = {}): Promise<unknown> {
  const file = join(box.base, 'evil.igos.tar.gz');
  writeFileSync(file, bytes);
  return box.do(async (root) => {
    if (options.maxEntries !== undefined) {
      return imageFromArchive(file, { folder: join(box.base, 'x'), io: realIo, mtimeSeconds: 1, maxEntries: options.maxEntries });
    }
    return root.install([await root.readArchive(file)], { archiveTrust: 'loose' });
  });
}

test('hostile: one member too many', async (t) => {
  const many = Array.from({ length: 11 }, (_, n) => ({ name: `usr/${n}`, data: '' }));
  await assert.rejects(install(new Sandbox(t), gzipSync(tarOf([INFO, ...many])), { maxEntries: 11 }), { code: 'E-PKM-024' });
});

test('hostile: folders that no member is count as members', async (t) => {
  const deep = Array.from({ length: 4 }, (_, n) => [paxMember({ path: `${n}/${'a/'.repeat(30)}f` }), { name: 'f', data: '' }]);
  await assert.rejects(install(new Sandbox(t), gzipSync(tarOf([INFO, ...deep.flat()])), { maxEntries: 100 }), {
    code: 'E-PKM-024',
  });
  const nested = ['a/', 'a/b/', 'a/b/c', 'a/d/e'].map((name) => ({ name, type: name.endsWith('/') ? '5' : '0' }));
  await install(new Sandbox(t), gzipSync(tarOf([INFO, ...nested])), { maxEntries: 6 });
  await assert.rejects(install(new Sandbox(t), gzipSync(tarOf([INFO, ...nested])), { maxEntries: 5 }), { code: 'E-PKM-024' });
});

// Each took the square of its length, or the cube: hours, before anybody is asked whether the archive is to be trusted.
const LONG: Record<string, readonly TarSpec[]> = {
  'a million slashes in a name': [INFO, paxMember({ path: `a${'/'.repeat(1_000_000)}x` }), { name: 'x', data: '' }],
  'two hundred thousand requirements': [{ ...INFO, data: `${INFO.data}${'depend = x\n'.repeat(200_000)}` }],
  'a thousand names of two thousand folders': [
    INFO,
    ...Array.from({ length: 1000 }, (_, n) => [paxMember({ path: `${n}/${'a/'.repeat(1900)}f` }), { name: 'f' }]).flat(),
  ],
};
for (const [name, members] of Object.entries(LONG)) {
  test(`hostile, and in no time: ${name}`, { timeout: 60_000 }, async (t) => {
    const started = performance.now();
    await install(new Sandbox(t), gzipSync(tarOf(members)), { maxEntries: 100_000 }).catch((error) => {
      assert.equal(error.code, 'E-PKM-024');
    });
    assert.ok(performance.now() - started < 20_000, `${performance.now() - started} ms`);
  });
}

test('hostile: a description that is longer than any', async (t) => {
  const info = { ...INFO, data: `${INFO.data}pkgdesc = ${'x'.repeat(4 << 20)}\n` };
  await assert.rejects(install(new Sandbox(t), gzipSync(tarOf([info]))), { code: 'E-PKM-024' });
});

test('setuid with a declaration is installed', async (t) => {
  const box = new Sandbox(t);
  const info = { ...INFO, data: `${INFO.data}privileged = usr/su\n` };
  await install(box, gzipSync(tarOf([info, { name: 'usr/su', data: 'x', mode: 0o4755 }])));
  assert.equal(box.snapshot()['usr/su'], '4755 x');
});

test('hostile: a symlink on the disk that leads outside the root', async (t) => {
  const box = new Sandbox(t);
  mkdirSync(join(box.base, 'outside'));
  for (const target of ['../outside', join(box.base, 'outside'), '/elsewhere', '../../..']) {
    symlinkSync(target, box.path('etc'));
    assert.throws(() => box.do((root) => root.install([box.image('a 1', { 'etc/x': 'x' })])), { code: 'E-PKM-007' }, target);
    execFileSync('rm', [box.path('etc')]);
  }
  assert.deepEqual(readdirSync(join(box.base, 'outside')), []);
  mkdirSync(box.path('real'));
  symlinkSync('/real', box.path('etc'));
  box.do((root) => root.install([box.image('a 1', { 'etc/x': 'x\n' })]));
  assert.equal(box.read('real/x'), 'x\n', 'an absolute target is taken as seen from inside the root');
  assert.throws(() => box.do((root) => root.install([box.image('b 1', { 'real/x': 'b\n' })])), { code: /E-PKM-00[45]/ });
  assert.equal(
    box.do((root) => root.verify().isClean),
    true,
  );
});

test('hostile: the state of pkm behind a symlink to outside', (t) => {
  const box = new Sandbox(t);
  symlinkSync('/elsewhere', box.path('var'));
  assert.throws(() => box.open(), { code: 'E-PKM-007' });
});

test('any bytes: a fault or an image, and nothing outside the folder', async (t) => {
  const box = new Sandbox(t);
  const good = tarOf([INFO, { name: './usr/x', data: 'x'.repeat(700) }, { name: 'usr/l', type: '2', link: 'x' }]);
  let n = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }), async (edits) => {
      const bytes = Buffer.from(good);
      for (const [at, value] of edits) bytes[at] = value;
      const file = join(box.base, 'fuzz.tar.gz');
      writeFileSync(file, gzipSync(bytes, { level: 1 }));
      try {
        await imageFromArchive(file, { folder: join(box.base, `f${n++}`), io: realIo, mtimeSeconds: 1 });
      } catch (error) {
        assert.ok(error instanceof Fault || error instanceof SystemFault, String(error));
      }
    }),
    { numRuns: 150 },
  );
  assert.deepEqual(box.snapshot(), {});
});

const hasTar = spawnSync('tar', ['--version']).status === 0;

test('archives of GNU tar are read, with and without ./, in every format', {
  skip: hasTar ? false : 'no tar here',
}, async (t) => {
  for (const format of ['gnu', 'pax', 'ustar']) {
    const box = new Sandbox(t);
    const source = join(box.base, 'source');
    const long = `${'long-'.repeat(format === 'ustar' ? 10 : 30)}name`;
    mkdirSync(join(source, 'usr/share', long), { recursive: true });
    mkdirSync(join(source, 'etc'));
    writeFileSync(join(source, '.PKGINFO'), 'pkgname=gnu\npkgver=1.0\npkgrel=2\ndepend=\n');
    writeFileSync(join(source, 'usr/share', long, 'file with spaces é'), 'text');
    writeFileSync(join(source, 'etc/gnu.conf'), 'x = 1\n');
    symlinkSync(`${long}/file with spaces é`, join(source, 'usr/share/link'));
    execFileSync('ln', [join(source, 'etc/gnu.conf'), join(source, 'usr/share/hard')]);
    for (const names of [['.'], ['.PKGINFO', 'etc', 'usr']]) {
      const one = new Sandbox(t);
      const file = join(one.base, 'gnu.igos.tar.gz');
      execFileSync('tar', ['-C', source, `--format=${format}`, '-czf', file, ...names]);
      await one.do(async (root) => root.install([await root.readArchive(file)], { archiveTrust: 'loose' }));
      assert.equal(one.read(`usr/share/${long}/file with spaces é`), 'text');
      assert.equal(one.read('usr/share/hard'), 'x = 1\n');
      assert.equal(one.read('usr/share/link'), `-> ${long}/file with spaces é`);
      assert.equal(one.read('.PKGINFO'), undefined);
      assert.equal(
        one.do((root) => root.info('gnu').record.release),
        2,
      );
      assert.equal(
        one.do((root) => root.verify().isClean),
        true,
      );
    }
  }
});

test('our archives: GNU tar lists and extracts them, and they are the same to the bit', {
  skip: hasTar ? false : 'no tar here',
}, async (t) => {
  const box = new Sandbox(t);
  const long = `${'d/'.repeat(70)}${'n'.repeat(120)}`;
  const files = {
    [`usr/${long}`]: 'deep',
    'usr/bin/é': { mode: 0o755, text: 'x' },
    'usr/l': `-> ${long}`,
    'usr/empty': { mode: 0o1777 },
  };
  const image = box.image('ours 1.0', files, { runtime: ['a', 'b'], supersedes: [], summary: 'ours' });
  const first = join(box.base, '1.igos.tar.gz');
  const second = join(box.base, '2.igos.tar.gz');
  const written = await writeArchive(image, first);
  await writeArchive(image, second);
  assert.ok(readFileSync(first).equals(readFileSync(second)));
  assert.equal(execFileSync('sha256sum', [first], { encoding: 'utf8' }).slice(0, 64), written.sha256);
  const out = join(box.base, 'out');
  mkdirSync(out);
  execFileSync('tar', ['-xpzf', first, '-C', out]);
  assert.equal(readFileSync(join(out, 'usr', long), 'utf8'), 'deep');
  const list = execFileSync('tar', ['-tvzf', first], { encoding: 'utf8' });
  assert.match(list, /drwxrwxrwt 0\/0 .* usr\/empty\//);
  const back = await imageFromArchive(first, { folder: join(box.base, 'back'), io: realIo, mtimeSeconds: 1 });
  assert.deepEqual(back.entries, image.entries);
  assert.deepEqual(back.runtime, ['a', 'b']);
});
