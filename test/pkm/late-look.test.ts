/** Files are looked at while they are removed, or before, where somebody asks: the same is said and the same is left, few files or many. */
import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import type { TransactionReport } from '../../pkm/index.ts';
import { realIo } from '../../pkm/io.ts';
import { type FileSpec, Sandbox } from './support.ts';

/** Beyond 2,000, threads remove them. */
const COUNTS = [12, 2100];
const path = (index: number): string => `usr/share/a/${index % 7}/file-${index}`;

function damaged(t: ConstructorParameters<typeof Sandbox>[0], nFiles: number): Sandbox {
  const box = new Sandbox(t);
  mkdirSync(box.path('usr/share/real'), { recursive: true });
  symlinkSync('share/real', box.path('usr/alias'));
  const files: Record<string, FileSpec> = { 'etc/a.conf': 'x\n', 'usr/alias/through': 't', 'usr/lib/l': '-> gone', top: 'top' };
  for (let index = 0; index < nFiles; index++) files[path(index)] = `text ${index}`;
  box.do((root) => root.install([box.image('a 1', files)]));
  box.write(path(1), 'others');
  box.write(path(2), `text ${2}`.toUpperCase()); // as long as it was
  utimesSync(box.path(path(3)), 1.5, 1.5); // the same bytes
  unlinkSync(box.path(path(4)));
  unlinkSync(box.path(path(5)));
  mkdirSync(box.path(path(5)));
  unlinkSync(box.path(path(6)));
  symlinkSync('elsewhere', box.path(path(6)));
  box.write('usr/alias/through', 'mine');
  return box;
}

const said = ({ warnings, nFilesRemoved, config }: TransactionReport): unknown => ({
  warnings: warnings.map(({ path, text }) => `${path}: ${text}`).sort(),
  nFilesRemoved,
  config,
});

for (const nFiles of COUNTS) {
  test(`what a plan says of ${nFiles} files is what is said when they are gone`, (t) => {
    const box = damaged(t, nFiles);
    const planned = box.do((root) => root.remove(['a'], { dryRun: true }));
    const twin = new Sandbox(t);
    cpSync(box.root, twin.root, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
    const asked = twin.do((root) => root.remove(['a'], { confirm: () => true }));
    const late = box.do((root) => root.remove(['a']));
    assert.deepEqual(said(late), said(planned));
    assert.deepEqual(said(asked), said(planned));
    assert.deepEqual(
      new Set(late.warnings.map((warning) => warning.path)),
      new Set([path(1), path(2), path(5), path(6), 'usr/alias/through']),
    );
    assert.equal(late.nFilesRemoved, nFiles + 3 - 2);
    for (const root of [box.root, twin.root]) {
      assert.ok(existsSync(join(root, path(5))), 'a directory of somebody else stays');
      rmSync(join(root, path(5)), { recursive: true });
      assert.deepEqual(
        [path(0), path(1), path(6), 'usr/alias/through', 'usr/share/real/through', 'top'].filter((name) =>
          existsSync(join(root, name)),
        ),
        [],
      );
    }
    assert.deepEqual(
      box.do((root) => root.checkInvariants()),
      [],
    );
    // with every byte of before
    return box.do(async (root) => {
      await root.rollback(1);
      assert.deepEqual(root.verify().problems, []);
    });
  });
}

function operationsOf(box: Sandbox): unknown[] {
  const database = new DatabaseSync(box.path('var/lib/igos/pkm.db'), { readOnly: true });
  try {
    return database
      .prepare('SELECT operation FROM journal ORDER BY seq')
      .all()
      .map((row) => row['operation']);
  } finally {
    database.close();
  }
}

test('the journal says of plain files that they go, not which', (t) => {
  const box = damaged(t, 60);
  let operations: unknown[] = [];
  const io = {
    ...realIo,
    commit: <T>(name: string, work: () => T): T => {
      if (name === 'journal') operations = operationsOf(box);
      return work();
    },
  };
  box.do((root) => root.remove(['a'], { force: true }), { io });
  assert.deepEqual(
    operations.filter((operation) => operation !== 'rmdir'),
    // what is behind a symlink, the configuration, the symlink
    ['unlink-ended', 'unlink', 'unlink', 'unlink'],
  );
});

test('a removal that goes on after a crash follows no symlink that was put there meanwhile', (t) => {
  const box = damaged(t, 60);
  const io = {
    ...realIo,
    unlinkPlaced: () => {
      throw new Error('the power is gone');
    },
  };
  assert.throws(() => box.do((root) => root.remove(['a']), { io }), /the power is gone/);
  const folder = box.path('usr/share/a/0');
  renameSync(folder, box.path('usr/mine'));
  symlinkSync('../../mine', folder);
  box.do((root) => root.recover());
  assert.ok(existsSync(box.path('usr/mine/file-0')), 'it is somebody else’s now');
  assert.ok(!existsSync(box.path('usr/share/a/1/file-8')));
  assert.deepEqual(
    box.do((root) => root.checkInvariants()),
    [],
  );
});
