/**
 * The atomic layout. Each generation that changes something below `usr` or `opt` has a whole tree of its own,
 * `var/lib/igos/generations/<n>/`, whose unchanged files are hard links to those of the tree before; `/usr` and `/opt` are symlinks
 * through `generations/current`. A new tree is made complete before the commit, and is switched to by renaming that one symlink
 * over the old one, as part of the journal. So going back is a rename too, whatever the size.
 */
import { existsSync, lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Fault, sys } from '../base/index.ts';
import { fileSha256, tolerantLstat } from './disk.ts';
import { ownerOf, type PathName, type RootIo } from './io.ts';
import { type RootLayout, under } from './layout.ts';
import { parentOf } from './names.ts';
import { capabilityOf, metadataOf } from './placing.ts';
import type { Operation } from './plan/operations.ts';
import type { Database } from './state/database.ts';
import { currentGeneration, readSetting, writeSetting } from './state/state.ts';
import { integerOf } from './state/wrong-value.ts';
import { applyOperation, hasJournal, journalRow, type RootContext } from './transaction.ts';
import type { FileRow } from './types.ts';

/** What is in the trees. Everything else of a root is changed in place, journalled. */
export const TREE_TOPS = ['usr', 'opt'] as const;
/** Seen from inside a tree, a relative symlink such as `../../etc/x` must still lead to the root's own folders. */
const ROOT_TOPS = 'bin boot dev etc home lib lib64 media mnt proc root run sbin srv sys tmp var'.split(' ');
const CURRENT = 'current';
const COPY = '.igos-copy';

/** Folder of all trees, relative to the root. */
const treesFolder = (layout: RootLayout): string => relative(layout.root, join(layout.state, 'generations'));
const treeFolder = (layout: RootLayout, tree: number): string => `${treesFolder(layout)}/${tree}`;

/** The symlink that says which tree is shown; relative to the root. */
export const currentLink = (layout: RootLayout): string => `${treesFolder(layout)}/${CURRENT}`;

export const isAtomic = (database: Database): boolean => readSetting(database, 'layout') === 'atomic';

const numberOfTree = (value: unknown): number => integerOf(value, "column 'tree' of a generation");

/** The tree of a kept generation; `undefined` in the live layout, and for a generation that is not kept. */
export const treeOf = (database: Database, generation: number): number | undefined => {
  const tree = database.get('SELECT tree FROM generations WHERE number = ?', generation)?.['tree'];
  return tree === undefined || tree === null ? undefined : numberOfTree(tree);
};

/** The tree that a root shows, as the disk has it; `undefined` in the live layout. */
export function shownTree(layout: RootLayout): number | undefined {
  const folder = under(layout, treesFolder(layout));
  const link = tolerantLstat(under(layout, currentLink(layout)));
  const target = link?.isSymbolicLink() === true ? readlinkSync(under(layout, currentLink(layout))) : '';
  if (/^\d+$/.test(target)) return Number(target);
  const trees = existsSync(folder) ? readdirSync(folder).filter((name) => /^\d+$/.test(name)) : [];
  return trees.length === 0 ? undefined : Math.max(...trees.map(Number));
}

export const hasTree = (layout: RootLayout, tree: number): boolean => existsSync(under(layout, treeFolder(layout, tree)));

/** Whether a tree has these rows as they are recorded: somebody may have written to it while it was shown. */
export function treeHolds(layout: RootLayout, tree: number, rows: readonly FileRow[]): boolean {
  const folder = under(layout, treeFolder(layout, tree));
  return rows.every((row) => {
    if (row.kind === 'directory' || !TREE_TOPS.some((top) => row.path.startsWith(`${top}/`))) return true;
    const path = `${folder}/${row.path}`;
    const stat = tolerantLstat(path);
    if (row.kind === 'symlink') return stat?.isSymbolicLink() === true && readlinkSync(path) === row.target;
    const isSame = stat?.isFile() === true && stat.size === row.sizeBytes && (stat.mode & 0o7777) === row.mode;
    return isSame && fileSha256(path) === row.sha256;
  });
}

