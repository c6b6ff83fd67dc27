/** What was damaged, and what a user can do about it: add it again. */
import assert from 'node:assert/strict';
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { removeTree } from '../../store/write-tree.ts';
import { makeTree } from '../store/fixture.ts';
import { noSandbox, programs } from './programs.ts';

const skip = await noSandbox();

const DERIVATION = `derivation {
  name = "one"; system = "${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux";
  builder = "/bin/sh"; args = [ "-c" "echo one > $out" ];
}`;

test('adding the same files again mends an object that is gone, and with --repair one that is damaged', (t) => {
  const { work, igos } = programs(t);
  const source = makeTree(join(work, 'tree'), { a: 'one', 'd/run*': '#!/bin/sh' });
  const path = igos('store', 'add', source).stdout.trim();
  const real = join(work, 'home/store', basename(path));
  const isWhole = (): boolean => igos('store', 'verify', '--contents').status === 0;

  removeTree(real);
  const found = igos('store', 'verify');
  assert.match(found.stdout, /: missing: it is recorded, but not there\n$/);
  assert.match(found.stderr, /1 path, 1 problem\nhint: 'igos store verify --contents --repair'/);
  const gone = igos('store', 'cat', `${path}/a`);
  assert.match(gone.stderr, /no such file or directory\nhint: 'igos store verify' names what is recorded and not there/);
  const left = igos('store', 'verify', '--repair');
  assert.equal(left.status, 1);
  assert.match(left.stderr, /hint: no cache that was asked has what is left.*\nhint: .*igos store add --repair FILE/);
  const again = igos('store', 'add', source);
  assert.deepEqual([again.status, again.stdout, again.stderr], [0, `${path}\n`, `repaired ${path}\n`]);
  assert.ok(isWhole());

  const damage = (): void => {
    chmodSync(real, 0o755);
    rmSync(join(real, 'a'));
    writeFileSync(join(real, 'a'), 'two');
  };
  damage();
  assert.equal(igos('store', 'add', source).stderr, '');
  assert.ok(!isWhole());
  assert.equal(igos('store', 'add', '--repair', source).stderr, `repaired ${path}\n`);
  assert.ok(isWhole());
  assert.equal(igos('store', 'add', '--repair', source).stderr, '');

  // From a NAR just so.
  damage();
  const nar = join(work, 'tree.nar');
  writeFileSync(nar, igos('store', 'dump', source).stdout);
  assert.equal(igos('store', 'add', '--nar', '--repair', nar).stderr, `repaired ${path}\n`);
  assert.ok(isWhole());
  assert.equal(igos('store', 'add', '--nar', '--repair', '--name', 'tree', '-').status, 2);
});

test('what is built, and gone from the disk, is not told as there; nor is a derivation that was changed built', { skip }, (t) => {
  const { work, igos } = programs(t);
  const file = join(work, 'a.nix');
  writeFileSync(file, DERIVATION);
  const path = igos('realize', file).stdout.trim();
  const drv = igos('instantiate', file).stdout.trim();
  const real = (each: string): string => join(work, 'home/store', basename(each));
  rmSync(real(path));
  const gone = igos('realize', file);
  assert.deepEqual([gone.status, gone.stdout], [1, '']);
  assert.match(
    gone.stderr,
    /E-STORE-041.*\nnote: it is recorded, but not there\nhint: 'igos store verify --repair' gets it back\n$/,
  );
  assert.equal(igos('store', 'verify', '--repair').stdout, `${path}: repaired by building it again\n`);
  assert.equal(igos('realize', file).stdout, `${path}\n`);

  chmodSync(real(drv), 0o644);
  writeFileSync(real(drv), readFileSync(real(drv), 'utf8').replace('echo one', 'echo two'));
  const changed = igos('realize', '--check', drv);
  assert.deepEqual([changed.status, changed.stdout], [1, '']);
  assert.match(
    changed.stderr,
    /E-STORE-041.*\.drv' is damaged[\s\S]*hint: what evaluates to it writes it anew: 'igos instantiate --no-eval-cache/,
  );
  const left = igos('store', 'verify', '--contents', '--repair');
  assert.match(left.stdout, /\.drv: metadata: its mode/);
  assert.match(left.stderr, /hint: derivations come back with what evaluates to them/);
  assert.equal(igos('instantiate', '--no-eval-cache', file).stdout, `${drv}\n`);
  assert.equal(igos('store', 'verify', '--contents').status, 0);
  assert.equal(igos('realize', '--check', drv).status, 0);
});
