/**
 * Which objects were optimised, so that they are not looked at again: a line each, `<base> <time of registration>`, in `<home>/var/optimised`.
 * Not in the index, whose commits wait for the disk: what is lost here is done again, and what is here too early (it was
 * marked, and a loss of power took the links) costs space and nothing else.
 */
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { SystemFault, sys, writeAll, writeFileAtomic } from '../base/index.ts';

/** Lines about objects that are gone, or that were marked again, until the rest is written anew. */
const MAX_DEAD = 1000;

export class OptimisedMarks {
  readonly #path: string;
  readonly #marks = new Map<string, string>();
  #nLines = 0;

  /** @param isForgotten  what was marked before does not count: its files are in no pool */
  constructor(home: string, isForgotten: boolean) {
    this.#path = `${home}/var/optimised`;
    if (isForgotten) sys('remove', this.#path, () => rmSync(this.#path, { force: true }));
    for (const line of readLines(this.#path)) {
      const [base = '', registeredAt = ''] = line.split(' ');
      this.#marks.set(base, registeredAt);
      this.#nLines++;
    }
  }

  has(base: string, registeredAt: number): boolean {
    return this.#marks.get(base) === String(registeredAt);
  }

  /**
   * @param living  bases of all objects, where the caller knows them: others are forgotten
   * @throws SystemFault
   */
  add(bases: ReadonlyMap<string, number>, living: ReadonlySet<string> | undefined): void {
    if (living !== undefined && this.#nLines + bases.size > 2 * living.size + MAX_DEAD) {
      for (const base of this.#marks.keys()) if (!living.has(base)) this.#marks.delete(base);
      for (const [base, registeredAt] of bases) this.#marks.set(base, String(registeredAt));
      writeFileAtomic(this.#path, toText(this.#marks));
      return;
    }
    sys('write', this.#path, () => {
      const fd = openSync(this.#path, 'a', 0o644);
      try {
        // A line of its own, also where a full disk cut the one before.
        writeAll(fd, Buffer.from(`\n${toText(bases)}`, 'latin1'));
      } finally {
        closeSync(fd);
      }
    });
  }
}

const toText = (marks: ReadonlyMap<string, number | string>): string =>
  Array.from(marks, ([base, registeredAt]) => `${base} ${registeredAt}\n`).join('');

/** Whole lines alone. */
function readLines(path: string): string[] {
  try {
    return readFileSync(path, 'latin1')
      .split('\n')
      .slice(0, -1)
      .filter((line) => line !== '');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new SystemFault('read', path, error);
  }
}
