/** What the tests of ext4 share: trees, and the programs of others that read them. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { compareBytes } from '../../base/index.ts';
import {
  type Ext4Layout,
  type Ext4Options,
  type FileEntry,
  type ImageEntry,
  type ImageFile,
  layoutExt4,
} from '../../image/index.ts';
import { listed, made, missing, output, run, scratch } from './support.ts';

export const SECONDS = 1_700_000_000;
export const BLOCK = 4096;
export const needsTools = { skip: missing('e2fsck', 'debugfs', 'dumpe2fs') };
export const common = { mode: 0o644, uid: 0, gid: 0 };

export const directory = (path: string, more: Partial<ImageEntry> = {}): ImageEntry =>
  ({ ...common, path, kind: 'directory', mode: 0o755, ...more }) as ImageEntry;
export const file = (path: string, content: string | FileEntry['content'], more: Partial<FileEntry> = {}): FileEntry => ({
  ...common,
  path,
  kind: 'file',
  content: typeof content === 'string' ? Buffer.from(content) : content,
  ...more,
});

export const layout = (entries: readonly ImageEntry[], options: Partial<Ext4Options> = {}): Promise<Ext4Layout> =>
  layoutExt4(entries, { name: 'test', seconds: SECONDS, ...options });

/** As a file of its own, or behind what the image has. */
export function written(image: ImageFile, laid: Ext4Layout): Promise<void> {
  const start = image.position;
  image.zeros(laid.sizeBytes);
  return laid.write(image, start);
}

export async function write(
  path: string,
  entries: readonly ImageEntry[],
  options: Partial<Ext4Options> = {},
): Promise<Ext4Layout> {
  const laid = await layout(entries, options);
  await made(path, (image) => written(image, laid));
  assert.equal(statSync(path).size, laid.sizeBytes);
  return laid;
}

/** Nothing at all may be said against it. */
export function checked(image: string): void {
  const { status, stdout, stderr } = run('e2fsck', ['-fn', image]);
  assert.equal(status, 0, stdout + stderr);
  // That a tree could be narrower is said of those that Linux has changed.
  const usual = /^Pass \d|^$|^.*: \d+\/\d+ files .* blocks$|extent tree \(at level \d\) could be narrower/;
  const said = stdout.split('\n').filter((line) => !usual.test(line));
  assert.deepEqual(said, []);
}

/** @returns the folder where everything was copied to, by e2fsprogs */
export function dumped(t: Parameters<typeof scratch>[0], image: string): string {
  const folder = join(scratch(t), 'root');
  mkdirSync(folder);
  output('debugfs', ['-R', `rdump / ${folder}`, image]);
  return folder;
}

export const listedIn = (folder: string): string[] =>
  listed(folder)
    .filter((line) => !line.endsWith(' lost+found'))
    .toSorted(compareBytes);

/** Every second block is zeros: an extent for each of the others. */
export function combed(blocks: number): Buffer {
  const bytes = Buffer.alloc(blocks * BLOCK);
  for (let block = 0; block < blocks; block += 2) bytes.writeUInt32LE(block + 1, block * BLOCK);
  return bytes;
}

/** Every kind of file, and what is at an edge of the format. */
export function everything(): ImageEntry[] {
  const attributes = new Map<string, Uint8Array>([
    ['security.capability', Buffer.from('0100000200200000000000000000000000000000', 'hex')],
    ['user.note', Buffer.from('hello')],
  ]);
  const large = new Map<string, Uint8Array>([
    ['user.zoo', Buffer.alloc(3000, 7)],
    ['user.apple', Buffer.from('1')],
    ['user.bee', Buffer.from('12345')],
    ['trusted.nothing', new Uint8Array()],
  ]);
  return [
    directory('', { mode: 0o711 }),
    directory('usr/bin', { mode: 0o1777, uid: 7, gid: 70_000 }),
    directory('empty'),
    file('usr/bin/su', 'setuid', { mode: 0o4755, uid: 100_000 }),
    ...[0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 12 * BLOCK, (1 << 20) - 1, (1 << 20) + 1].map((length) =>
      file(`sizes/${length}`, Buffer.alloc(length, 'abcdefg')),
    ),
    file('usr/comb', combed(900)),
    file('usr/long-comb', combed(8000)),
    file('usr/zeros', Buffer.alloc(1 << 18)),
    file('usr/begins-empty', Buffer.concat([Buffer.alloc(3 * BLOCK + 5), Buffer.from('x')])),
    file('usr/one', 'x', { link: 'a', mode: 0o755 }),
    file('usr/two', 'x', { link: 'a', mode: 0o755 }),
    ...Array.from({ length: 300 }, (_, n) => file(`links/${n}`, 'linked', { link: 'many' })),
    file(`usr/${'n'.repeat(255)}`, 'long'),
    ...Array.from({ length: 40 }, (_, n) => file(`names/${'\xc3\xa4'.repeat(100)}${n}${'m'.repeat(50)}`, `${n}`)),
    file('usr/\xc3\xa4\xff', 'bytes'),
    ...[1, 59, 60, 61, 4095].map(
      (length): ImageEntry => ({ ...common, path: `to/${length}`, kind: 'symlink', mode: 0o777, target: 't'.repeat(length) }),
    ),
    file('ping', 'ping', { attributes }),
    file('attributes', 'large', { attributes: large }),
    directory('folder-with-attributes', { attributes }),
    directory(Array.from({ length: 60 }, (_, n) => `d${n}`).join('/')),
    { ...common, path: 'null', kind: 'char', major: 1, minor: 3, mode: 0o666 },
    { ...common, path: 'disk', kind: 'block', major: 8, minor: 17 },
    { ...common, path: 'nvme', kind: 'block', major: 259, minor: 300_000 },
    { ...common, path: 'pipe', kind: 'fifo' },
    { ...common, path: 'socket', kind: 'socket' },
  ];
}

export const bytesIn = (entry: FileEntry): Buffer => Buffer.from(entry.content as Uint8Array);

export const canMount =
  process.getuid?.() === 0 &&
  spawnSync('sh', ['-c', 'modprobe loop ext4; grep -qw ext4 /proc/filesystems && test -e /dev/loop-control']).status === 0;
export const needsMount = { skip: needsTools.skip || (canMount ? false : 'no loop device or ext4 for us here') };

/** Has Linux mount it, and looks for what it complains of afterwards. */
export function mounted(folder: string, image: string, look: (root: string) => void): void {
  const place = join(folder, 'mounted');
  mkdirSync(place, { recursive: true });
  output('mount', ['-o', 'loop', image, place]);
  try {
    look(place);
  } finally {
    output('umount', [place]);
  }
  // A sandbox that began meanwhile has the mount too, until it ends.
  for (let tries = 0; output('losetup', ['-j', image]) !== '' && tries < 600; tries++) output('sleep', ['0.1']);
  checked(image);
}
