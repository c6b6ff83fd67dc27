/**
 * Transfers that broke off, kept under `<home>/var/cache/partial` so that they go on where they were. The name of a file holds the
 * process that writes it; another takes it over once that process is dead.
 */
import { closeSync, existsSync, openSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { makeDirectory, processStartTime, SystemFault } from '../../base/index.ts';

/** What nobody came back for in this time goes, */
const MAX_AGE_MS = 7 * 24 * 3600 * 1000;
/** and what is older than the newest of so much. */
const MAX_BYTES = 8 * 2 ** 30;

export interface BrokenOff {
  readonly nFiles: number;
  readonly sizeBytes: number;
}

/** Removes, or only counts, the transfers that nobody is at. */
export function removeBrokenOff(home: string, { dryRun }: { dryRun: boolean }): BrokenOff {
  const left = leftIn(folderOf(home));
  if (!dryRun) for (const { path } of left) rmSync(path, { force: true });
  return { nFiles: left.length, sizeBytes: left.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) };
}

const folderOf = (home: string): string => `${home}/var/cache/partial`;

/** Files that no process writes, the newest first. */
function leftIn(folder: string): { readonly path: string; readonly sizeBytes: number; readonly mtimeMs: number }[] {
  if (!existsSync(folder)) return [];
  const found = readdirSync(folder).flatMap((name) => {
    const path = `${folder}/${name}`;
    const stat = isAlive(name) ? undefined : statSync(path, { throwIfNoEntry: false });
    return stat === undefined ? [] : [{ path, sizeBytes: stat.size, mtimeMs: stat.mtimeMs }];
  });
  return found.sort((a, b) => b.mtimeMs - a.mtimeMs);
}

export class Partials {
  readonly #folder: string;
  readonly #mine: string;
  #isSwept: boolean = false;

  constructor(home: string) {
    this.#folder = folderOf(home);
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
    let newerBytes = 0;
    for (const { path, sizeBytes, mtimeMs } of leftIn(this.#folder)) {
      // The newest stays, however large: it would never come to its end.
      const isBeyond = newerBytes > 0 && newerBytes + sizeBytes > MAX_BYTES;
      if (isBeyond || mtimeMs < Date.now() - MAX_AGE_MS) this.drop(path);
      else newerBytes += sizeBytes;
    }
  }
}

function isAlive(name: string): boolean {
  const [, pid, start] = /\.(\d+)-(\d+)$/.exec(name) ?? [];
  return pid !== undefined && pid !== '0' && processStartTime(Number(pid)) === start;
}
