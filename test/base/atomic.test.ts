import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeDirectory, SystemFault, symlinkAtomic, syncFileSystem, writeFileAtomic } from '../../base/index.ts';
import { diskSteps } from '../disk-steps.ts';

test('a write replaces the file whole and leaves no temporary', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'igos-test-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'a'), 'old');
  writeFileAtomic(join(folder, 'a'), 'new');
  symlinkAtomic('a', join(folder, 'l'));
  symlinkAtomic('b', join(folder, 'l'));
  assert.equal(readFileSync(join(folder, 'a'), 'utf8'), 'new');
  assert.equal(readlinkSync(join(folder, 'l')), 'b');
  assert.deepEqual(readdirSync(folder).sort(), ['a', 'l']);
  syncFileSystem(folder);
});

test('bytes are durable before they have their name, and the name is before the call returns', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'igos-test-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const [file, link] = [join(folder, 'file'), join(folder, 'link')];
  const steps = (run: () => void): string[] => diskSteps(t, run).map((step) => step.replace(/\S+\/\.tmp-\S+/, 'TEMPORARY'));
  const written = ['sync TEMPORARY', `move TEMPORARY ${file}`, `sync ${folder}`];
  for (const text of ['new', 'replaced'])
    assert.deepEqual(
      steps(() => writeFileAtomic(file, text)),
      written,
    );
  assert.deepEqual(
    steps(() => writeFileAtomic(file, 'unsynced', { sync: false })),
    [`move TEMPORARY ${file}`],
  );
  assert.deepEqual(
    steps(() => symlinkAtomic('file', link)),
    [`move TEMPORARY ${link}`, `sync ${folder}`],
  );
});

test('a file that is replaced keeps mode and owner, whatever the umask says', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'igos-test-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'file');
  writeFileSync(file, 'old');
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) chownSync(file, 33, 44);
  chmodSync(file, 0o4666);
  const before = statSync(file);
  writeFileAtomic(file, 'new', { replaced: before });
  const { mode, uid, gid } = statSync(file);
  assert.deepEqual([mode & 0o7777, uid, gid], [0o4666, before.uid, before.gid]);
});

test('a failing write names the file and the reason', () => {
  assert.throws(
    () => writeFileAtomic('/nonexistent-folder/a', 'x'),
    (error) =>
      error instanceof SystemFault && error.message === "cannot write '/nonexistent-folder/a': no such file or directory",
  );
});

test('folders are made with their parents; where none can be, that is said at once', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'igos-test-'));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const _ of [1, 2]) makeDirectory(join(folder, 'a/b/c'), 0o700);
  writeFileSync(join(folder, 'file'), '');
  const reason = (path: string): string => {
    try {
      makeDirectory(path);
    } catch (error) {
      if (error instanceof SystemFault) return error.errno;
      throw error;
    }
    return 'none';
  };
  assert.deepEqual(
    ['file', 'file/x', 'a', 'a/b/c/d'].map((name) => reason(join(folder, name))),
    ['EEXIST', 'ENOTDIR', 'none', 'none'],
  );
  if (existsSync('/proc/self')) assert.equal(reason('/proc/no-process/x'), 'ENOENT');
});
