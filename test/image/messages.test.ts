/** A golden for each code of images: what the user sees. */
import assert from 'node:assert/strict';
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { compareBytes, Fault, renderFault } from '../../base/index.ts';
import { HostFile } from '../../image/file-bytes.ts';
import { type ImageEntry, imageCodes, writeSquashfs } from '../../image/index.ts';
import { golden } from '../golden.ts';
import { made, scratch } from './support.ts';

const common = { mode: 0o644, uid: 0, gid: 0 };
const directory = (path: string): ImageEntry => ({ ...common, path, kind: 'directory' });
const file = (path: string): ImageEntry => ({ ...common, path, kind: 'file', content: new Uint8Array() });
const squashfs = (folder: string, ...entries: readonly ImageEntry[]) =>
  made(join(folder, 'image'), async (image) => void (await writeSquashfs(image, entries, { seconds: 0 })));

const cases: Record<string, (folder: string) => unknown> = {
  'E-IMG-001-changed': (folder) => {
    writeFileSync(join(folder, 'file'), 'longer than it was');
    return squashfs(folder, { ...common, path: 'x', kind: 'file', content: { file: join(folder, 'file'), sizeBytes: 3 } });
  },
  'E-IMG-002-twice': (folder) => squashfs(folder, file('a'), directory('a')),
  'E-IMG-002-root': (folder) => squashfs(folder, file('')),
  'E-IMG-002-two-roots': (folder) => squashfs(folder, directory(''), directory('')),
  'E-IMG-002-name': (folder) => squashfs(folder, directory('a'), file('a/..')),
  'E-IMG-003-name': (folder) => squashfs(folder, file('n'.repeat(256))),
  'E-IMG-002-in-file': (folder) => squashfs(folder, file('a'), file('a/b')),
  'E-IMG-003-target': (folder) => squashfs(folder, { ...common, path: 'a', kind: 'symlink', target: 't'.repeat(4096) }),
  'E-IMG-003-attribute': (folder) =>
    squashfs(folder, { ...file('a'), attributes: new Map([['system.posix_acl_access', new Uint8Array(4)]]) }),
  'E-IMG-003-attribute-name': (folder) =>
    squashfs(folder, { ...file('a'), attributes: new Map([[`user.${'x'.repeat(251)}`, new Uint8Array(1)]]) }),
  'E-IMG-003-value': (folder) => squashfs(folder, { ...file('a'), attributes: new Map([['user.x', new Uint8Array(65_537)]]) }),
};

for (const [name, work] of Object.entries(cases))
  test(name, async (t) => {
    const folder = scratch(t);
    try {
      await work(folder);
    } catch (error) {
      assert.ok(error instanceof Fault, String(error));
      assert.equal(error.code, name.slice(0, 9));
      golden(t, `errors/${name}.txt`, renderFault(error).replaceAll(folder, '<folder>'));
      return;
    }
    assert.fail('it did not fail');
  });

test('a file that becomes shorter while it is read is said to have changed', (t) => {
  const path = join(scratch(t), 'file');
  writeFileSync(path, 'long');
  using file = new HostFile(path);
  truncateSync(path, 2);
  assert.throws(() => file.read(0, Buffer.alloc(4)), { code: 'E-IMG-001' });
});

test('every code has one', () => {
  const shown = new Set(Object.keys(cases).map((name) => name.slice(0, 9)));
  assert.deepEqual(
    [...shown].toSorted(compareBytes),
    Object.keys(imageCodes).filter((code) => code < 'E-IMG-010'),
  );
});
