/** Run by ordinary-user.test.ts as somebody who is no root: packages with folders that are closed to their owner. */
import assert from 'node:assert/strict';
import { chmodSync, lstatSync } from 'node:fs';
import { Sandbox } from './support.ts';

assert.notEqual(process.geteuid?.(), 0);
for (const isAtomic of [false, true]) {
  const box = new Sandbox(undefined);
  const closed = ['usr/closed', 'usr/closed/shut', 'srv/closed'];
  try {
    if (isAtomic) box.do((root) => root.initAtomic());
    const files = Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`srv/closed/${n}`, `${n}`]));
    const folders = Object.fromEntries(closed.map((path) => [path, { mode: 0o555 }]));
    box.do((root) => root.install([box.image('a 1', { ...folders, ...files, 'usr/closed/shut/x': 'x', 'usr/closed/y': 'y' })]));
    assert.deepEqual(
      closed.map((path) => lstatSync(box.path(path)).mode & 0o777),
      [0o555, 0o555, 0o555],
    );
    assert.deepEqual(
      box.do((root) => root.verify().problems),
      [],
    );
  } finally {
    for (const path of closed) chmodSync(box.path(path), 0o755); // to be removed
    box.remove();
  }
}
console.log('done');
