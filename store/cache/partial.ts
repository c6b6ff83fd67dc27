/**
 * Transfers that broke off, kept under `<home>/var/cache/partial` so that they go on where they were. The name of a file holds the
 * process that writes it; another takes it over once that process is dead.
 */
import { closeSync, openSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { makeDirectory, processStartTime, SystemFault } from '../../base/index.ts';

/** What nobody came back for in this time goes. */
const MAX_AGE_MS = 7 * 24 * 3600 * 1000;

export class Partials {
  readonly #folder: string;
  readonly #mine: string;
  #isSwept: boolean = false;

  constructor(home: string) {
    this.#folder = `${home}/var/cache/partial`;
    this.#mine = `${process.pid}-${processStartTime(process.pid) ?? 0}`;
  }

  /** A file to append to, which may hold something already. `key` names the very bytes: a hash. */
  claim(key: string): { path: string } {
    if (!this.#isSwept) this.#sweep();
    const path = this.#create(key);
    for (const name of readdirSync(this.#folder)) {
      if (!name.startsWith(`${key}.`) || isAlive(name)) continue;
      try {
        renameSync(`${this.#folder}/${name}`, path);
        break;
      } catch {
        // another process was faster
      }
    }
    return { path };
  }

  /** A new one: the same bytes may be on their way for another path, and two that append to one file would spoil it. */
  #create(key: string): string {
    for (let n = 0; ; n++) {
      const path = `${this.#folder}/${key}.${n === 0 ? '' : `${n}.`}${this.#mine}`;
      try {
        closeSync(openSync(path, 'wx', 0o600));
        return path;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw new SystemFault('create', path, error);
      }
    }
  }

  /** Lets others of this process or later ones go on with it. */
  release(path: string): void {
    const sizeBytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    if (sizeBytes === 0) this.drop(path);
    else renameSync(path, path.replace(/\.[^.]*$/, '.0-0'));
  }

  drop(path: string): void {
    rmSync(path, { force: true });
  }

  #sweep(): void {
    makeDirectory(this.#folder, 0o700);
    this.#isSwept = true;
    for (const name of readdirSync(this.#folder)) {
      const path = `${this.#folder}/${name}`;
      const stat = statSync(path, { throwIfNoEntry: false });
      if (stat !== undefined && !isAlive(name) && stat.mtimeMs < Date.now() - MAX_AGE_MS) this.drop(path);
    }
  }
}

function isAlive(name: string): boolean {
  const [, pid, start] = /\.(\d+)-(\d+)$/.exec(name) ?? [];
  return pid !== undefined && pid !== '0' && processStartTime(Number(pid)) === start;
}
