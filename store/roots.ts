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
import {
  type Dirent,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
} from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import {
  type Bytes,
  bytesToPath,
  bytesToText,
  Fault,
  makeDirectory,
  sha256,
  shellWord,
  symlinkAtomic,
  sys,
  systemFaultOf,
  textToBytes,
} from '../base/index.ts';
import type { StoreCode } from './codes.ts';
import { isThere, ownedLinks, ownerOf, removeOwnedLinks } from './root-owner.ts';
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
  readonly stale: Bytes[];
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
  links.walk(textToBytes(`${place.home}/var/gcroots`), 'link');
  links.walk(textToBytes(`${place.home}/var/profiles`), 'profile');
  return { roots, stale };
}

class LinkRoots {
  readonly #place: StorePlace;
  readonly #found: FoundRoots;
  readonly #auto: Bytes;
  readonly #otherNames: OtherNames;

  constructor(place: StorePlace, found: FoundRoots) {
    this.#place = place;
    this.#found = found;
    this.#auto = textToBytes(autoFolder(place.home));
    this.#otherNames = new OtherNames(place);
  }

  walk(folder: Bytes, kind: 'link' | 'profile'): void {
    const entries = listFolder(folder);
    const owner = ownerOf(folder, entries);
    for (const entry of entries) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) this.walk(path, kind);
      else if (entry.isSymbolicLink()) this.#link(path, { folder, owner }, kind);
      else {
        const named = tryParseStorePath(`${this.#place.storeDir}/${entry.name}`, this.#place.storeDir);
        if (named !== undefined) this.#found.roots.push({ kind, from: path, path: named });
      }
    }
  }

  #link(path: Bytes, { folder, owner }: { folder: Bytes; owner: Bytes | undefined }, kind: 'link' | 'profile'): void {
    const target = linkTarget(path);
    if (target === undefined) return;
    const direct = storePathOf(this.#place, target);
    if (direct !== undefined) {
      this.#found.roots.push({ kind, from: path, path: direct, ...(owner === undefined ? {} : { owner }) });
      return;
    }
    const indirect = linkTarget(target);
    const named = indirect === undefined ? undefined : storePathOf(this.#place, indirect);
    if (named === undefined) this.#byOtherName(path, target, indirect, folder, kind);
    else this.#found.roots.push(indirectRoot(kind, path, target, named));
  }

  /** Links that do not begin with a name of the store that we know. */
  #byOtherName(path: Bytes, target: Bytes, indirect: Bytes | undefined, folder: Bytes, kind: 'link' | 'profile'): void {
    const direct = this.#otherNames.storePathOf(path);
    if (direct !== undefined) this.#found.roots.push({ kind, from: path, path: direct });
    else if (indirect !== undefined) {
      const named = this.#otherNames.storePathOf(target);
      if (named !== undefined) this.#found.roots.push(indirectRoot(kind, path, target, named));
    } else if (folder === this.#auto && statOf(target) === undefined && !isBeingMade(path)) this.#found.stale.push(path);
  }
}

const indirectRoot = (kind: 'link' | 'profile', from: Bytes, link: Bytes, path: StorePath): Root =>
  kind === 'profile' ? { kind, from, path } : { kind: 'result', from: link, path };

/**
 * Links into the store by names that are not the ones it is opened by: where its home, or a folder above a link, is a symlink or is
 * mounted twice. One that was not understood would be no root, and what it keeps would be collected. Cost: a `stat` for each folder
 * above a target, once.
 */
class OtherNames {
  readonly #storeDir: string;
  readonly #store: FolderId | undefined;
  readonly #isStore = new Map<Bytes, boolean>();

  constructor({ home, storeDir }: StorePlace) {
    this.#storeDir = storeDir;
    this.#store = folderId(textToBytes(`${home}/store`));
  }

