/** Run by full-disk.test.ts inside a mount namespace where the root is a file system of 12 MiB; the archive is on another. */
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { writeArchive } from '../../pkm/index.ts';
import { Sandbox } from './support.ts';

const box = new Sandbox(undefined, process.argv[2]!);
const LENGTH = 8 << 20;
const image = box.image('a 1', { 'usr/share/a': 'a'.repeat(LENGTH) });
const [first] = image.entries.filter(({ kind }) => kind === 'file');
const names = ['usr/share/b', 'usr/share/c'].map((path) => ({ ...first!, path, kind: 'hardlink' as const, target: first!.path }));
const archive = join(box.base, 'a.igos.tar.gz');
await writeArchive({ ...image, entries: [...image.entries, ...names] }, archive);
await box.do(async (root) => {
  const { stagedBytes } = root.install([await root.readArchive(archive)], { archiveTrust: 'loose' });
  assert.ok(stagedBytes < LENGTH * 1.1, `${stagedBytes} bytes for one file`);
});
assert.equal(statSync(box.path('usr/share/c')).nlink, 3);
console.log('done');
