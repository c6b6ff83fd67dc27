/** One golden for each code: what the user sees. Codes about archives and indexes have theirs beside their tests. */

import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, rmSync, statfsSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { compareBytes } from '../../base/index.ts';
import { imageFromStore, makeImage, pkmCodes, realIo } from '../../pkm/index.ts';
import { rootLayout } from '../../pkm/layout.ts';
import { checkFixed } from '../../pkm/run.ts';
import { golden, goldenRoot } from '../golden.ts';
import { faultText, Sandbox } from './support.ts';

const cases: Record<string, (box: Sandbox) => unknown> = {
  name: (box) => box.image('.. 1', {}),
  'name-version': (box) => box.image('a ../1', {}),
  path: (box) => box.image('a 1', { 'usr/../x': 'x' }),
  'path-below-file': (box) => box.image('a 1', { 'usr/x': '-> z', 'usr/x/y': 'y' }),
  critical: (box) => {
    mkdirSync(box.path('usr/lib'), { recursive: true });
    symlinkSync('usr/lib', box.path('lib'));
    box.do((root) => root.install([box.image('a 1', { 'lib/x': 'x' })]));
  },
  'critical-store': () =>
    imageFromStore(
      { name: 'a', version: '1' },
      '/igos/store/x-a',
      [
        { kind: 'directory', path: '' },
        { kind: 'directory', path: 'lib64' },
      ],
      '/x',
    ),
  'not-installed-left': (box) => {
    box.do((root) => root.install([box.image('a 1', { 'etc/a.conf': '1\n', 'usr/a': 'a' })]));
    box.do((root) => root.remove(['a']));
    box.do((root) => root.remove(['a'], { force: true }));
  },
  'path-bytes': () =>
    imageFromStore(
      { name: 'a', version: '1' },
      '/igos/store/x-a',
      [
        { kind: 'directory', path: '' },
        { kind: 'directory', path: 'usr\xff' },
      ],
      '/x',
    ),
  'firmware-absent': (box) => {
    const image = (n: number) => box.image(`boot ${n}`, { 'efi/EFI/BOOT/BOOTX64.EFI': `kernel ${n}` });
    box.do((root) => root.install([image(1)]));
    rmSync(box.path('efi'), { recursive: true });
    mkdirSync(box.path('efi'));
    box.do((root) => root.install([image(2)]));
  },
  'firmware-gone': (box) => {
    box.do((root) => root.install([box.image('boot 1', { 'efi/EFI/BOOT/BOOTX64.EFI': 'kernel' })]));
    box.do((root) => root.remove(['boot']));
  },
  owned: (box) => {
    const files = { 'usr/bin/x': 'x', 'usr/bin/y': 'y' };
    box.do((root) => root.install([box.image('a 1', files)]));
    box.do((root) => root.install([box.image('b 1', files)]));
  },
  'owned-together': (box) => {
    const files = { 'usr/bin/x': 'x' };
    box.do((root) => root.install([box.image('a 1', files), box.image('b 1', files)]));
  },
  'conflicts-with-files': (box) => {
    const files = { 'usr/sbin/sendmail': 'x' };
    box.do((root) => root.install([box.image('postfix 1', files, { provides: ['mta'], conflicts: ['mta'] })]));
    box.do((root) => root.install([box.image('exim 1', files, { provides: ['mta'], conflicts: ['mta'] })]));
  },
  'conflicts-with-old': (box) => {
    box.do((root) => root.install([box.image('exim 1', {}, { conflicts: ['mta'] })]));
    box.do((root) => root.install([box.image('postfix 1', {}, { provides: ['mta'] })]));
  },
  'conflicts-in-queue': (box) =>
    box.do((root) =>
      root.install([box.image('exim 1', {}, { conflicts: ['mta'] }), box.image('postfix 1', {}, { provides: ['mta'] })]),
    ),
  unmanaged: (box) => {
    box.write('usr/bin/x', 'mine');
    box.write('usr/bin/y', 'mine');
    box.do((root) => root.install([box.image('a 1', { 'usr/bin/x': 'x', 'usr/bin/y': 'y' })]));
  },
  'in-the-way': (box) => {
    box.write('usr/bin/x/mine', 'mine');
    box.do((root) => root.install([box.image('a 1', { 'usr/bin/x': 'x' })]));
  },
  escape: (box) => {
    symlinkSync('../../elsewhere', box.path('etc'));
    box.do((root) => root.install([box.image('a 1', { 'etc/x': 'x' })]));
  },
  queue: (box) => box.do((root) => root.install([box.image('a 1', {}), box.image('a 2', {})])),
  order: (box) => box.do((root) => root.install([box.image('b 1', {}, { supersedes: ['a'] }), box.image('a 1', {})])),
  supersede: (box) => box.do((root) => root.install([box.image('b 1', {}, { supersedes: ['a'] })])),
  superseded: (box) => {
    box.do((root) => root.install([box.image('a 1', {}), box.image('b 1', {}, { supersedes: ['a'] })]));
    box.do((root) => root.install([box.image('a 2', {})]));
  },
  'superseded-by-several': (box) => {
    const split = ['b 1', 'c 1'].map((about) => box.image(about, {}, { supersedes: ['a'] }));
    box.do((root) => root.install([box.image('a 1', {}), ...split]));
    box.do((root) => root.install([box.image('a 2', {})]));
  },
  conflicts: (box) => {
    box.do((root) => root.install([box.image('postfix 1', {}, { provides: ['mta'] })]));
    box.do((root) => root.install([box.image('exim 1', {}, { conflicts: ['mta'] })]));
  },
  dependency: (box) => box.do((root) => root.install([box.image('app 1', {}, { runtime: ['glibc', 'zlib'] })])),
  dependants: (box) => {
    box.do((root) => root.install([box.image('zlib 1', {}), box.image('app 1', {}, { runtime: ['zlib'] })]));
    box.do((root) => root.remove(['zlib']));
  },
  'dependants-of-several': (box) => {
    const mail = [box.image('exim 4', {}, { provides: ['mta'] }), box.image('lists 1', {}, { runtime: ['mta'] })];
    box.do((root) => root.install([...mail, box.image('zlib 1', {})]));
    box.do((root) => root.remove(['zlib', 'exim']));
  },
  'not-installed': (box) => {
    box.do((root) => root.install([box.image('firefox 1', {})]));
    box.do((root) => root.remove(['firefix']));
  },
  generation: (box) => box.do((root) => root.rollback(7)),
  'generation-gc': (box) => box.do((root) => root.gc({})),
  content: (box) => {
    const image = box.image('a 1', { 'usr/a': 'good' });
    writeFileSync(image.contentPath(image.entries.find((entry) => entry.kind === 'file')!), 'evil');
    box.do((root) => root.install([image]));
  },
  'content-gone': (box) => {
    const image = box.image('a 1', { 'usr/a': 'good' });
    rmSync(image.contentPath(image.entries.find((entry) => entry.kind === 'file')!));
    box.do((root) => root.install([image]));
  },
  unfinished: (box) => {
    const io = { ...realIo, rename: (from: string, to: string) => (to.endsWith('usr/a') ? fail(to) : realIo.rename(from, to)) };
    box.do((root) => root.install([box.image('a 1', { 'usr/a': 'a' })]), { io });
  },
  database: (box) => {
    box.do(() => {});
    const database = new DatabaseSync(join(box.root, 'var/lib/igos/pkm.db'));
    database.exec('PRAGMA user_version = 99');
    database.close();
    box.open();
  },
  'database-gone': (box) => {
    box.do((root) => root.install([box.image('a 1', {})]));
    rmSync(box.path('var/lib/igos/pkm.db'));
    box.open();
  },
  'database-damaged': (box) => {
    box.do((root) => root.install([box.image('a 1', {})]));
    writeFileSync(box.path('var/lib/igos/pkm.db'), 'no database '.repeat(1000));
    box.open();
  },
  'database-folder': (box) => {
    mkdirSync(box.path('var/lib/igos/pkm.db'), { recursive: true });
    box.open({ readOnly: true });
  },
  'read-only': (box) => box.do((root) => root.remove(['a']), { readOnly: true }),
};

