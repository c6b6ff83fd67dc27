/** What was damaged, and what a user can do about it: add it again. */
import assert from 'node:assert/strict';
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { removeTree } from '../../store/write-tree.ts';
import { makeTree } from '../store/fixture.ts';
import { programs } from './programs.ts';

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
