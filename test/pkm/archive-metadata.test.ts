/** What an archive says of its files is what stands on the disk, after installing, upgrading, rolling back, and archiving again. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { linkSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ImageEntry, imageFromArchive, makeImage, type PackageImage, realIo, writeArchive } from '../../pkm/index.ts';
import { Sandbox } from './support.ts';

const isRoot = process.geteuid?.() === 0;
const blank = { uid: 0, gid: 0, sizeBytes: 0, sha256: '', target: '' };

/** Files hold their own path. */
function sample(box: Sandbox, version: string): PackageImage {
  const base = box.image(`all ${version}`, {
    'usr/bin/su': { mode: 0o4755, text: `su ${version}` },
    'usr/bin/write': { mode: 0o2755, text: 'write' },
    'usr/bin/secret': { mode: 0o400, text: 'secret' },
    'usr/lib/absolute': '-> /usr/bin/su',
    'usr/lib/dangling': '-> ../nothing/there',
    'usr/share/é ü/read me': 'text',
    'usr/empty': '',
  });
  const su = base.entries.find((entry) => entry.path === 'usr/bin/su')!;
  const folder = (path: string, mode: number, uid: number, gid: number): ImageEntry => ({
    ...blank,
    path,
    kind: 'directory',
    mode,
    uid,
    gid,
  });
  return makeImage({
    description: { name: base.name, version: base.version },
    origin: base.origin,
    entries: [
      ...base.entries.map((entry) => (entry.path === 'usr/bin/secret' ? { ...entry, uid: 42, gid: 43 } : entry)),
      { ...su, path: 'usr/bin/sudo', kind: 'hardlink', target: 'usr/bin/su' },
      folder('var/spool/mail', 0o1777, 0, 8),
      folder('var/lib/private', 0o700, 65, 65),
      folder('srv/shared', 0o2775, 0, 100),
    ],
    contentPath: (entry) => base.contentPath(entry.kind === 'hardlink' ? su : entry),
  });
}

const survives = (box: Sandbox): Record<string, string> =>
  Object.fromEntries(
    ['usr/bin/su', 'usr/bin/sudo', 'usr/bin/write', 'usr/bin/secret', 'var/spool/mail', 'var/lib/private', 'srv/shared'].map(
      (path) => {
        const { mode, uid, gid } = lstatSync(box.path(path));
        return [path, `${(mode & 0o7777).toString(8)}${isRoot ? ` ${uid}:${gid}` : ''}`];
      },
    ),
  );

const expected = (): Record<string, string> => {
  const owned = (mode: string, owner: string): string => `${mode}${isRoot ? ` ${owner}` : ''}`;
  return {
    'usr/bin/su': owned('4755', '0:0'),
    'usr/bin/sudo': owned('4755', '0:0'),
    'usr/bin/write': owned('2755', '0:0'),
    'usr/bin/secret': owned('400', '42:43'),
    'var/spool/mail': owned('1777', '0:8'),
    'var/lib/private': owned('700', '65:65'),
    'srv/shared': owned('2775', '0:100'),
  };
};

for (const layout of ['live', 'atomic']) {
  test(`what was one file with several names gets other modes under each: ${layout}`, async (t) => {
    const box = new Sandbox(t);
    if (layout === 'atomic') box.do((root) => root.initAtomic());
    const modes = (): string[] =>
      ['usr/x', 'usr/y', 'etc/x', 'etc/y'].map((path) => (lstatSync(box.path(path)).mode & 0o7777).toString(8));
    const change = (version: number, x: number): void => {
      const text = 'the same';
      const files = { 'usr/y': text, 'usr/x': { mode: x, text }, 'etc/y': text, 'etc/x': { mode: x, text } };
      box.do((root) => root.install([box.image(`a ${version}`, files)]));
    };
    const clean = (): void => {
      for (const fast of [false, true]) {
        const { problems, drift } = box.do((root) => root.verify({ fast }));
        assert.deepEqual([problems, drift], [[], []]);
      }
    };
    change(1, 0o644);
    for (const folder of ['usr', 'etc']) {
      rmSync(box.path(`${folder}/y`));
      linkSync(box.path(`${folder}/x`), box.path(`${folder}/y`));
    }
    clean();
    change(2, 0o700);
    assert.deepEqual(modes(), ['700', '644', '700', '644']);
    clean();
    await box.do((root) => root.rollback(1));
    assert.deepEqual(modes(), ['644', '644', '644', '644']);
    clean();
  });
}

