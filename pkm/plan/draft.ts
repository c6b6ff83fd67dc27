import type { TimedFiles } from '../../store/index.ts';
import { NO_FILES } from '../state/plain-files.ts';
import type { StateDelta, StateView } from '../state/state.ts';
import { sameFile, sameRecord } from '../state/state.ts';
import type { FileRow, PackageRecord } from '../types.ts';
import { PathDraft } from './path-draft.ts';

/** A generation being put together on top of another one: the state as the packages so far in the queue leave it. */
export class Draft {
  readonly base: StateView;
  readonly #paths = new Map<string, PathDraft>();
  readonly #records = new Map<string, PackageRecord | undefined>();
  #plain: TimedFiles = NO_FILES;

  constructor(base: StateView) {
    this.base = base;
  }

  at(path: string): PathDraft {
    return this.#paths.get(path) ?? this.#begin(path);
  }

  /** Sorted by owner. */
  rowsAt(path: string): readonly FileRow[] {
    return this.#paths.get(path)?.rows() ?? this.base.rowsAt(path);
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

  put(row: FileRow): void {
    this.at(row.path).put(row);
  }

  /** @param row  of the base */
  drop(row: FileRow): void {
    this.at(row.path).drop(row.owner, row);
  }

  /** Takes out what a package has on the base, but for these paths. */
  dropFilesOf(owner: string, but?: ReadonlySet<string>): void {
    const rows = this.base.filesOf(owner).filter(({ path }) => but?.has(path) !== true);
    this.base.prefetch(rows.map(({ path }) => path));
    for (const row of rows) this.drop(row);
  }

  #begin(path: string): PathDraft {
    const begun = new PathDraft(this.base.at(path));
    this.#paths.set(path, begun);
    return begun;
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
    for (const path of this.#paths.values()) {
      for (const { old, row } of path.changes()) {
        if (row === undefined) dropFiles.push(old!);
        else if (old === undefined || !sameFile(old, row)) putFiles.push(row);
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
