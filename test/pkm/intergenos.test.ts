/**
 * Archives between igos and InterGenOS's own tools, both ways. `IGOS_INTERGENOS` names a checkout of InterGenOS (its packages `pkm`
 * and `igos-build`, and `scripts/`), python3 with PyYAML and the filters of `tarfile` (3.11.4 or newer) is on the PATH.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, linkSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { writeArchive } from '../../pkm/index.ts';
import { Sandbox } from './support.ts';

const checkout = process.env['IGOS_INTERGENOS'];
const skip = reasonToSkip();

function reasonToSkip(): string | false {
  if (checkout === undefined) return 'not part of igos: IGOS_INTERGENOS does not name a checkout of InterGenOS';
  if (!existsSync(join(checkout, 'pkm/installer.py'))) return `${checkout} holds no InterGenOS`;
  const found = spawnSync('python3', ['-c', 'import yaml, tarfile; tarfile.data_filter']);
  return found.status === 0 ? false : 'no python3 with yaml and tarfile.data_filter here';
}

function theirs<T>(...words: string[]): T {
  const text = execFileSync('python3', [join(import.meta.dirname, 'intergenos.py'), ...words], {
    encoding: 'utf8',
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1', TMPDIR: dirname(words[1]!) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return JSON.parse(text) as T;
}

interface Installed {
  readonly installs: [boolean, string][];
  readonly verify: [string, string, { total: number; missing: string[]; modified: string[]; exit_code: number }][];
  readonly installed: Record<string, unknown>[];
  readonly depends: { dep_name: string }[];
}

test('their pkm installs our archives and finds them clean', { skip }, async (t) => {
  const box = new Sandbox(t);
  const archives = join(box.base, 'archives');
  mkdirSync(archives);
  const file = (name: string): string => join(archives, `${name}-1.0.igos.tar.gz`);
  const hello = box.image(
    'hello 1.0',
    {
      'usr/bin/hello': { mode: 0o755, text: '#!/bin/sh\necho hello\n' },
      'usr/bin/hi': '-> hello',
      'usr/bin/su': { mode: 0o4755, text: 'x' },
      'usr/share/doc/hello é/read me': 'text\n',
      'usr/share/empty': { mode: 0o755 },
      'etc/hello.conf': 'greeting = hello\n',
      [`usr/share/${'long-'.repeat(30)}name`]: 'a name for a pax header\n',
    },
    { summary: 'says hello', license: 'MIT', tier: 'core', runtime: ['glibc'], release: 2 },
  );
  await writeArchive(hello, file('hello'));
  await writeArchive(
    box.image('hello-next 1.0', { 'usr/bin/hello': { mode: 0o755, text: '#!/bin/sh\necho next\n' } }, { supersedes: ['hello'] }),
    file('hello-next'),
  );
  const first = theirs<Installed>('install', box.root, file('hello'));
  assert.deepEqual(first.installs[0], [true, first.installs[0]![1]]);
  assert.deepEqual(
    first.verify.map(([name, version, { missing, modified, exit_code }]) => [name, version, missing, modified, exit_code]),
    [['hello', '1.0', [], [], 0]],
  );
  assert.deepEqual(first.depends, [{ dep_name: 'glibc' }]);
  const [row] = first.installed;
  assert.deepEqual([row!['tier'], row!['description'], row!['license']], ['core', 'says hello', 'MIT']);
  assert.equal(box.read('usr/bin/hello'), '#!/bin/sh\necho hello\n');
  assert.equal(box.read('usr/bin/hi'), '-> hello');
  assert.equal(statSync(box.path('usr/bin/su')).mode & 0o7777, 0o4755);
  assert.equal(box.read('.PKGINFO'), undefined);

  const second = theirs<Installed>('install', box.root, file('hello-next'));
  assert.equal(second.installs[0]![0], true, second.installs[0]![1]);
  assert.equal(second.installed.find((each) => each['name'] === 'hello')!['superseded_by'], 'hello-next');
  assert.deepEqual(
    second.verify.map(([name, , { missing, modified }]) => [name, missing, modified]),
    [['hello-next', [], []]],
  );
  assert.equal(theirs<[boolean, string]>('remove', box.root, 'hello-next')[0], true);
});

test('our pkm installs what their builder archives', { skip }, async (t) => {
  const box = new Sandbox(t);
  const staging = join(box.base, 'staging');
  mkdirSync(join(staging, 'usr/bin'), { recursive: true });
  mkdirSync(join(staging, 'usr/lib'));
  mkdirSync(join(staging, 'etc'));
  for (const name of ['bin', 'lib']) symlinkSync(`usr/${name}`, join(staging, name)); // as their builder prepares every folder
  writeFileSync(join(staging, 'usr/bin/tool'), 'tool', { mode: 0o755 });
  linkSync(join(staging, 'usr/bin/tool'), join(staging, 'usr/bin/other'));
  writeFileSync(join(staging, 'usr/bin/mount'), 'mount');
  chmodSync(join(staging, 'usr/bin/mount'), 0o4755);
  symlinkSync('/usr/bin/tool', join(staging, 'usr/lib/absolute'));
  writeFileSync(join(staging, 'etc/tool.conf'), 'x = 1\n');
  const output = join(box.base, 'output');
  mkdirSync(output);
  assert.deepEqual(theirs('build', staging, output, 'tool', '1.3-20260107'), { ok: true });
  const file = join(output, 'tool-1.3-20260107.igos.tar.gz');
  await assert.rejects(
    box.do(async (root) => root.install([await root.readArchive(file)], { archiveTrust: 'loose' })),
    { code: 'E-PKM-024' },
    'nobody answers for its setuid program',
  );
  box.do((root) => root.install([box.image('glibc 2', { bin: '-> usr/bin', lib: '-> usr/lib', 'usr/lib/libc': 'c' })]));
  await box.do(async (root) =>
    root.install([await root.readArchive(file, { allowPrivileged: true })], { archiveTrust: 'loose' }),
  );
  const { record } = box.do((root) => root.info('tool'));
  assert.deepEqual(
    [record.version, record.release, record.runtime, record.tier, record.summary],
    ['1.3-20260107', 3, ['glibc'], 'core', 'made by igos-build'],
  );
  assert.equal(box.snapshot()['usr/bin/mount'], '4755 mount');
  assert.equal(statSync(box.path('usr/bin/tool')).ino, statSync(box.path('usr/bin/other')).ino);
  assert.equal(box.read('usr/lib/absolute'), '-> /usr/bin/tool');
  assert.equal(box.read('bin'), '-> usr/bin');
  assert.equal(box.read('.PKGINFO'), undefined);
  assert.equal(
    box.do((root) => root.verify().isClean),
    true,
  );
  box.do((root) => root.remove(['tool'], { force: true }));
  assert.equal(box.read('bin'), '-> usr/bin');
});

test('our pkm installs what their publishing script archives, members twice and all', { skip }, async (t) => {
  const box = new Sandbox(t);
  const chroot = join(box.base, 'chroot');
  mkdirSync(join(chroot, 'usr/bin'), { recursive: true });
  mkdirSync(join(chroot, 'var/lib/igos/packages'), { recursive: true });
  writeFileSync(join(chroot, 'usr/bin/tool'), 'tool', { mode: 0o755 });
  symlinkSync('tool', join(chroot, 'usr/bin/link'));
  const list = ['usr/', 'usr/bin/', 'usr/bin/tool', 'usr/bin/link'].join('\n');
  writeFileSync(
    join(chroot, 'var/lib/igos/packages/tool-2.0'),
    `PACKAGE NAME: tool-2.0\nPACKAGE VERSION: 2.0\nUNCOMPRESSED SIZE: 0K (4 bytes)\nDESCRIPTION:\ntool: a tool\n\nFILE LIST:\n${list}\n`,
  );
  theirs('emit', chroot, join(box.base, 'emitted'));
  const file = join(box.base, 'emitted/tool-2.0.igos.tar.gz');
  const names = execFileSync('tar', ['-tzf', file], { encoding: 'utf8' }).trim().split('\n');
  assert.ok(new Set(names).size < names.length, 'members are there more than once');
  await box.do(async (root) => root.install([await root.readArchive(file)], { archiveTrust: 'loose' }));
  assert.equal(readFileSync(box.path('usr/bin/tool'), 'utf8'), 'tool');
  assert.equal(
    box.do((root) => root.verify().isClean),
    true,
  );
});