test('modes, owners, links and folders survive', async (t) => {
  const box = new Sandbox(t);
  const folder = join(box.base, 'archives');
  mkdirSync(folder);
  for (const version of ['1', '2']) await writeArchive(sample(box, version), join(folder, `${version}.igos.tar.gz`));
  const install = (version: string) =>
    box.do(async (root) =>
      root.install([await root.readArchive(join(folder, `${version}.igos.tar.gz`))], { archiveTrust: 'loose' }),
    );
  const check = (version: string): void => {
    assert.deepEqual(survives(box), expected());
    assert.equal(statSync(box.path('usr/bin/su')).ino, statSync(box.path('usr/bin/sudo')).ino);
    assert.equal(box.read('usr/bin/sudo'), `su ${version}`);
    assert.deepEqual([box.read('usr/lib/absolute'), box.read('usr/lib/dangling')], ['-> /usr/bin/su', '-> ../nothing/there']);
    assert.equal(box.read('usr/share/é ü/read me'), 'text');
    assert.equal(
      box.do((root) => root.verify().isClean),
      true,
    );
  };
  await install('1');
  check('1');
  await install('2');
  check('2');
  await box.do((root) => root.rollback(1));
  check('1');

  const again = join(box.base, 'again.igos.tar.gz');
  const first = join(folder, '1.igos.tar.gz');
  const image = await imageFromArchive(first, { folder: join(box.base, 'x'), io: realIo, mtimeSeconds: 1 });
  await writeArchive(image, again);
  assert.ok(readFileSync(again).equals(readFileSync(first)), 'an archive of what an archive holds is that archive');
});

test('GNU tar extracts what pkm installs', { skip: isRoot ? false : 'not part of igos: owners are for root' }, async (t) => {
  const box = new Sandbox(t);
  const file = join(box.base, 'a.igos.tar.gz');
  await writeArchive(sample(box, '1'), file);
  execFileSync('tar', ['--same-owner', '-xpzf', file, '-C', box.root]);
  assert.deepEqual(survives(box), expected());
  assert.equal(statSync(box.path('usr/bin/su')).ino, statSync(box.path('usr/bin/sudo')).ino);
});

test('property: an image comes back from its archive as it was, whatever its names, modes and sizes', async (t) => {
  const box = new Sandbox(t);
  const name = fc.stringMatching(/^[a-zA-Z0-9é .+_@~-]{1,30}$/).filter((text) => text !== '.' && text !== '..');
  const path = fc.array(name, { minLength: 1, maxLength: 12 }).map((parts) => `usr/${parts.join('/')}`);
  const file = fc.record({
    path,
    text: fc.string({ maxLength: 1200 }),
    mode: fc.constantFrom(0o644, 0o755, 0o600, 0o4755, 0o640),
  });
  let n = 0;
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(file, { maxLength: 8, selector: (one) => one.path }), async (files) => {
      const free = files.filter((one) => !files.some((other) => other.path.startsWith(`${one.path}/`)));
      const image = box.image(
        `p ${n + 1}`,
        Object.fromEntries(free.map(({ path: at, text, mode }) => [at, { mode, text: `:${text}` }])),
      );
      const archive = join(box.base, `${n}.igos.tar.gz`);
      await writeArchive(image, archive);
      const back = await imageFromArchive(archive, { folder: join(box.base, `back-${n++}`), io: realIo, mtimeSeconds: 1 });
      assert.deepEqual(back.entries, image.entries);
      for (const entry of back.entries) {
        if (entry.kind === 'file')
          assert.ok(readFileSync(back.contentPath(entry)).equals(readFileSync(image.contentPath(entry))));
      }
    }),
    { numRuns: 40 },
  );
  assert.ok(readdirSync(box.base).length > 40);
});
