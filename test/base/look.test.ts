/** What `lookAt` says is what `lstat` says, before the C library is bound and after. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { lstatSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { hasKoffi, loadKoffi, lookAt } from '../../base/index.ts';

const N_LOOKS_WITHOUT = 100;

test('each kind of entry, and none, is what lstat says it is', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'igos-look-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const at = (name: string): string => join(folder, name);
  writeFileSync(at('file'), 'text', { mode: 0o4751 });
  writeFileSync(at('Ünicode \n 𝄞'), '');
  for (const [name, seconds] of [
    ['before 1970', -7.5],
    ['late', 2 ** 33 + 0.25],
    ['whole', 1_700_000_000],
  ] as const) {
    writeFileSync(at(name), name);
    utimesSync(at(name), seconds, seconds);
  }
  mkdirSync(at('folder'), { mode: 0o1750 });
  symlinkSync('gone', at('link'));
  symlinkSync('folder', at('link to a folder'));
  symlinkSync('loop', at('loop'));
  assert.equal(spawnSync('mkfifo', [at('pipe')]).status, 0);
  const there = ['file', 'Ünicode \n 𝄞', 'before 1970', 'late', 'whole', 'folder', 'link', 'link to a folder', 'loop', 'pipe'];
  const absent = ['none', 'folder/none', 'link/none', 'gone'];
  const refused = ['file/none', 'loop/none', 'x'.repeat(300), 'file\0none'];
  const compare = (): void => {
    for (const name of there) {
      const found = lstatSync(at(name));
      const { mode, uid, gid, size, nlink, mtimeMs, dev } = found;
      const kind = found.isFile() ? 'file' : found.isDirectory() ? 'directory' : found.isSymbolicLink() ? 'symlink' : 'other';
      assert.deepEqual(lookAt(at(name)), { kind, mode, uid, gid, size, nlink, mtimeMs, dev, isFixed: false }, name);
    }
    for (const name of absent) assert.equal(lookAt(at(name)), undefined, name);
    for (const name of refused) {
      const codeOf = (look: () => unknown): unknown => {
        try {
          look();
        } catch (error) {
          return (error as NodeJS.ErrnoException).code;
        }
        return 'none';
      };
      const code = codeOf(() => lstatSync(at(name), { throwIfNoEntry: false }));
      assert.notEqual(code, 'none', name);
      assert.equal(
        codeOf(() => lookAt(at(name))),
        code,
        name,
      );
    }
    assert.equal(lookAt('/dev/null')!.kind, 'other');
  };
  compare();
  for (let n = 0; n < N_LOOKS_WITHOUT; n++) lookAt(folder);
  compare();
  loadKoffi();
  assert.ok(hasKoffi());
  compare();
});
