/**
 * File trees as a stream of visits, in the order of a NAR: a folder, then its entries sorted bytewise, each before the next.
 * Whatever makes a tree (a folder on disk, a list, a NAR) drives a visitor; whatever takes one (NAR, disk, manifest) is one.
 */
import { lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { type Bytes, bytesToPath, bytesToText, compareBytes, Fault, sys } from '../base/index.ts';
import type { StoreCode } from './codes.ts';
import type { AddOptions, TreeEntry } from './types.ts';

/** Paths are relative to the root, whose own path is ''. */
export interface TreeVisitor {
  enterDirectory(path: Bytes): void;
  leaveDirectory(path: Bytes): void;
  symlink(path: Bytes, target: Bytes): void;
  /** `sizeBytes` bytes follow by `fileData`, then `endFile`. */
  beginFile(path: Bytes, isExecutable: boolean, sizeBytes: number): void;
  /** The chunk is only valid during the call. */
  fileData(chunk: Uint8Array): void;
  endFile(path: Bytes): void;
}

/**
 * Deepest path that an object may have, in names: with the object itself 64 levels. What lies deeper could not be handed to any Nix, whose
 * reader and writer have this limit.
 *
 * @source Nix, libutil/archive.cc: narMaxDepth
 */
export const maxDepth = 63;

/** Longest name in a folder, and longest symlink target, in bytes. */
export const maxEntryNameLength = 255;
export const maxTargetLength = 4095;

/** Sends each visit to several visitors, in order. */
export function teeVisitors(visitors: readonly TreeVisitor[]): TreeVisitor {
  if (visitors.length === 1) return visitors[0]!;
  return {
    enterDirectory: (path) => {
      for (const visitor of visitors) visitor.enterDirectory(path);
    },
    leaveDirectory: (path) => {
      for (const visitor of visitors) visitor.leaveDirectory(path);
    },
    symlink: (path, target) => {
      for (const visitor of visitors) visitor.symlink(path, target);
    },
    beginFile: (path, isExecutable, sizeBytes) => {
      for (const visitor of visitors) visitor.beginFile(path, isExecutable, sizeBytes);
    },
    fileData: (chunk) => {
      for (const visitor of visitors) visitor.fileData(chunk);
    },
    endFile: (path) => {
      for (const visitor of visitors) visitor.endFile(path);
    },
  };
}

/** The last name of a path. */
export const baseName = (path: Bytes): Bytes => path.slice(path.lastIndexOf('/') + 1);

/** The path without its last name; '' for names at the top. */
export const parentPath = (path: Bytes): Bytes => path.slice(0, Math.max(0, path.lastIndexOf('/')));

/** `''` and `a/b` below `root`. */
export const joinPath = (root: Bytes, path: Bytes): Bytes => (path === '' ? root : `${root}/${path}`);

/** Orders paths as a NAR does: what is in a folder comes right after it, before `folder.x`. */
export const compareTreeOrder = (a: Bytes, b: Bytes): number => compareBytes(a.replaceAll('/', '\0'), b.replaceAll('/', '\0'));

/**
 * Lists a file, folder or symlink (not followed) of the disk, in tree order. Contents are not read. Cost: one `readdir` a folder.
 *
 * @param root   absolute
 * @throws Fault E-STORE-010 device, socket or pipe · E-STORE-012 too deep · SystemFault
 */
export function listTree(root: Bytes, filter?: AddOptions['filter']): TreeEntry[] {
  const entries: TreeEntry[] = [];
  const add = (path: Bytes, realPath: Bytes, kind: EntryKind, depth: number) => {
    switch (kind) {
      case 'regular':
        entries.push({ kind: 'file', path, realPath });
        return;
      case 'symlink':
        entries.push({ kind: 'symlink', path, target: readLink(realPath) });
        return;
      case 'directory':
        entries.push({ kind: 'directory', path });
        visit(path, realPath, depth);
        return;
      default:
        throw specialFile(path, realPath);
    }
  };
  const visit = (path: Bytes, realPath: Bytes, depth: number) => {
    const children = sys('read the folder', bytesToText(realPath), () =>
      readdirSync(bytesToPath(realPath), { encoding: 'latin1', withFileTypes: true }),
    );
    children.sort((a, b) => compareBytes(a.name, b.name));
    for (const child of children) {
      const childReal = `${realPath}/${child.name}`;
      const kind = child.isFile()
        ? 'regular'
        : child.isDirectory()
          ? 'directory'
          : child.isSymbolicLink()
            ? 'symlink'
            : lstatKind(childReal);
      if (filter !== undefined && !filter(childReal, kind)) continue;
      if (depth >= maxDepth) throw tooDeep(childReal);
      add(path === '' ? child.name : `${path}/${child.name}`, childReal, kind, depth + 1);
    }
  };
  add('', root, lstatKind(root), 0);
  return entries;
}

type EntryKind = 'regular' | 'directory' | 'symlink' | 'unknown';

function lstatKind(path: Bytes): EntryKind {
  const stat = sys('read', bytesToText(path), () => lstatSync(bytesToPath(path)));
  return stat.isFile() ? 'regular' : stat.isDirectory() ? 'directory' : stat.isSymbolicLink() ? 'symlink' : 'unknown';
}

export const readLink = (path: Bytes): Bytes =>
  sys('read the link', bytesToText(path), () => readlinkSync(bytesToPath(path), { encoding: 'latin1' }));

const tooDeep = (path: Bytes): Fault =>
  new Fault('E-STORE-012' satisfies StoreCode, `'${shorten(bytesToText(path))}' lies more than ${maxDepth + 1} levels deep`, {
    hints: ['leave it out with a filter, or pack it into an archive'],
  });

/** What the system takes, without the NUL at the end. @source PATH_MAX of limits.h(0p) */
const MAX_PATH_BYTES = 4095;

/**
 * An object could be moved to a place where nobody can open what is in it: paths in the store are longer than those on the way there.
 *
 * @param real  where it shall be
 * @throws Fault E-STORE-012
 */
export function checkPathLengths(real: string, entries: readonly { readonly path: Bytes }[]): void {
  const limit = MAX_PATH_BYTES - real.length - 1;
  const long = entries.find(({ path }) => path.length > limit);
  if (long === undefined) return;
  const nBytes = real.length + 1 + long.path.length;
  throw new Fault(
    'E-STORE-012' satisfies StoreCode,
    `a path in '${real}' would have ${nBytes} bytes, and the system takes ${MAX_PATH_BYTES}`,
    {
      notes: [`it is '${shorten(bytesToText(long.path))}'`],
      hints: ['give the object a shorter name, or pack what it holds into an archive'],
    },
  );
}

const shorten = (text: string): string => (text.length > 120 ? `${text.slice(0, 60)}…${text.slice(-59)}` : text);

/** The error for what is neither file, folder nor symlink. */
export function specialFile(path: Bytes, realPath: Bytes): Fault {
  const stat = sys('read', bytesToText(realPath), () => lstatSync(bytesToPath(realPath)));
  const what = stat.isFIFO()
    ? 'a named pipe'
    : stat.isSocket()
      ? 'a socket'
      : stat.isBlockDevice() || stat.isCharacterDevice()
        ? 'a device'
        : 'of an unknown kind';
  const shown = bytesToText(path === '' ? realPath : path);
  return new Fault('E-STORE-010' satisfies StoreCode, `'${shown}' is ${what}: the store keeps files, folders and symlinks only`, {
    hints: ['remove it, or leave it out with a filter'],
  });
}

/**
 * Brings the entries of a tree into tree order and adds the folders they imply.
 *
 * @throws Fault E-STORE-013 two entries for one path, an entry below a file, or a name that is none · E-STORE-012 too deep
 */
export function orderTree(entries: readonly TreeEntry[]): TreeEntry[] {
  const byPath = new Map<Bytes, TreeEntry>();
  for (const entry of entries) {
    const { path } = entry;
    const names = path === '' ? [] : path.split('/');
    const bad = names.find((name) => !isEntryName(name));
    if (bad !== undefined) throw clash(path, `'${visible(bad)}' is not a file name`);
    if (names.length > maxDepth) throw tooDeep(path);
    const known = byPath.get(path);
    if (known !== undefined && !(known.kind === 'directory' && entry.kind === 'directory'))
      throw clash(path, 'it is there twice');
    byPath.set(path, entry);
  }
  for (const { path } of entries) {
    for (let child = path; child !== ''; ) {
      const parent = parentPath(child);
      const known = byPath.get(parent);
      if (known === undefined) byPath.set(parent, { kind: 'directory', path: parent });
      else if (known.kind !== 'directory') throw clash(path, `'${bytesToText(parent)}' is a ${known.kind}, not a folder`);
      else break;
      child = parent;
    }
  }
  if (byPath.size === 0) return [{ kind: 'directory', path: '' }];
  return [...byPath.values()]
    .map((entry) => [entry.path.replaceAll('/', '\0'), entry] as const)
    .sort(([a], [b]) => compareBytes(a, b))
    .map(([, entry]) => entry);
}

/** Whether a folder can have an entry of this name. */
export const isEntryName = (name: Bytes): boolean =>
  name !== '' &&
  name !== '.' &&
  name !== '..' &&
  name.length <= maxEntryNameLength &&
  !name.includes('/') &&
  !name.includes('\0');

const clash = (path: Bytes, reason: string): Fault =>
  new Fault('E-STORE-013' satisfies StoreCode, `cannot put '${visible(path)}' into the tree: ${reason}`);

const visible = (path: Bytes): string => bytesToText(path).replaceAll('\0', '\\0');
