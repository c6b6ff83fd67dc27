/** What `igos fmt` does to files that are not plain ones. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
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
