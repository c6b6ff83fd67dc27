/**
 * What running processes use, or are about to: a file a process (and store) under `<home>/var/temproots`, named
 * `<pid>-<start>-<n>`, one base name a line. A collector reads all of them; those of dead processes it removes.
 *
 * Whoever decides by a path's validity writes the path here first, then looks at `collecting`, then at the index. A collector holds
 * the index for writing, makes `collecting`, reads these files, and takes paths out of the index. So either it reads our line, or
 * we see its mark and wait for the index. Marks are made and removed only by who holds the index: one that is seen by somebody who
 * does is a left-over.
 *
 * @source docs/decisions/0007-gc-and-locks.md
 */
import { closeSync, existsSync, openSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { makeDirectory, namesIn, processStartTime, sys, writeAll } from '../base/index.ts';
import type { StoreIndex } from './store-index.ts';
import { storePathBase } from './store-path.ts';
import type { StorePath } from './types.ts';

const MARK = 'collecting';

let counter = 0;

/** What one open store of this process uses. */
export class TemporaryRoots {
  readonly #folder: string;
  readonly #index: StoreIndex;
  readonly #known = new Set<StorePath>();
  #file: { readonly path: string; readonly fd: number } | undefined;

  constructor(folder: string, index: StoreIndex) {
    this.#folder = folder;
    this.#index = index;
  }

  /**
   * From now until `close` no collection takes these paths away if they are valid when this returns; it may have waited for one.
   * Not inside of a transaction.
   *
   * @returns whether any of them was not held before, so that what was seen of it until now does not count
   * @throws SystemFault
   */
  add(paths: readonly StorePath[]): boolean {
    const unknown = paths.filter((path) => !this.#known.has(path));
    if (unknown.length === 0) return false;
    this.#file ??= create(this.#folder);
    const { fd, path } = this.#file;
    sys('write', path, () => writeAll(fd, Buffer.from(unknown.map((each) => `${storePathBase(each)}\n`).join(''), 'latin1')));
    for (const each of unknown) this.#known.add(each);
    if (existsSync(`${this.#folder}/${MARK}`)) this.#index.write(() => unmark(this.#folder));
    this.#index.refresh();
    return true;
  }

  close(): void {
    if (this.#file === undefined) return;
    closeSync(this.#file.fd);
    try {
      unlinkSync(this.#file.path);
    } catch {
      // its folder was removed under us, as tests do
    }
    this.#file = undefined;
    this.#known.clear();
  }
}

/** Threads of one process count for themselves. */
function create(folder: string): { path: string; fd: number } {
  makeDirectory(folder);
  for (;;) {
    const path = `${folder}/${process.pid}-${processStartTime(process.pid) ?? 0}-${counter++}`;
    try {
      return { path, fd: openSync(path, 'ax', 0o644) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
        sys('create', path, () => {
          throw error;
        });
    }
  }
}

/** Says that temporary roots are about to be read. Only inside of a transaction. */
export function mark(folder: string): void {
  makeDirectory(folder);
  sys('create', `${folder}/${MARK}`, () => writeFileSync(`${folder}/${MARK}`, ''));
}

/** Only inside of a transaction. */
export function unmark(folder: string): void {
  sys('remove', `${folder}/${MARK}`, () => rmSync(`${folder}/${MARK}`, { force: true }));
}

/** What living processes use; files of dead ones are removed, unless it is only a look. A line that is not complete was not looked at either. */
export function readTemporaryRoots(folder: string, options: { isLook: boolean }): { pid: number; base: string }[] {
  const found: { pid: number; base: string }[] = [];
  for (const name of namesIn(folder)) {
    const [, pid, start] = /^(\d+)-(\d+)-\d+$/.exec(name) ?? [];
    if (pid === undefined) continue;
    const path = `${folder}/${name}`;
    if ((processStartTime(Number(pid)) ?? '') !== start) {
      if (!options.isLook) rmSync(path, { force: true });
      continue;
    }
    for (const base of read(path).split('\n').slice(0, -1)) found.push({ pid: Number(pid), base });
  }
  return found;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    return sys('read', path, () => {
      throw error;
    });
  }
}
