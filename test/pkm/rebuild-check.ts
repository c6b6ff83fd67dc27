/** Loses the database of a copy of a root, has it made anew, and compares the two: what no manifest says apart. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { compareBytes } from '../../base/index.ts';
import { type FileRow, rebuildDatabase } from '../../pkm/index.ts';
import { copySandbox } from './crash-harness.ts';
import type { Sandbox } from './support.ts';

type Row = Record<string, unknown>;

interface Known {
  readonly records: Row[];
  readonly files: Map<string, Row>;
  readonly config: Map<string, Row>;
  readonly manifests: Record<string, string>;
  readonly problems: string[];
  readonly snapshot: Record<string, string>;
}

function knownOf(box: Sandbox): Known {
  const folder = box.path('var/lib/igos/packages');
  const { problems, records } = box.do(
    (root) => ({
      problems: root.verify().problems.map(({ path, kind }) => `${path} ${kind}`),
      // Where an archive lay when it was installed is not in the manifest.
      records: root.list({ all: true }).map(({ fromGeneration: _, origin, ...record }) => {
        return { ...record, origin: { ...origin, file: '' } } as unknown as Row;
      }),
    }),
    { readOnly: true },
  );
  const database = new DatabaseSync(box.path('var/lib/igos/pkm.db'), { readOnly: true });
  const files = database.prepare('SELECT * FROM files').all() as Row[];
  const config = database.prepare('SELECT * FROM config_files WHERE orphaned_at IS NULL').all() as Row[];
  database.close();
  return {
    problems,
    records,
    files: new Map(files.map(({ from_generation: _, ...row }) => [`${row['path']}\0${row['package']}`, row])),
    config: new Map(config.map((row) => [String(row['path']), row])),
    manifests: Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')])),
    snapshot: box.snapshot(),
  };
}

/** @param t  removes the copy */
export async function checkRebuilt(t: { after(work: () => void): void }, original: Sandbox, where: string): Promise<void> {
  const box = copySandbox(t, original.base);
  const before = knownOf(box);
  if (before.records.length === 0) return box.remove();
  for (const end of ['', '-wal', '-shm']) rmSync(box.path(`var/lib/igos/pkm.db${end}`), { force: true });
  const report = await rebuildDatabase(box.root, { user: 'tester' });
  assert.deepEqual([report.skipped, report.incomplete, report.conflicts], [[], [], []], where);
  const after = knownOf(box);
  assert.deepEqual(after.snapshot, before.snapshot, `${where}: the disk`);
  assert.deepEqual(after.records, before.records, `${where}: the packages`);
  assert.deepEqual(after.manifests, withSizes(before.manifests, after.manifests), `${where}: the manifests`);
  assert.deepEqual(
    [...after.files.keys()].sort(compareBytes),
    [...before.files.keys()].sort(compareBytes),
    `${where}: the paths`,
  );
  for (const [key, row] of after.files) {
    const old = before.files.get(key)!;
    // A size is known where the file is as it was placed; the time is the one on the disk, which --fast looks at below.
    const size = row['size'] === -1 ? { size: -1 } : {};
    const mtime = { mtime: row['mtime'] };
    const wasThere = row['kind'] === 'symlink' ? { was_there: 0 } : {};
    assert.deepEqual(row, { ...old, ...size, ...mtime, ...wasThere }, `${where}: ${key}`);
  }
  for (const [path, row] of after.config) {
    const old = before.config.get(path)!;
    const isSettled = row['original_sha256'] === old['original_sha256'];
    const isUnknown = row['original_sha256'] === null;
    const isOffered = row['original_sha256'] === row['upstream_sha256'];
    assert.ok(isSettled || isUnknown || isOffered, `${where}: ${path}`);
    assert.deepEqual(
      row['upstream_sha256'],
      box.do((root) => fingerprint(root.files(String(row['package'])), path)),
      `${where}: ${path}`,
    );
  }
  assert.deepEqual(
    [...after.config.keys()].sort(compareBytes),
    [...before.config.keys()].sort(compareBytes),
    `${where}: the configuration`,
  );
  assert.deepEqual(after.problems, before.problems, `${where}: what verify finds`);
  box.do((root) => {
    const isNew = ({ path, kind }: { path: string; kind: string }): boolean => !before.problems.includes(`${path} ${kind}`);
    assert.deepEqual(root.verify({ fast: true }).problems.filter(isNew), [], `${where}: verify --fast`);
    assert.deepEqual([root.checkInvariants(), root.verify().manifests, root.verify().history], [[], [], undefined], where);
    // And it can be worked with.
    const generation = root.generation;
    root.install([box.image('later 1', { 'usr/later': 'x' })]);
    assert.equal(root.generation, generation + 1, where);
  });
  assert.equal(box.read('usr/later'), 'x');
  await box.do((root) => root.rollback(root.generation - 1));
  assert.deepEqual(box.snapshot(), before.snapshot, `${where}: back again`);
  box.remove();
}

function fingerprint(rows: readonly FileRow[], path: string): string | undefined {
  const row = rows.find((one) => one.path === path);
  return row?.kind === 'symlink' ? `link:${row.target}` : row?.sha256;
}

/** The sum of sizes is less where a size is not known. */
const withSizes = (texts: Record<string, string>, other: Record<string, string>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(texts).map(([name, text]) => [
      name,
      text.replace(/^UNCOMPRESSED SIZE.*$/m, /^UNCOMPRESSED SIZE.*$/m.exec(other[name] ?? '')?.[0] ?? ''),
    ]),
  );
