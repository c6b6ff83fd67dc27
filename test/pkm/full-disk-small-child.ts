/** Run by full-disk.test.ts inside a mount namespace where the root is a file system of 6 MiB. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, openSync, rmSync, statSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { project } from '../cli/programs.ts';
import { Sandbox } from './support.ts';

const box = new Sandbox(undefined, process.argv[2]!);
const filler = box.path('filler');
const reserve = box.path('var/lib/igos/reserve');

/** To the last byte, but for so many. */
function fill(leftBytes: number): void {
  const fd = openSync(filler, 'w');
  const block = Buffer.alloc(512, 1);
  assert.throws(() => {
    for (;;) writeSync(fd, block);
  });
  closeSync(fd);
  truncateSync(filler, statSync(filler).size - leftBytes);
}

const files = Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`usr/share/a/${n}`, `${n}`]));
const install = (): void => void box.do((root) => root.install([box.image('a 1', files), box.image('b 1', { 'usr/b': 'b' })]));
const sound = (): void =>
  box.do((root) => assert.deepEqual([root.verify().isClean, root.checkInvariants()], [true, []]), { readOnly: true });

// Full before the root is opened, and in the middle of it.
for (const leftBytes of [0, 8 << 10, 40 << 10, 64 << 10]) {
  install();
  const { size } = statSync(reserve);
  assert.ok(size >= 256 << 10 && size < 1 << 20, `${size} bytes set aside`);
  fill(leftBytes);
  assert.throws(() => box.do((root) => root.remove(['a'])), { errno: 'ENOSPC' });
  let nAsked = 0;
  const report = box.do((root) => root.remove(['a'], { confirm: () => ++nAsked > 0 }), { makesRoom: true });
  assert.deepEqual([report.packages[0]!.action, report.nFilesRemoved, nAsked], ['remove', 200, 1]);
  assert.equal(existsSync(box.path('usr/share/a')), false);
  assert.equal(existsSync(reserve), false);
  sound();
  rmSync(filler);
}

install();
fill(0);
const words = ['--root', box.root, '--home', join(box.base, 'home'), 'remove', 'a'];
assert.match(execFileSync(join(project, 'bin/pkm'), words, { encoding: 'utf8' }), /^removed a 1\n/);
sound();
console.log('done');
