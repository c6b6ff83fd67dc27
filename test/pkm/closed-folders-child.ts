/** Run by ordinary-user.test.ts as somebody who is no root: packages with folders that are closed to their owner. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, writeFileSync } from 'node:fs';
import { Sandbox } from './support.ts';

assert.notEqual(process.geteuid?.(), 0);
for (const isAtomic of [false, true]) {
  const box = new Sandbox(undefined);
  const closed = ['usr/closed', 'usr/closed/shut', 'srv/closed'];
  try {
    if (isAtomic) box.do((root) => root.initAtomic());
    const files = Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`srv/closed/${n}`, `${n}`]));
    const install = (version: number, mode: number, changing: Record<string, string>): void => {
      const folders = Object.fromEntries(closed.map((path) => [path, { mode }]));
      box.do((root) =>
        root.install([box.image(`a ${version}`, { ...folders, ...files, 'usr/closed/shut/x': 'x', ...changing })]),
      );
    };
    const check = (mode: number): void => {
      const modes = closed.map((path) => lstatSync(box.path(path)).mode & 0o777);
      assert.deepEqual(modes, [mode, mode, mode]);
      const problems = box.do((root) => root.verify().problems);
      assert.deepEqual(problems, []);
    };
    install(1, 0o555, { 'usr/closed/y': 'y', 'usr/closed/shut/z': 'z' });
    check(0o555);
    install(2, 0o500, { 'usr/closed/y': 'other', 'srv/closed/new': 'new' });
    check(0o500);
    // A file that an earlier tree has as well is put right in both.
    const damaged = box.path('usr/closed/shut/x');
    writeFileSync(damaged, 'damaged');
    await box.do((root) => root.repair());
    assert.equal(box.read('usr/closed/shut/x'), 'x');
    check(0o500);
    await box.do((root) => root.rollback(1));
    check(0o555);
    const before = box.snapshot();
    box.do((root) => root.remove(['a']));
    assert.deepEqual(
      closed.filter((path) => existsSync(box.path(path))),
      [],
    );
    await box.do((root) => root.rollback(3));
    assert.deepEqual(box.snapshot(), before);
  } finally {
    execFileSync('chmod', ['-R', 'u+rwx', box.base]); // to be removed
    box.remove();
  }
}
console.log('done');