/** Whether a physical path is below a tree's `usr` or `opt`. */
export function isInTree(layout: RootLayout, tree: number, path: string): boolean {
  const prefix = `${treeFolder(layout, tree)}/`;
  return path.startsWith(prefix) && TREE_TOPS.some((top) => path === prefix + top || path.startsWith(`${prefix}${top}/`));
}

/** What packages call a physical path: in a tree what is seen through the symlinks, all else as it is. */
export function nameOfPlace(layout: RootLayout, path: string): string {
  const [tree = '', ...rest] = path.startsWith(`${treesFolder(layout)}/`) ? relative(treesFolder(layout), path).split('/') : [];
  return /^\d+$/.test(tree) ? rest.join('/') : path;
}

/**
 * Makes a fresh root atomic. Killed half-way it is done again from the start.
 * @throws Fault E-PKM-041 something is installed, or stands where the symlinks shall be
 */
export function initAtomic({ layout, database, io }: RootContext): boolean {
  if (isAtomic(database)) return false;
  const refuse = (why: string): Fault =>
    new Fault('E-PKM-041', `the root '${layout.root}' cannot become atomic: ${why}`, {
      hints: ['use a fresh root, and bring it to what this one is with: pkm switch TREE#SYSTEM'],
    });
  if (database.get('SELECT 1 FROM generations WHERE number > 0') !== undefined) throw refuse('packages were installed in place');
  for (const top of TREE_TOPS) {
    const there = lstatSync(under(layout, top), { throwIfNoEntry: false });
    const isOurs = there?.isSymbolicLink() === true && readlinkSync(under(layout, top)) === topTarget(layout, top);
    const isEmpty = there?.isDirectory() === true && readdirSync(under(layout, top)).length === 0;
    if (there !== undefined && !isOurs && !isEmpty) throw refuse(`'/${top}' is there already`);
  }
  sys('write', layout.state, () => {
    const first = under(layout, treeFolder(layout, 0));
    io.makeOwnFolder(under(layout, treesFolder(layout)), 0o755);
    if (existsSync(first)) io.removeTree(first);
    io.mkdir(first, 0o755, ownerOf(ROOT));
    for (const top of TREE_TOPS) io.mkdir(`${first}/${top}`, 0o755, ownerOf(ROOT));
    for (const top of ROOT_TOPS) io.symlink(join(relative(first, layout.root), top), `${first}/${top}`, ownerOf(ROOT));
    putSymlink(io, '0', under(layout, currentLink(layout)));
    for (const top of TREE_TOPS) {
      const path = under(layout, top);
      if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true) io.rmdir(path);
      putSymlink(io, topTarget(layout, top), path);
    }
    io.syncFileSystem(layout.state);
    io.syncFileSystem(layout.root);
  });
  io.commit('layout', () =>
    database.transaction(() => {
      writeSetting(database, 'layout', 'atomic');
      database.run('UPDATE generations SET tree = 0 WHERE number = 0');
    }),
  );
  return true;
}

const ROOT = { uid: 0, gid: 0 };

const topTarget = (layout: RootLayout, top: string): string => `${currentLink(layout)}/${top}`;

export interface WrongLink {
  /** Relative to the root. */
  readonly path: string;
  readonly expected: string;
  /** What stands there, in words or as the text of the link. */
  readonly actual: string;
}

