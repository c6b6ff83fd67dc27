/** Directories of very many owners: what a change costs grows with it, not with the square of those that share a directory. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rootDisk } from '../../pkm/disk.ts';
import { directoryEntry, type FileRow, makeImage, type PackageImage } from '../../pkm/index.ts';
import { rootLayout } from '../../pkm/layout.ts';
import { planDisk } from '../../pkm/plan/disk-plan.ts';
import { Draft } from '../../pkm/plan/draft.ts';
import { installImages } from '../../pkm/plan/install.ts';
import { effective, PathDraft } from '../../pkm/plan/path-draft.ts';
import { type Database, openDatabase } from '../../pkm/state/database.ts';
import { KnownRows, SharedRows } from '../../pkm/state/path-rows.ts';
import { databaseState, type StateView } from '../../pkm/state/state.ts';
import { after, pack, stateOf } from './packages-without-files.ts';
import { Sandbox } from './support.ts';

const FOLDER = 'usr/share/all';

/** Counts who asks whose row it is. */
class CountedRow {
  static nLooks = 0;
  readonly #owner: string;
  readonly rest: Omit<FileRow, 'owner'>;
  constructor(owner: string, mode = 0o755) {
    this.#owner = owner;
    this.rest = { ...directoryEntry(FOLDER, mode), kind: 'directory', isConfig: false, wasThere: false, mtimeSeconds: 0 };
    Object.assign(this, this.rest);
  }
  get owner(): string {
    CountedRow.nLooks++;
    return this.#owner;
  }
}

const rowOf = (owner: string, mode?: number): FileRow => new CountedRow(owner, mode) as unknown as FileRow;
const nameOf = (n: number): string => `p${String(n).padStart(5, '0')}`;
const numbers = (n: number): number[] => Array.from({ length: n }, (_, at) => at);
const imageOf = (name: string, version: string): PackageImage =>
  makeImage({
    description: { name, version },
    origin: { kind: 'store', storePath: `/igos/store/${name}-${version}` },
    entries: [directoryEntry(FOLDER)],
    contentPath: () => '',
  });

/** As many as `n` own the directory. */
function shared(n: number): StateView {
  const names = numbers(n).map(nameOf);
  const rows = names.map((name) => rowOf(name));
  const known = new KnownRows(rows);
  const byName = new Map(names.map((name, at) => [name, rows[at]!]));
  const none = stateOf(
    after(
      [],
      names.map((name) => pack(name)),
    ),
  );
  return {
    ...none,
    rowsAt: (path) => (path === FOLDER ? rows : []),
    at: (path) => (path === FOLDER ? known : none.at(path)),
    filesOf: (name) => (byName.has(name) ? [byName.get(name)!] : []),
    departing: (gone) => ({ ...none.departing(gone, false), rest: gone.map((name) => byName.get(name)!) }),
  };
}

const disk = rootDisk(rootLayout('/nowhere'));
const works: Record<string, (draft: Draft, n: number) => void> = {
  'as many come': (draft, n) =>
    void install(
      draft,
      numbers(n).map((at) => nameOf(n + at)),
    ),
  'all are upgraded': (draft, n) => void install(draft, numbers(n).map(nameOf)),
  'all go': (draft, n) => draft.dropPackages(numbers(n).map(nameOf), false),
};

function install(draft: Draft, names: readonly string[]): void {
  const images = names.map((name) => imageOf(name, '2'));
  installImages(draft, images, disk, { now: 1, explicit: new Set() });
}

for (const [what, work] of Object.entries(works)) {
  test(`a directory is shared, and ${what}`, () => {
    const looks = (n: number): number => {
      const draft = new Draft(shared(n));
      CountedRow.nLooks = 0;
      work(draft, n);
      planDisk({
        base: draft.base,
        delta: draft.delta(),
        disk,
        nextBytes: () => Buffer.alloc(0),
        oldBytes: () => undefined,
        withdrawal: () => 'replace',
        isRollback: false,
        overwrite: false,
        now: 1,
        stagingDevice: 0,
      });
      return CountedRow.nLooks;
    };
    const [few, many] = [looks(100), looks(800)];
    assert.ok(many < 8 * 2 * few, `${few} looks at 100, ${many} at 800`);
  });
}

