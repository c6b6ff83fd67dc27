/**
 * What keeps objects from being collected.
 *
 * | place | root |
 * | --- | --- |
 * | `<home>/var/gcroots/**` | symlinks into the store; plain files named like an object |
 * | `<home>/var/gcroots/auto/*` | symlinks to symlinks into the store: `result` links anywhere |
 * | `<home>/var/profiles/**` | symlinks into the store |
 * | `<home>/var/temproots/*` | what running processes of ours use |
 * | `/proc` | what any running program executes, maps, has open, stands in, or names in its environment |
 */
import { lstatSync, readdirSync, readFileSync, readlinkSync, renameSync, rmSync, type Stats } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { Fault, makeDirectory, sha256, symlinkAtomic, sys, systemFaultOf } from '../base/index.ts';
import type { StoreCode } from './codes.ts';
import { storePathBase, tryParseStorePath } from './store-path.ts';
import { readTemporaryRoots } from './temporary-roots.ts';
import type { Root, StorePath } from './types.ts';

/** Where a store is. */
export interface StorePlace {
  readonly home: string;
  readonly storeDir: string;
}

export interface FoundRoots {
  readonly roots: Root[];
  /** Entries of `auto` whose link is gone. */
  readonly stale: string[];
}

/**
 * All roots. Those of processes are read first, then links: a process that hands a path over from the one to the other is never missed.
 *
 * @throws SystemFault a folder of roots cannot be read: not knowing a root would mean to collect what it keeps
 */
export function findRoots(place: StorePlace, options: { withProcesses: boolean; isLook?: boolean }): FoundRoots {
  const roots: Root[] = [];
  const stale: string[] = [];
  for (const { pid, base } of readTemporaryRoots(`${place.home}/var/temproots`, { isLook: options.isLook ?? true })) {
    const path = tryParseStorePath(`${place.storeDir}/${base}`, place.storeDir);
    if (path !== undefined) roots.push({ kind: 'temporary', from: `process ${pid}`, path });
  }
  if (options.withProcesses) roots.push(...processRoots(place));
  const links = new LinkRoots(place, { roots, stale });
  links.walk(`${place.home}/var/gcroots`, 'link');
  links.walk(`${place.home}/var/profiles`, 'profile');
  return { roots, stale };
}

class LinkRoots {
  readonly #place: StorePlace;
  readonly #found: FoundRoots;
  readonly #auto: string;

  constructor(place: StorePlace, found: FoundRoots) {
    this.#place = place;
    this.#found = found;
    this.#auto = autoFolder(place.home);
  }

  walk(folder: string, kind: 'link' | 'profile'): void {
    for (const entry of listFolder(folder)) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) this.walk(path, kind);
      else if (entry.isSymbolicLink()) this.#link(path, folder, kind);
      else {
        const named = tryParseStorePath(`${this.#place.storeDir}/${entry.name}`, this.#place.storeDir);
        if (named !== undefined) this.#found.roots.push({ kind, from: path, path: named });
      }
    }
  }

  #link(path: string, folder: string, kind: 'link' | 'profile'): void {
    const target = linkTarget(path);
    if (target === undefined) return;
    const direct = storePathOf(this.#place, target);
    if (direct !== undefined) {
      this.#found.roots.push({ kind, from: path, path: direct });
      return;
    }
    const indirect = linkTarget(target);
    if (indirect === undefined) {
      if (folder === this.#auto && statOf(target) === undefined && !isBeingMade(path)) this.#found.stale.push(path);
      return;
    }
    const named = storePathOf(this.#place, indirect);
    if (named === undefined) return;
    this.#found.roots.push(
      kind === 'profile' ? { kind, from: path, path: named } : { kind: 'result', from: target, path: named },
    );
  }
}

/** The object that an absolute path lies in, named as everyone does or as it lies on this disk. */
export function storePathOf({ home, storeDir }: StorePlace, path: string): StorePath | undefined {
  for (const folder of [storeDir, `${home}/store`]) {
    if (!path.startsWith(`${folder}/`)) continue;
    const [base] = path.slice(folder.length + 1).split('/');
    return tryParseStorePath(`${storeDir}/${base}`, storeDir);
  }
  return undefined;
}

/** Absolute; `undefined` where there is no link. */
function linkTarget(path: string): string | undefined {
  try {
    return resolve(dirname(path), readlinkSync(path));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EINVAL' || code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    return sys('read the link', path, () => {
      throw error;
    });
  }
}

const statOf = (path: string): Stats | undefined => {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return undefined;
    return sys('read', path, () => {
      throw error;
    });
  }
};

function listFolder(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    return sys('read the folder', folder, () => {
      throw error;
    });
  }
}

const autoFolder = (home: string): string => `${home}/var/gcroots/auto`;

/** The entry of `auto` that stands for a link elsewhere. */
const autoEntry = (home: string, link: string): string => `${autoFolder(home)}/${sha256(Buffer.from(link)).slice(0, 32)}`;

/** What a process is about to rename; after an hour it has died. */
const FORSAKEN_MS = 3_600_000;
const isBeingMade = (entry: string): boolean =>
  basename(entry).startsWith('.tmp-') && Date.now() - (statOf(entry)?.mtimeMs ?? 0) < FORSAKEN_MS;

/**
 * Makes the symlink `link` (absolute) to an object on this disk, and a root of it: as long as the link is there, the object is.
 * A link into the store that stands there is replaced, anything else is not.
 *
 * @throws Fault E-STORE-060 something else stands there · SystemFault
 */
