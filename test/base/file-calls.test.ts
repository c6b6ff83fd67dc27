/** Bare system calls say what `node:fs` says. */
import assert from 'node:assert/strict';
import { closeSync, constants, lstatSync, mkdtempSync, openSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { devNull, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { AT_FDCWD, AT_SYMLINK_NOFOLLOW, type FileCalls, FileStatus, fileCalls, STAT_BYTES, STAT_MASK } from '../../base/index.ts';

const calls = fileCalls();
const options = { skip: calls === undefined ? 'no binding of system calls on this platform' : false };

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'igos-file-calls-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

const named = (path: string): Buffer => Buffer.from(`${path}\0`);

function status({ addressOf, statx }: FileCalls, path: string): FileStatus {
  const memory = new Uint8Array(STAT_BYTES);
  const name = named(path);
  assert.equal(statx(AT_FDCWD, addressOf(name), AT_SYMLINK_NOFOLLOW, STAT_MASK, addressOf(memory)), 0);
  return new FileStatus(memory);
}

test('statx, field by field', options, (t) => {
  const folder = temporaryFolder(t);
  // Flushed: its blocks are counted when they are placed.
  writeFileSync(join(folder, 'file'), 'text', { mode: 0o754, flush: true });
  utimesSync(join(folder, 'file'), 1_234_567.891, -86_400.25);
  symlinkSync('file', join(folder, 'link'));
  // Held: the kernel may forget an inode of /proc that nobody has open, and make another.
  const held = openSync('/proc/self/mounts', 'r');
  t.after(() => closeSync(held));
  for (const path of [folder, join(folder, 'file'), join(folder, 'link'), devNull, '/proc/self/mounts', process.execPath]) {
    const found = status(calls!, path);
    const { mode, nlink, uid, gid, ino, size, blocks, dev, mtimeMs, ctimeMs } = lstatSync(path);
    const own = { mode, nlink, uid, gid, ino, size, blocks, dev, mtimeMs, ctimeMs };
    const same = Object.fromEntries(Object.keys(own).map((name) => [name, found[name as keyof typeof own]]));
    assert.deepEqual(same, own, path);
    assert.equal(found.mtimeSeconds, Math.floor(mtimeMs / 1000));
  }
});

test('an error has its name', options, (t) => {
  const missing = named(join(temporaryFolder(t), 'missing'));
  assert.equal(calls!.openat(AT_FDCWD, calls!.addressOf(missing), constants.O_RDONLY, 0), -1);
  assert.equal(calls!.errorName(), 'ENOENT');
});