test('a path in the making is what a list of its rows would be', () => {
  let seed = 1;
  const random = (below: number): number => {
    seed = (seed * 48271) % 2147483647;
    return seed % below;
  };
  for (let round = 0; round < 500; round++) {
    const mode = (): number => (random(3) === 0 ? 0o1777 : 0o755);
    const before = numbers(8)
      .filter(() => random(2) === 0)
      .map((n) => rowOf(nameOf(n), mode()));
    const draft = new PathDraft(new KnownRows(before));
    let list = before;
    for (let step = 0; step < 12; step++) {
      const owner = nameOf(random(8));
      const others = list.filter((row) => row.owner !== owner);
      if (random(2) === 0) {
        draft.drop(owner);
        list = others;
      } else {
        const row = rowOf(owner, mode());
        draft.put(row);
        list = [...others, row].sort((a, b) => (a.owner < b.owner ? -1 : 1));
      }
      const but = nameOf(random(8));
      assert.deepEqual(draft.rows(), list);
      assert.equal(draft.first(), effective(list));
      assert.equal(draft.first(but), effective(list.filter((row) => row.owner !== but)));
      assert.equal(
        draft.of(but),
        list.find((row) => row.owner === but),
      );
    }
    for (const { old, row } of draft.changes()) assert.ok(old !== undefined || row !== undefined);
  }
});

/** A root where `n` packages own the same twenty directories. */
function rootOf(box: Sandbox, n: number): void {
  const folders = numbers(20).map((at) => directoryEntry(`usr/share/d${at}`, at === 3 ? 0o1777 : 0o755));
  const contentPath = (): string => '';
  const images = numbers(n).map((at) =>
    makeImage({
      description: { name: nameOf(at), version: '1' },
      origin: { kind: 'store', storePath: `/igos/store/${at}` },
      entries: folders,
      contentPath,
    }),
  );
  box.do((root) => root.install(images));
}

test('one package comes, or goes: what is read of directories that thousands share is what one has', (t) => {
  const nRead = (n: number, work: (draft: Draft) => void): number => {
    const box = new Sandbox(t);
    rootOf(box, n);
    const database = openDatabase(rootLayout(box.root).database, { readOnly: true });
    let nRows = 0;
    const lists: Database['lists'] = (...words) => {
      const rows = database.lists(...words);
      nRows += rows.length;
      return rows;
    };
    work(new Draft(databaseState({ ...database, lists })));
    database.close();
    return nRows;
  };
  const image = makeImage({
    description: { name: 'one', version: '1' },
    origin: { kind: 'store', storePath: '/igos/store/one' },
    entries: numbers(20).map((at) => directoryEntry(`usr/share/d${at}`)),
    contentPath: () => '',
  });
  const works = {
    comes: (draft: Draft) => {
      installImages(draft, [image], disk, { now: 1, explicit: new Set() });
      assert.equal(draft.at('usr/share/d3').of('one')?.mode, 0o1777);
      assert.equal(draft.at('usr/share/d4').of('one')?.mode, 0o755);
    },
    goes: (draft: Draft) => {
      draft.dropPackages([nameOf(0)], false);
      assert.equal(draft.at('usr/share/d3').first()?.owner, nameOf(1));
    },
  };
  for (const [what, work] of Object.entries(works)) {
    const [few, many] = [nRead(100, work), nRead(800, work)];
    assert.ok(many < 2 * few, `${what}: ${few} rows beside 100, ${many} beside 800`);
  }
});

test('rows that are read as they are asked for are those that are read at once', (t) => {
  const box = new Sandbox(t);
  rootOf(box, 50);
  const path = 'usr/share/d5';
  const standing = box.do((root) => root.owns(path));
  const database = openDatabase(rootLayout(box.root).database, { readOnly: false });
  t.after(() => database.close());
  for (const odd of [[], [7], [0, 12, 13, 14, 15, 16, 17, 18, 19, 20, 49], numbers(50)]) {
    const names = JSON.stringify(odd.map(nameOf));
    const mode = 'CASE WHEN package IN (SELECT value FROM json_each(?)) THEN 1023 ELSE 493 END';
    database.run(`UPDATE files SET mode = ${mode} WHERE path = '${path}'`, names);
    const rows = standing.map((row) => ({ ...row, mode: odd.some((n) => nameOf(n) === row.owner) ? 0o1777 : 0o755 }));
    const known = new KnownRows(rows);
    const shared = new SharedRows(database, path, (owner) => rows.find((row) => row.owner === owner));
    for (const n of [50, ...numbers(50)]) assert.deepEqual(shared.nth(n), known.nth(n));
    assert.deepEqual(shared.all(), known.all());
  }
});
