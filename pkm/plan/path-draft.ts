import type { PathRows } from '../state/path-rows.ts';
import type { FileRow } from '../types.ts';

/**
 * The rows of one path while a generation is put together. A directory may have thousands of owners, and each of them may come and go
 * in one change: no step goes through all of them.
 */
export class PathDraft {
  readonly before: PathRows;
  /** By owner; `undefined`: it had a row. */
  readonly #changes = new Map<string, FileRow | undefined>();
  /** Of what was put, the row that counts; `null`: not known. */
  #firstPut: FileRow | undefined | null;
  /** All before this place of `before` was changed. */
  #from = 0;

  constructor(before: PathRows) {
    this.before = before;
  }

  of(owner: string): FileRow | undefined {
    return this.#changes.has(owner) ? this.#changes.get(owner) : this.before.of(owner);
  }

  put(row: FileRow): void {
    const { owner } = row;
    if (this.#firstPut?.owner === owner) this.#firstPut = null;
    this.#changes.set(owner, row);
    if (this.#firstPut !== null && countsMore(row, this.#firstPut)) this.#firstPut = row;
  }

  /** @param old  what it had before, where that is known */
  drop(owner: string, old: FileRow | undefined = this.before.of(owner)): void {
    if (this.#firstPut?.owner === owner) this.#firstPut = null;
    if (old === undefined) this.#changes.delete(owner);
    else this.#changes.set(owner, undefined);
  }

  /** Sorted by owner. Cost: their number. */
  rows(): readonly FileRow[] {
    if (this.#changes.size === 0) return this.before.all();
    const put = [...this.#changes.values()].filter((row) => row !== undefined);
    const left = this.before.all().filter(({ owner }) => !this.#changes.has(owner));
    return left.length === 0 && put.length < 2 ? put : [...left, ...put].sort(byOwner);
  }

  /** The row that says how the path stands: see `effective`. @param but  this owner's is left out */
  first(but?: string): FileRow | undefined {
    const staying = this.#firstStaying(but);
    const put = this.#firstOfPut(but);
    return put !== undefined && countsMore(put, staying) ? put : staying;
  }

  /** What is other than before, each with what it was. */
  *changes(): Generator<{ readonly old: FileRow | undefined; readonly row: FileRow | undefined }> {
    for (const [owner, row] of this.#changes) yield { old: this.before.of(owner), row };
  }

  #firstStaying(but: string | undefined): FileRow | undefined {
    this.#from = this.#next(undefined);
    return this.before.nth(this.#next(but));
  }

  /** The first place that was not changed; behind the last where there is none. */
  #next(but: string | undefined): number {
    let at = this.#from;
    for (let row = this.before.nth(at); row !== undefined; row = this.before.nth(++at))
      if (row.owner !== but && !this.#changes.has(row.owner)) break;
    return at;
  }

  #firstOfPut(but: string | undefined): FileRow | undefined {
    if (this.#firstPut === null) this.#firstPut = this.#searchPut(undefined);
    return but !== undefined && this.#firstPut?.owner === but ? this.#searchPut(but) : this.#firstPut;
  }

  #searchPut(but: string | undefined): FileRow | undefined {
    let first: FileRow | undefined;
    for (const row of this.#changes.values()) if (row !== undefined && row.owner !== but && countsMore(row, first)) first = row;
    return first;
  }
}

const byOwner = (a: FileRow, b: FileRow): number => (a.owner < b.owner ? -1 : 1);

/** Of a path: whether the first of two rows says how it stands. */
function countsMore(row: FileRow, other: FileRow | undefined): boolean {
  if (other === undefined) return true;
  const isPlain = isPlainDirectory(row);
  return isPlain === isPlainDirectory(other) ? row.owner < other.owner : !isPlain;
}

/** The row that says how a path stands on the disk. Of several owners of a directory, the first by name that wants more than 0755. */
export const effective = (rows: readonly FileRow[]): FileRow | undefined =>
  rows.length < 2 ? rows[0] : (rows.find((row) => !isPlainDirectory(row)) ?? rows[0]);

export const isPlainDirectory = (entry: { kind: string; mode: number; uid: number; gid: number }): boolean =>
  entry.kind === 'directory' && entry.mode === 0o755 && entry.uid === 0 && entry.gid === 0;
