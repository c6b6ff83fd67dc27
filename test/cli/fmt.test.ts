/** What `igos fmt` does to files that are not plain ones. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../store/fixture.ts';
import { runHere } from './in-process.ts';

test('a symlink stays one: the file that it leads to is formatted, and keeps its mode', async (t) => {
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, 'real'));
  const file = join(folder, 'real/file.nix');
  writeFileSync(file, '{a=1;}');
  chmodSync(file, 0o640);
  symlinkSync('real/file.nix', join(folder, 'link.nix'));
  symlinkSync('link.nix', join(folder, 'again.nix'));
  const run = await runHere('igos', ['fmt', join(folder, 'again.nix')]);
  assert.deepEqual([run.status, run.stderr], [0, `formatted ${join(folder, 'again.nix')}\n`]);
  assert.equal(readFileSync(file, 'utf8'), '{ a = 1; }\n');
  assert.equal(statSync(file).mode & 0o777, 0o640);
  assert.deepEqual(
    [readlinkSync(join(folder, 'again.nix')), readlinkSync(join(folder, 'link.nix'))],
    ['link.nix', 'real/file.nix'],
  );
  assert.deepEqual(readdirSync(join(folder, 'real')), ['file.nix']);
});

test('a symlink to nothing, and those in folders', async (t) => {
  const folder = temporaryFolder(t);
  symlinkSync('nothing.nix', join(folder, 'link.nix'));
  const run = await runHere('igos', ['fmt', join(folder, 'link.nix')]);
  assert.equal(run.status, 1);
  assert.match(run.stderr, /cannot examine '.*link\.nix': no such file/);
  assert.equal((await runHere('igos', ['fmt', folder])).status, 0);
  assert.ok(lstatSync(join(folder, 'link.nix')).isSymbolicLink());
});

test('mode and owner stay, whatever the umask says', async (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, 'file.nix');
  writeFileSync(file, '{a=1;}');
  chmodSync(file, 0o666);
  const isRoot = process.getuid?.() === 0;
  if (isRoot) chownSync(file, 1234, 1235);
  const umask = process.umask(0o077);
  try {
    assert.equal((await runHere('igos', ['fmt', file])).status, 0);
  } finally {
    process.umask(umask);
  }
  const { mode, uid, gid } = statSync(file);
  assert.equal(mode & 0o7777, 0o666);
  if (isRoot) assert.deepEqual([uid, gid], [1234, 1235]);
});

test('what is no ordinary file is refused, before anything waits for it', async (t) => {
  const folder = temporaryFolder(t);
  const pipe = join(folder, 'pipe.nix');
  assert.equal(spawnSync('mkfifo', [pipe]).status, 0);
  for (const path of [pipe, '/dev/zero']) {
    const run = await runHere('igos', ['fmt', path]);
    assert.deepEqual([run.status, run.stderr], [2, `igos: '${path}' is no ordinary file\nhint: - formats standard input\n`]);
  }
  assert.deepEqual([(await runHere('igos', ['fmt', folder])).status, readdirSync(folder)], [0, ['pipe.nix']]);
});

test('a file too large for memory is an error of the file', async (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, 'file.nix');
  writeFileSync(file, '');
  truncateSync(file, 3 * 2 ** 30);
  const run = await runHere('igos', ['fmt', file]);
  assert.deepEqual([run.status, run.stderr], [1, `error: cannot read '${file}': file too large\n`]);
});

test('what the system refuses for one file stops none of the others, and all is told', async (t) => {
  const folder = temporaryFolder(t);
  for (const name of ['a', 'b', 'c', 'd']) writeFileSync(join(folder, `${name}.nix`), '{a=1;}');
  writeFileSync(join(folder, 'c.nix'), '{a=;}');
  truncateSync(join(folder, 'b.nix'), 3 * 2 ** 30);
  const check = await runHere('igos', ['fmt', '--check', folder]);
  assert.deepEqual([check.status, check.stdout], [1, `${join(folder, 'a.nix')}\n${join(folder, 'd.nix')}\n`]);
  const run = await runHere('igos', ['fmt', folder]);
  assert.equal(run.status, 1);
  assert.match(
    run.stderr,
    /^formatted .*a\.nix\nformatted .*d\.nix\nerror\[E-LANG-001\][\s\S]*\nerror: cannot read '.*b\.nix': file too large\n$/,
  );
  assert.equal(readFileSync(join(folder, 'd.nix'), 'utf8'), '{ a = 1; }\n');
  const record = await runHere('igos', ['fmt', '--json', folder]);
  const { changed, errors } = JSON.parse(record.stdout) as { changed: string[]; errors: { code: string }[] };
  assert.deepEqual(
    [record.status, changed, errors.map(({ code }) => code)],
    [1, [], ['E-LANG-001', 'system:ERR_FS_FILE_TOO_LARGE']],
  );
  // a mistyped operand is no half of the work
  writeFileSync(join(folder, 'a.nix'), '{a=1;}');
  assert.equal((await runHere('igos', ['fmt', join(folder, 'a.nix'), join(folder, 'nope.nix')])).status, 1);
  assert.equal(readFileSync(join(folder, 'a.nix'), 'utf8'), '{a=1;}');
});