/** Which of the symlinks that show the current tree somebody changed; nothing in the live layout, and where a journal will change them. */
export function wrongLinks(layout: RootLayout, database: Database): WrongLink[] {
  const tree = isAtomic(database) ? treeOf(database, currentGeneration(database)) : undefined;
  if (tree === undefined || hasJournal(database)) return [];
  const links = [
    { path: currentLink(layout), expected: String(tree) },
    ...TREE_TOPS.map((top) => ({ path: top, expected: topTarget(layout, top) })),
  ];
  return links.flatMap(({ path, expected }) => {
    const stat = tolerantLstat(under(layout, path));
    if (stat === undefined) return [{ path, expected, actual: 'nothing' }];
    const actual = stat.isSymbolicLink() ? readlinkSync(under(layout, path)) : stat.isDirectory() ? 'directory' : 'file';
    return actual === expected ? [] : [{ path, expected, actual }];
  });
}

/** Puts one right, by a rename. @returns false where a folder stands in its place */
export function restoreLink({ layout, io }: RootContext, { path, expected }: WrongLink): boolean {
  const place = under(layout, path);
  if (tolerantLstat(place)?.isDirectory() === true) return false;
  const made = `${place}${COPY}`;
  sys('link', place, () => {
    putSymlink(io, expected, made);
    io.rename(made, place);
  });
  return true;
}

function putSymlink(io: RootIo, target: string, path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) io.unlink(path);
  io.symlink(target, path, ownerOf(ROOT));
}

export interface TreeBuild {
  readonly from: number;
  readonly to: number;
  /** In the tree `from`; they are done in `to`. */
  readonly operations: readonly Operation[];
}

/** Makes tree `to`: tree `from` as it stands on the disk, with the operations done. `sources` are those of the staged items. */
export function buildTree({ layout, io }: RootContext, build: TreeBuild, sources: readonly string[]): void {
  const from = treeFolder(layout, build.from);
  const to = treeFolder(layout, build.to);
  const folder = under(layout, to);
  sys('link', folder, () => {
    if (existsSync(folder)) removeTree(io, folder);
    cloneFolder(io, under(layout, from), folder);
  });
  const moved = (path: string): string => to + path.slice(from.length);
  for (const operation of build.operations) {
    const path = moved(operation.path);
    const source = operation.kind === 'place' ? sources[operation.stage]! : operation.kind === 'move' ? moved(operation.to) : '';
    if (operation.kind === 'metadata') ownInode(io, under(layout, path));
    applyOperation(layout, io, journalRow({ ...operation, path }, source));
  }
}

/** Folders new, everything else by its inode. Cost: one link a file. */
function cloneFolder(io: RootIo, from: PathName, to: PathName): void {
  const { mode, uid, gid } = lstatSync(from);
  const bits = mode & 0o7777;
  io.mkdir(to, bits | 0o700, ownerOf({ uid, gid }));
  let hasOddNames = false;
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    if (entry.name.includes('\ufffd')) hasOddNames = true;
    else cloneEntry(io, entry.isDirectory(), below(from, entry.name), below(to, entry.name));
  }
  // A name that is not UTF-8 is no package's, but it is somebody's.
  const names = hasOddNames ? readdirSync(from, { encoding: 'buffer' }) : [];
  for (const name of names.filter((bytes) => bytes.toString('utf8').includes('\ufffd'))) {
    cloneEntry(io, lstatSync(below(from, name)).isDirectory(), below(from, name), below(to, name));
  }
  if (bits !== (bits | 0o700)) io.setMetadata(to, bits, undefined);
}

const cloneEntry = (io: RootIo, isFolder: boolean, from: PathName, to: PathName): void =>
  isFolder ? cloneFolder(io, from, to) : cloneFile(io, from, to);

const below = (folder: PathName, name: PathName): PathName =>
  typeof folder === 'string' && typeof name === 'string'
    ? `${folder}/${name}`
    : Buffer.concat([Buffer.from(folder), Buffer.from('/'), Buffer.from(name)]);