export function addRoot(place: StorePlace, link: string, path: StorePath): void {
  const found = statOf(link);
  if (found !== undefined) {
    const target = found.isSymbolicLink() ? linkTarget(link) : undefined;
    if (target === undefined || storePathOf(place, target) === undefined) throw notOurLink(link);
  }
  makeDirectory(autoFolder(place.home));
  const entry = autoEntry(place.home, link);
  // A collection that saw the entry before the link may have taken it away: `forgetLink`.
  do {
    symlinkAtomic(link, entry);
    symlinkAtomic(`${place.home}/store/${storePathBase(path)}`, link);
  } while (linkTarget(entry) !== resolve(link));
}

/**
 * Takes an entry of `auto` away, unless its link was made anew meanwhile. Aside it is a root as before: whoever makes the link after we
 * looked finds its entry gone, and makes that again.
 *
 * @param isStill  asked of the link, once the entry is aside
 * @returns whether it was
 */
export function forgetLink(entry: string, isStill: (link: string) => boolean): boolean {
  const link = linkTarget(entry);
  const aside = `${dirname(entry)}/.aside-${process.pid}-${basename(entry).slice(-32)}`;
  try {
    sys('remove', entry, () => renameSync(entry, aside));
  } catch (error) {
    if (systemFaultOf(error)?.errno === 'ENOENT') return false; // somebody else did
    throw error;
  }
  if (link !== undefined && !isStill(link)) {
    sys('remove', entry, () => renameSync(aside, entry));
    return false;
  }
  sys('remove', entry, () => rmSync(aside, { force: true }));
  return true;
}

/** Whether nothing stands there. */
export const isGone = (link: string): boolean => statOf(link) === undefined;

const notOurLink = (link: string): Fault =>
  new Fault('E-STORE-060' satisfies StoreCode, `'${link}' is there already, and is no link into the store`, {
    hints: ['give another name with --out-link, or move it away'],
  });

/**
 * Removes the link and lets go of what it keeps. `link` is absolute: one made by `addRoot`, or one below `var/gcroots`.
 *
 * @throws Fault E-STORE-061 it is no root · SystemFault
 */
export function removeRoot(place: StorePlace, link: string): void {
  const target = linkTarget(link);
  const entry = autoEntry(place.home, link);
  const isBelow = link.startsWith(`${place.home}/var/gcroots/`);
  if (target === undefined || storePathOf(place, target) === undefined || (!isBelow && statOf(entry) === undefined)) {
    throw new Fault('E-STORE-061' satisfies StoreCode, `'${link}' is not a root`, {
      hints: ["'igos store roots' lists them"],
    });
  }
  sys('remove', link, () => rmSync(link));
  rmSync(entry, { force: true });
}

/** @param olderThan  seconds since 1970 */
export function isOlder(link: string, olderThan: number): boolean {
  const stat = statOf(link);
  return stat !== undefined && stat.mtimeMs / 1000 < olderThan;
}

/** A generation of a profile: `<name>-<number>-link` beside `<name>`, which points at the current one. */
const GENERATION = /^(.+)-\d+-link$/;

/** Links that were made before, and count no longer: of `auto` the entry alone (the link is its owner's), of profiles what is not current. */
export function outdatedRoots({ home, storeDir }: StorePlace, olderThan: number): { entry: string; link: string }[] {
  const outdated: { entry: string; link: string }[] = [];
  const isOld = (link: string): boolean => isOlder(link, olderThan);
  for (const { name } of listFolder(autoFolder(home))) {
    const entry = `${autoFolder(home)}/${name}`;
    const link = linkTarget(entry);
    if (link !== undefined && storePathOf({ home, storeDir }, link) === undefined && isOld(link)) outdated.push({ entry, link });
  }
  const walk = (folder: string): void => {
    for (const each of listFolder(folder)) {
      const path = `${folder}/${each.name}`;
      if (each.isDirectory()) walk(path);
      const [, profile] = GENERATION.exec(each.name) ?? [];
      if (profile === undefined || !each.isSymbolicLink()) continue;
      if (linkTarget(`${folder}/${profile}`) !== path && isOld(path)) outdated.push({ entry: path, link: path });
    }
  };
  walk(`${home}/var/profiles`);
  return outdated;
}

/** What programs have in use. Processes of others, which we may not look into, are left out: they cannot use what is ours alone. */
function processRoots(place: StorePlace): Root[] {
  const folders = [...new Set([place.storeDir, `${place.home}/store`])];
  const pattern = new RegExp(`(?:${folders.map(escapeRegExp).join('|')})/([0-9a-z]{32}-[0-9a-zA-Z+._?=-]+)`, 'g');
  const roots: Root[] = [];
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    const bases = new Set<string>();
    const scan = (text: string): void => {
      for (const [, base] of text.matchAll(pattern)) bases.add(base!);
    };
    for (const link of ['exe', 'cwd', 'root']) scan(quietly(() => readlinkSync(`/proc/${pid}/${link}`)) ?? '');
    const fds = quietly(() => readdirSync(`/proc/${pid}/fd`)) ?? [];
    for (const fd of fds) scan(quietly(() => readlinkSync(`/proc/${pid}/fd/${fd}`)) ?? '');
    for (const file of ['maps', 'environ']) scan(quietly(() => readFileSync(`/proc/${pid}/${file}`, 'latin1')) ?? '');
    for (const base of bases) {
      const path = tryParseStorePath(`${place.storeDir}/${base}`, place.storeDir);
      if (path !== undefined) roots.push({ kind: 'process', from: `process ${pid}`, path });
    }
  }
  return roots;
}

const escapeRegExp = (text: string): string => text.replace(/[^\w/]/g, '\\$&');

function quietly<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}
