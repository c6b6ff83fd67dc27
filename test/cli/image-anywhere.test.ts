/** `igos image` and the machine that it runs on: nothing of it is in an image, and who is stopped leaves nothing. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { missing } from '../image/support.ts';
import { programs, project } from './programs.ts';

const TREE = `tier base { summary = "Base"; }
package tools "1" { tier = base; summary = "Tools of this machine"; style = hostTools { tools = [ "cat" ]; }; }
system small { packages = [ tools ]; etc.motd = "hello\\n"; }
`;

function writeTree(work: string): string {
  const folder = join(work, 'tree');
  mkdirSync(folder);
  writeFileSync(join(folder, 'a.igos'), TREE);
  return folder;
}

const environment = (work: string, more: Record<string, string> = {}): Record<string, string> => ({
  PATH: process.env['PATH'] ?? '/usr/bin:/bin',
  HOME: work,
  IGOS_HOME: join(work, 'home'),
  ...more,
});

/** An access list for all that is made in the folder: owner and group all, others nothing. Whether it could be set. */
function handAccessOn(folder: string): boolean {
  const entry = (tag: number, permissions: number): Buffer => Buffer.of(tag, 0, permissions, 0, 0xff, 0xff, 0xff, 0xff);
  const list = Buffer.concat([Buffer.of(2, 0, 0, 0), entry(0x01, 7), entry(0x04, 7), entry(0x20, 0)]).toString('base64');
  if (missing('setfattr') !== false) return false;
  return spawnSync('setfattr', ['-n', 'system.posix_acl_default', '-v', `0s${list}`, folder]).status === 0;
}

test('the same bytes whatever mask the user has, and whatever their scratch folder hands on', (t) => {
  const { work } = programs(t);
  const tree = writeTree(work);
  const [plain, group, list] = ['plain', 'group', 'list'].map((name) => join(work, name));
  for (const folder of [plain!, group!, list!]) mkdirSync(folder);
  chmodSync(group!, 0o2777);
  if (!handAccessOn(list!)) t.diagnostic('no access lists here');
  const made = (mask: string, scratch: string): unknown => {
    const words = ['image', tree, '-f', 'squashfs', '-f', 'ext4', '--level', '1', '-o', `${work}/made/`, '--json'];
    const { status, stdout, stderr } = spawnSync(
      'sh',
      ['-c', 'umask "$0"; exec "$@"', mask, join(project, 'bin/igos'), ...words],
      {
        encoding: 'utf8',
        env: environment(work, { TMPDIR: scratch }),
      },
    );
    assert.equal(status, 0, stderr);
    return (JSON.parse(stdout) as { files: { sha256: string }[] }).files.map(({ sha256 }) => sha256);
  };
  const first = made('022', plain!);
  assert.deepEqual(made('077', plain!), first);
  assert.deepEqual(made('000', group!), first);
  assert.deepEqual(made('022', list!), first);
});

test('the latest time that a user may say is one that images can hold', (t) => {
  const { work } = programs(t);
  const words = ['image', writeTree(work), '-f', 'squashfs', '-f', 'ext4', '--level', '1', '-o', `${work}/made/`];
  const env = environment(work, { SOURCE_DATE_EPOCH: '9999999999' });
  const { status, stderr } = spawnSync(join(project, 'bin/igos'), words, { encoding: 'utf8', env });
  assert.equal(status, 0, stderr);
  if (missing('unsquashfs') !== false) return;
  const { stdout } = spawnSync('unsquashfs', ['-lln', join(work, 'made/small.squashfs')], {
    encoding: 'utf8',
    env: { ...process.env, TZ: 'UTC' },
  });
  assert.match(stdout, / 2106-02-07 06:28 squashfs-root\/etc\/motd$/m);
});

test('what stands where an image would go and is no file is said before anything is built', (t) => {
  const { work, igos } = programs(t);
  const tree = writeTree(work);
  mkdirSync(join(work, 'made/small.squashfs'), { recursive: true });
  symlinkSync('/dev/null', join(work, 'made/small.ext4'));
  for (const format of ['squashfs', 'ext4']) {
    const { status, stderr } = igos('image', tree, '-f', format, '-o', join(work, 'made'));
    assert.equal(status, 2);
    assert.match(stderr, new RegExp(`'${work}/made/small\\.${format}' is no file\\nhint: write the image to a file`));
    assert.doesNotMatch(stderr, /building|writing/);
  }
});

test('who is stopped while a large image is looked through leaves nothing', async (t) => {
  const { work } = programs(t);
  const words = ['image', writeTree(work), '-f', 'ext4', '--size', '500G', '-o', `${work}/made/`];
  const child = spawn(join(project, 'bin/igos'), words, { stdio: ['ignore', 'ignore', 'pipe'], env: environment(work) });
  let said = '';
  let isStopped = false;
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
    // Once: who asks twice is not waited for.
    if (!isStopped && said.includes('writing small.ext4')) setTimeout(() => child.kill('SIGINT'), 500);
    isStopped ||= said.includes('writing small.ext4');
  });
  const [status] = await once(child, 'close');
  assert.equal(status, 130, said);
  assert.match(said, /interrupted\n$/);
  assert.deepEqual(readdirSync(join(work, 'made')), []);
});