const fail = (path: string): never => {
  throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO', syscall: 'rename', path });
};

for (const [name, act] of Object.entries(cases)) {
  test(`message: ${name}`, async (t) => {
    const box = new Sandbox(t);
    golden(t, `errors/pkm-${name}.txt`, await faultText(box, () => act(box)));
  });
}

test('message: space', async (t) => {
  const box = new Sandbox(t);
  const space = statfsSync(box.root);
  const entry = { path: 'usr/huge', kind: 'file' as const, mode: 0o644, uid: 0, gid: 0, sha256: '0'.repeat(64), target: '' };
  const image = makeImage({
    description: { name: 'huge', version: '1' },
    origin: { kind: 'store', storePath: '/igos/store/x-huge-1' },
    entries: [{ ...entry, sizeBytes: space.bsize * space.blocks * 2 }],
    contentPath: () => '/nonexistent',
  });
  const text = await faultText(box, () => box.do((root) => root.install([image])));
  golden(t, 'errors/pkm-space.txt', text.replace(/[0-9.]+ [MGT]iB/g, '<size>'));
});

test('message: locked', async (t) => {
  const box = new Sandbox(t);
  using _first = box.open({ command: 'pkm install firefox' });
  const text = await faultText(box, () => box.open());
  golden(t, 'errors/pkm-locked.txt', text.replace(String(process.pid), '<pid>').replace(/since 2[0-9TZ:-]+/, 'since <time>'));
});

test('message: fixed', async (t) => {
  const box = new Sandbox(t);
  const paths = ['etc/resolv.conf', 'usr/bin/app'];
  const operations = paths.map((path) => ({ kind: 'unlink' as const, path }));
  const check = () => checkFixed({ layout: rootLayout(box.root) }, { operations }, { fixed: new Set(paths) });
  golden(t, 'errors/pkm-fixed.txt', await faultText(box, check));
});

test('every code has a golden, and every golden a code', () => {
  const used = new Set(
    readdirSync(join(goldenRoot, 'errors'))
      .filter((name) => name.startsWith('pkm-'))
      .map((name) => /error\[([A-Z0-9-]+)\]/.exec(readFileSync(join(goldenRoot, 'errors', name), 'utf8'))![1]!),
  );
  assert.deepEqual([...used].toSorted(compareBytes), Object.keys(pkmCodes));
});
