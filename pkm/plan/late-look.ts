/**
 * Plain files that go with their packages are looked at when they are removed, in one pass, where nobody asks beforehand what will
 * happen: they go in any case. Only what is said of them depends on how they stand.
 */
import { Fault, SystemFault } from '../../base/index.ts';
import type { TimedFile } from '../../store/index.ts';
import type { Disk, DiskEntry } from '../disk.ts';
import type { FileRow, Warning } from '../types.ts';
import { FOLDER_STAYS, GOES_MODIFIED, isSame, isUntouched } from './as-placed.ts';
import type { PlainRemovals } from './operations.ts';

export class LateLook {
  readonly plain: PlainRemovals;
  readonly warnings: Warning[] = [];
  /** Of files that were not there any more, and so were not removed. */
  nAbsent = 0;
  readonly #disk: Disk;
  readonly #rowsOf: (paths: readonly string[]) => readonly FileRow[];

  /** @param rowsOf  the rows that files had */
  constructor(disk: Disk, plain: PlainRemovals, rowsOf: (paths: readonly string[]) => readonly FileRow[]) {
    this.#disk = disk;
    this.plain = plain;
    this.#rowsOf = rowsOf;
  }

  /** To be called once, before files are removed that may not be as they were placed. */
  look(files: readonly TimedFile[]): void {
    const suspects = new Map<string, DiskEntry>();
    for (const file of files) {
      const there = this.#entry(file.path);
      if (there === undefined || there.kind === 'directory') this.nAbsent++;
      if (there !== undefined && !isUntouched(file, there)) suspects.set(file.path, there);
    }
    if (suspects.size === 0) return;
    for (const row of this.#rowsOf([...suspects.keys()])) {
      const there = suspects.get(row.path)!;
      const isFolder = there.kind === 'directory';
      if (!isFolder && this.#isSame(row, there)) continue;
      const text = isFolder ? FOLDER_STAYS : GOES_MODIFIED;
      this.warnings.push({ kind: 'modified-file', path: row.path, package: row.owner, text });
    }
  }

  /** What cannot be looked at any more is removed, or not, all the same. */
  #entry(path: string): DiskEntry | undefined {
    try {
      return this.#disk.entry(path);
    } catch (error) {
      if (error instanceof Fault || error instanceof SystemFault) return undefined;
      throw error;
    }
  }

  #isSame(row: FileRow, there: DiskEntry): boolean {
    try {
      return isSame(this.#disk, row, there);
    } catch (error) {
      if (error instanceof SystemFault) return false;
      throw error;
    }
  }
}
