/** What makes room where a disk is full, or what a user may have of it: that goes by what lies there. */
import { statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';

const OF_THE_STORE = "make room: 'igos gc' removes what nothing needs, 'igos gc --dry-run' shows what that is";
const OF_THE_ROOT =
  "'pkm gc --keep 3' and 'pkm cache clean' free what pkm keeps, 'pkm remove' what a package has, on a full disk too; else make room on that file system";
const OF_THE_DEPOT = "'igos depot gc' removes archives that nothing needs, 'igos depot gc --dry-run' shows which";
const TEMPORARY = 'make room there, or have TMPDIR name a folder on a larger file system';
const ELSEWHERE = 'make room on that file system, or name a place on another';

/** State and caches of a root: other commands make room there. */
export const OF_A_ROOT: RegExp = /\/var\/(lib|cache)\/igos\//;

export interface FullDiskOptions {
  readonly program: string;
  /** `depot extract`, where a command was understood. */
  readonly command?: string;
  /** The folder of the store, where it is known. */
  readonly home?: string;
}

/** @param path  absolute: what could not be written */
export function roomHints(path: string, { program, command = '', home }: FullDiskOptions): string[] {
  if (OF_A_ROOT.test(path)) return [OF_THE_ROOT];
  if (home === undefined || isBelow(path, home)) return [OF_THE_STORE];
  const hints = isBelow(path, tmpdir())
    ? [TEMPORARY]
    : program === 'pkm'
      ? [OF_THE_ROOT]
      : command.startsWith('depot ')
        ? [OF_THE_DEPOT]
        : [];
  const shared = isOnDiskOf(path, home) ? [OF_THE_STORE] : [];
  return hints.length + shared.length === 0 ? [ELSEWHERE] : [...hints, ...shared];
}

export const isBelow = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);

/** Whether collecting garbage makes room for it. What is not there yet is where its folder is. */
function isOnDiskOf(path: string, home: string): boolean {
  const deviceOf = (each: string): number | undefined => statSync(each, { throwIfNoEntry: false })?.dev;
  try {
    const store = deviceOf(home);
    let at = path;
    while (deviceOf(at) === undefined && at !== '/') at = dirname(at);
    return store !== undefined && store === deviceOf(at);
  } catch {
    return false;
  }
}
