import type { TimedFiles } from '../../store/index.ts';
import { NO_FILES } from '../state/plain-files.ts';
import type { StateDelta, StateView } from '../state/state.ts';
import { sameFile, sameRecord } from '../state/state.ts';
import type { FileRow, PackageRecord } from '../types.ts';

/** A generation being put together on top of another one: the state as the packages so far in the queue leave it. */
export class Draft {
  readonly base: StateView;
  readonly #rows = new Map<string, readonly FileRow[]>();
  readonly #records = new Map<string, PackageRecord | undefined>();
  #plain: TimedFiles = NO_FILES;

  constructor(base: StateView) {
    this.base = base;
  }

  rowsAt(path: string): readonly FileRow[] {
    return this.#rows.get(path) ?? this.base.rowsAt(path);
  }

  record(name: string): PackageRecord | undefined {
    return this.#records.has(name) ? this.#records.get(name) : this.base.record(name);
  }

  /** Sorted by name. */
  records(): PackageRecord[] {
    const all = new Map(this.base.records().map((record) => [record.name, record]));
    for (const [name, record] of this.#records) {
      if (record === undefined) all.delete(name);
      else all.set(name, record);
    }
    return [...all.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Cost: all paths touched so far, and the owner's. */
  filesOf(owner: string): FileRow[] {
    const rows = this.base.filesOf(owner).filter((row) => !this.#rows.has(row.path));
    for (const touched of this.#rows.values()) rows.push(...touched.filter((row) => row.owner === owner));
    return rows;
  }

  put(row: FileRow): void {
    const rows = this.rowsAt(row.path);
    const others = rows.length === 0 ? rows : rows.filter((other) => other.owner !== row.owner);
    this.#rows.set(row.path, others.length === 0 ? [row] : [...others, row].sort((a, b) => (a.owner < b.owner ? -1 : 1)));
  }

  drop(row: FileRow): void {
    this.#rows.set(
      row.path,
      this.rowsAt(row.path).filter((other) => other.owner !== row.owner),
    );
  }

  putRecord(record: PackageRecord): void {
    this.#records.set(record.name, record);
  }

  dropRecord(name: string): void {
    this.#records.set(name, undefined);
  }

  /**
   * Takes packages out whole, the last thing that is done to a draft.
   * @param isLate  plain files are looked at when they are removed: they are no rows of the draft any more
   */
  dropPackages(names: readonly string[], isLate: boolean): void {
    const { plain, rest } = this.base.departing(names, isLate);
    for (const row of rest) this.drop(row);
    for (const name of names) this.dropRecord(name);
    this.#plain = plain;
  }

  /** Rows that say the same as before are no difference. */
  delta(): StateDelta {
    const dropFiles: FileRow[] = [];
    const putFiles: FileRow[] = [];
    for (const [path, rows] of this.#rows) {
      const before = this.base.rowsAt(path);
      for (const row of before) if (!rows.some((other) => other.owner === row.owner)) dropFiles.push(row);
      for (const row of rows) {
        const old = before.find((other) => other.owner === row.owner);
        if (old === undefined || !sameFile(old, row)) putFiles.push(row);
      }
    }
    const dropRecords: string[] = [];
    const putRecords: PackageRecord[] = [];
    for (const [name, record] of this.#records) {
      const old = this.base.record(name);
      if (record === undefined) {
        if (old !== undefined) dropRecords.push(name);
      } else if (old === undefined || !sameRecord(old, record)) putRecords.push(record);
    }
    return { dropRecords, putRecords, dropFiles, putFiles, dropPlain: this.#plain };
  }
}

/** The row that says how a path stands on the disk. Of several owners of a directory, the first by name that wants more than 0755. */
export const effective = (rows: readonly FileRow[]): FileRow | undefined =>
  rows.length < 2 ? rows[0] : (rows.find((row) => !isPlainDirectory(row)) ?? rows[0]);

export const isPlainDirectory = (entry: { kind: string; mode: number; uid: number; gid: number }): boolean =>
  entry.kind === 'directory' && entry.mode === 0o755 && entry.uid === 0 && entry.gid === 0;