function cloneFile(io: RootIo, from: PathName, to: PathName): void {
  try {
    io.link(from, to);
  } catch (error) {
    // too many links, or a file system without them: a copy does as well, while there is space
    if (!['EMLINK', 'EPERM', 'ENOTSUP'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    const stat = lstatSync(from);
    if (stat.isSymbolicLink()) io.symlink(readlinkSync(from, { encoding: 'buffer' }), to, ownerOf(stat));
    else if (stat.isFile()) io.copyFile(from, to, { ...metadataOf(stat), ...capabilityOf(from) });
  }
}

/** A file whose mode changes stops being a link to the one in earlier trees. */
function ownInode(io: RootIo, path: string): void {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat?.isFile() !== true || stat.nlink === 1) return;
  const copy = `${parentOf(path)}/${COPY}`;
  io.copyFile(path, copy, metadataOf(stat));
  io.rename(copy, path);
}

/** Physical path → the same file in other trees: links that a repair of one must bring along. */
export function otherLinks({ layout, database }: RootContext, paths: readonly string[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const current = isAtomic(database) ? treeOf(database, currentGeneration(database)) : undefined;
  if (current === undefined) return found;
  const prefix = treeFolder(layout, current);
  const others = database
    .all('SELECT DISTINCT tree FROM generations WHERE tree <> ?', current)
    .map((row) => numberOfTree(row['tree']));
  for (const path of paths) {
    const stat = isInTree(layout, current, path) ? lstatSync(under(layout, path), { throwIfNoEntry: false }) : undefined;
    if (stat === undefined || stat.isDirectory() || stat.nlink === 1) continue;
    const links = others
      .map((tree) => treeFolder(layout, tree) + path.slice(prefix.length))
      .filter((other) => tolerantLstat(under(layout, other))?.ino === stat.ino);
    if (links.length > 0) found.set(path, links);
  }
  return found;
}

/** Makes the other links be links to what stands at each path now. */
export function relink({ layout, io }: RootContext, links: ReadonlyMap<string, readonly string[]>): void {
  for (const [path, others] of links) {
    for (const other of others) {
      const copy = under(layout, `${parentOf(other)}/${COPY}`);
      sys('link', under(layout, other), () =>
        whileOpen(io, under(layout, parentOf(other)), () => {
          if (lstatSync(copy, { throwIfNoEntry: false }) !== undefined) io.unlink(copy);
          io.link(under(layout, path), copy);
          io.rename(copy, under(layout, other));
        }),
      );
    }
  }
}

/** Does what needs a folder to be writable: one that is closed to its owner is open meanwhile. */
function whileOpen(io: RootIo, folder: string, work: () => void): void {
  const stat = lstatSync(folder);
  const mode = stat.mode & 0o7777;
  const isClosed = process.geteuid?.() !== 0 && (mode & 0o700) !== 0o700;
  if (isClosed) io.setMetadata(folder, mode | 0o700, ownerOf(stat));
  try {
    work();
  } finally {
    if (isClosed) io.setMetadata(folder, mode, ownerOf(stat));
  }
}

/** Removes trees that belong to no kept generation: of transactions that never committed, and of generations that went. */
export function collectTrees({ layout, database, io }: RootContext): number {
  if (!isAtomic(database)) return 0;
  const trees = database.all('SELECT DISTINCT tree FROM generations WHERE tree IS NOT NULL');
  const kept = new Set(trees.map((row) => String(numberOfTree(row['tree']))));
  const folder = under(layout, treesFolder(layout));
  const gone = readdirSync(folder).filter((name) => /^\d+$/.test(name) && !kept.has(name));
  for (const name of gone) sys('remove', `${folder}/${name}`, () => removeTree(io, `${folder}/${name}`));
  return gone.length;
}

/** Folders that nobody may write to are no obstacle. */
function removeTree(io: RootIo, folder: string): void {
  try {
    io.removeTree(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error;
    openFolders(io, folder);
    io.removeTree(folder);
  }
}

function openFolders(io: RootIo, folder: string): void {
  io.setMetadata(folder, 0o700, undefined);
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) openFolders(io, `${folder}/${entry.name}`);
}
