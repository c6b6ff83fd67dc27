/** Run by full-disk.test.ts inside a mount namespace where the root is a file system of 2 MiB. */
import assert from 'node:assert/strict';
import { closeSync, openSync, rmSync, statSync, truncateSync, writeSync } from 'node:fs';
import { SystemFault } from '../../base/index.ts';
import { Sandbox } from './support.ts';

const box = new Sandbox(undefined, process.argv[2]!);
const a = box.image('a 1', { 'usr/a': '1', 'etc/a': '1' });
box.do((root) => root.install([a]));

const filler = openSync(box.path('filler'), 'w');
const block = Buffer.alloc(512);
assert.throws(
  () => {
    for (;;) writeSync(filler, block);
  },
  { code: 'ENOSPC' },
);
closeSync(filler);

box.do(
  (root) => {
    assert.equal(root.list().length, 1);
    assert.equal(root.verify().isClean, true);
    assert.equal(root.history().length, 2);
  },
  { readOnly: true },
);
for (const change of [() => box.do((root) => root.install([box.image('b 1', {})])), () => box.do((root) => root.remove(['a']))]) {
  assert.throws(change, (error) => error instanceof SystemFault && error.errno === 'ENOSPC');
}

truncateSync(box.path('filler'), statSync(box.path('filler')).size - (200 << 10));
assert.throws(
  () => box.do((root) => root.install([box.image('c 1', { 'usr/share/c': 'c'.repeat(400_000) })])),
  /: 39\d KiB needed, \d+ KiB free$/,
);

rmSync(box.path('filler'));
box.do((root) => {
  assert.equal(root.generation, 1);
  assert.equal(root.verify().isClean, true);
  root.remove(['a']);
  assert.equal(root.generation, 2);
});
console.log('done');