  /** The object that a symlink leads into, as the kernel would follow it. */
  storePathOf(link: Bytes): StorePath | undefined {
    const target = kernelTarget(link);
    if (target === undefined || this.#store === undefined) return undefined;
    for (let end = target.indexOf('/', 1); end !== -1; end = target.indexOf('/', end + 1)) {
      if (!this.#leadsToStore(target.slice(0, end))) continue;
      const [base] = target.slice(end + 1).split('/');
      return tryParseStorePath(`${this.#storeDir}/${base}`, this.#storeDir);
    }
    return undefined;
  }

  #leadsToStore(folder: Bytes): boolean {
    const known = this.#isStore.get(folder);
    if (known !== undefined) return known;
    const id = folderId(folder);
    const isStore = id !== undefined && id.dev === this.#store!.dev && id.ino === this.#store!.ino;
    this.#isStore.set(folder, isStore);
    return isStore;
  }
}

interface FolderId {
  readonly dev: bigint;
  readonly ino: bigint;
}

/** `undefined` where nothing is. */
const folderId = (folder: Bytes): FolderId | undefined =>
  unlessGone(folder, () => statSync(bytesToPath(folder), { bigint: true, throwIfNoEntry: false }));

/** Where a symlink leads, `..` taken after the folders above it were followed. */
function kernelTarget(link: Bytes): Bytes | undefined {
  const target = unlessGone(link, () => readlinkSync(bytesToPath(link), 'latin1'));
  if (target === undefined || target.startsWith('/')) return target === undefined ? undefined : resolve(target);
  const folder = unlessGone(link, () => realpathSync.native(bytesToPath(dirname(link)), 'latin1'));
  return folder === undefined ? undefined : resolve(folder, target);
}

/** What is not there, is no folder or no link, or goes round in a circle, is nothing. @throws SystemFault */
function unlessGone<T>(path: Bytes, run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (/^(EINVAL|ENOENT|ENOTDIR|ELOOP)$/.test((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    return sys('read', bytesToText(path), () => {
      throw error;
    });
  }
}

/** The object that an absolute path lies in, named as everyone does or as it lies on this disk. */
export function storePathOf({ home, storeDir }: StorePlace, path: Bytes): StorePath | undefined {
  for (const folder of [storeDir, textToBytes(`${home}/store`)]) {
    if (!path.startsWith(`${folder}/`)) continue;
    const [base] = path.slice(folder.length + 1).split('/');
    return tryParseStorePath(`${storeDir}/${base}`, storeDir);
  }
  return undefined;
}

/** Absolute; `undefined` where there is no link. */
const linkTarget = (path: Bytes): Bytes | undefined =>
  unlessGone(path, () => resolve(dirname(path), readlinkSync(bytesToPath(path), 'latin1')));

const statOf = (path: Bytes): Stats | undefined =>
  unlessGone(path, () => lstatSync(bytesToPath(path), { throwIfNoEntry: false }));

/** Names as bytes: of Node's Latin-1. */
function listFolder(folder: Bytes): Dirent[] {
  try {
    return readdirSync(bytesToPath(folder), { withFileTypes: true, encoding: 'latin1' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    return sys('read the folder', bytesToText(folder), () => {
      throw error;
    });
  }
}

const autoFolder = (home: string): string => `${home}/var/gcroots/auto`;

/** The entry of `auto` that stands for a link elsewhere. */
const autoEntry = (home: string, link: string): string => `${autoFolder(home)}/${sha256(Buffer.from(link)).slice(0, 32)}`;

/** What a process is about to rename; after an hour it has died. */
const FORSAKEN_MS = 3_600_000;
const isBeingMade = (entry: Bytes): boolean =>
  basename(entry).startsWith('.tmp-') && Date.now() - (statOf(entry)?.mtimeMs ?? 0) < FORSAKEN_MS;

/**
 * Makes the symlink `link` (absolute) to an object on this disk, and a root of it: as long as the link is there, the object is.
 * A link into the store that stands there is replaced, anything else is not.
 *
 * @throws Fault E-STORE-060 something else stands there · SystemFault
 */
export function addRoot(place: StorePlace, link: string, path: StorePath): void {
  const there = textToBytes(link);
  if (statOf(there) !== undefined && linkedObject(place, there) === undefined) throw notOurLink(link);
  makeDirectory(autoFolder(place.home));
  const entry = autoEntry(place.home, link);
  // A collection that saw the entry before the link may have taken it away: `forgetLink`.
  do {
    symlinkAtomic(link, entry);
    symlinkAtomic(`${place.home}/store/${storePathBase(path)}`, link);
  } while (linkTarget(textToBytes(entry)) !== textToBytes(resolve(link)));
}

/**
 * Takes an entry of `auto` away, unless its link was made anew meanwhile. Aside it is a root as before: whoever makes the link after we
 * looked finds its entry gone, and makes that again.
 *
 * @param isStill  asked of the link, once the entry is aside
 * @returns whether it was
 */
export function forgetLink(entry: Bytes, isStill: (link: Bytes) => boolean): boolean {
  const link = linkTarget(entry);
  const aside = `${dirname(entry)}/.aside-${process.pid}-${basename(entry).slice(-32)}`;
  try {
    move(entry, aside);
  } catch (error) {
    if (systemFaultOf(error)?.errno === 'ENOENT') return false; // somebody else did
    throw error;
  }
  if (link !== undefined && !isStill(link)) return !putBack(aside, entry);
  sys('remove', bytesToText(entry), () => rmSync(bytesToPath(aside), { force: true }));
  return true;
}

/** @returns whether it could be: not where somebody removed the root meanwhile */
function putBack(aside: Bytes, entry: Bytes): boolean {
  try {
    move(aside, entry);
    return true;
  } catch (error) {
    if (systemFaultOf(error)?.errno === 'ENOENT') return false;
    throw error;
  }
}

const move = (from: Bytes, to: Bytes): void =>
  sys('remove', bytesToText(from), () => renameSync(bytesToPath(from), bytesToPath(to)));

/** The object that a symlink leads into, by whatever name. */
function linkedObject(place: StorePlace, link: Bytes): StorePath | undefined {
  const target = linkTarget(link);
  return target === undefined ? undefined : (storePathOf(place, target) ?? new OtherNames(place).storePathOf(link));
}

/** Whether nothing stands there. */
export const isGone = (link: Bytes): boolean => statOf(link) === undefined;

const notOurLink = (link: string): Fault =>
  new Fault('E-STORE-060' satisfies StoreCode, `'${link}' is there already, and is no link into the store`, {
    hints: ['give the link another name, or move away what is there'],
  });

/**
 * Removes the link and lets go of what it keeps. `link` is absolute: one made by `addRoot`, one below `var/gcroots`, or the owner of
 * several there, which must be gone.
 *
 * @throws Fault E-STORE-061 it is no root, or an owner that is there · SystemFault
 */
export function removeRoot(place: StorePlace, link: string): void {
  const owned = ownedLinks(place.home).filter(({ owner }) => owner === textToBytes(link));
  if (owned.length > 0) {
    if (isThere(owned[0]!.owner)) throw stillThere(link);
    owned.forEach(removeOwnedLinks);
    return;
  }
  const entries = autoEntries(place.home, link);
  const isBelow = link.startsWith(`${place.home}/var/gcroots/`);
  if (!(isBelow || entries.length > 0) || linkedObject(place, textToBytes(link)) === undefined) {
    throw new Fault('E-STORE-061' satisfies StoreCode, `'${link}' is not a root`, {
      hints: ["'igos store roots' lists them"],
    });
  }
  sys('remove', link, () => rmSync(link));
  for (const entry of entries) sys('remove', bytesToText(entry), () => rmSync(bytesToPath(entry), { force: true }));
}

const stillThere = (owner: string): Fault =>
  new Fault('E-STORE-061' satisfies StoreCode, `'${owner}' is there, and its generations need what it keeps`, {
    hints: [
      `what only old generations need: pkm gc --root ${shellWord(owner)} --keep 1`,
      `all of it, once '${owner}' is removed: igos store roots remove ${shellWord(owner)}`,
    ],
  });

/** Those that are there for one link: its own, and any that a collection has moved aside, or had when it was killed. */
function autoEntries(home: string, link: string): Bytes[] {
  const name = basename(autoEntry(home, link));
  const folder = textToBytes(autoFolder(home));
  return listFolder(folder).flatMap((entry) =>
    entry.name === name || (entry.name.startsWith('.aside-') && entry.name.endsWith(`-${name}`))
      ? [`${folder}/${entry.name}`]
      : [],
  );
}

/** @param olderThan  seconds since 1970 */
export function isOlder(link: Bytes, olderThan: number): boolean {
  const stat = statOf(link);
  return stat !== undefined && stat.mtimeMs / 1000 < olderThan;
}

/** A generation of a profile: `<name>-<number>-link` beside `<name>`, which points at the current one. */
const GENERATION = /^(.+)-\d+-link$/;

/** Links that were made before, and count no longer: of `auto` the entry alone (the link is its owner's), of profiles what is not current. */
export function outdatedRoots({ home, storeDir }: StorePlace, olderThan: number): { entry: Bytes; link: Bytes }[] {
  const outdated: { entry: Bytes; link: Bytes }[] = [];
  const isOld = (link: Bytes): boolean => isOlder(link, olderThan);
  const auto = textToBytes(autoFolder(home));
  for (const { name } of listFolder(auto)) {
    const entry = `${auto}/${name}`;
    const link = linkTarget(entry);
    if (link !== undefined && linkedObject({ home, storeDir }, entry) === undefined && isOld(link))
      outdated.push({ entry, link });
  }
  const walk = (folder: Bytes): void => {
    for (const each of listFolder(folder)) {
      const path = `${folder}/${each.name}`;
      if (each.isDirectory()) walk(path);
      const [, profile] = GENERATION.exec(each.name) ?? [];
      if (profile === undefined || !each.isSymbolicLink()) continue;
      if (linkTarget(`${folder}/${profile}`) !== path && isOld(path)) outdated.push({ entry: path, link: path });
    }
  };
  walk(textToBytes(`${home}/var/profiles`));
  return outdated;
}

/** What programs have in use. Processes of others, which we may not look into, are left out: they cannot use what is ours alone. */
function processRoots(place: StorePlace): Root[] {
  const store = textToBytes(`${place.home}/store`);
  // The kernel names what it executes and maps without symlinks.
  const real = unlessGone(store, () => realpathSync.native(bytesToPath(store), 'latin1')) ?? store;
  const folders = [...new Set([place.storeDir, store, real])];
  const pattern = new RegExp(`(?:${folders.map(escapeRegExp).join('|')})/([0-9a-z]{32}-[0-9a-zA-Z+._?=-]+)`, 'g');
  const roots: Root[] = [];
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    const bases = new Set<string>();
    const scan = (text: string): void => {
      for (const [, base] of text.matchAll(pattern)) bases.add(base!);
    };
    for (const link of ['exe', 'cwd', 'root']) scan(quietly(() => readlinkSync(`/proc/${pid}/${link}`, 'latin1')) ?? '');
    const fds = quietly(() => readdirSync(`/proc/${pid}/fd`)) ?? [];
    for (const fd of fds) scan(quietly(() => readlinkSync(`/proc/${pid}/fd/${fd}`, 'latin1')) ?? '');
    for (const file of ['maps', 'environ']) scan(quietly(() => readFileSync(`/proc/${pid}/${file}`, 'latin1')) ?? '');
    for (const base of bases) {
      const path = tryParseStorePath(`${place.storeDir}/${base}`, place.storeDir);
      if (path !== undefined) roots.push({ kind: 'process', from: `process ${pid}`, path });
    }
  }
  return roots;
}

const escapeRegExp = (text: string): string => text.replace(/[^\w/]/g, '\\$&');

/** `undefined` of a process that ended, or that is none of ours. @throws SystemFault we can open nothing more: what is in use is not known */
function quietly<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (!/^(EMFILE|ENFILE|ENOMEM)$/.test((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    return sys('look for programs that run in', '/proc', () => {
      throw error;
    });
  }
}
