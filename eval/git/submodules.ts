/** Submodules: other repositories, of which a commit stands in a tree, and whose addresses stand in its `.gitmodules`. */
import { existsSync, renameSync, rmdirSync } from 'node:fs';
import { type Bytes, bytesToPath, bytesToText, sys } from '../../base/index.ts';
import { builtinFault } from '../builtins/faults.ts';
import { listTree } from './export-tree.ts';
import type { GitTree } from './request.ts';
import type { Git } from './run-git.ts';

interface Submodule {
  readonly path: Bytes;
  /** As it is written; may be relative to the address of the repository. */
  readonly url: Bytes;
  /** The commit that belongs to the tree. */
  readonly rev: string;
}

const SETTINGS = ['--null', '--get-regexp', '^submodule\\..*\\.(path|url)$'];

/** Those of a commit. What `.gitmodules` names without a commit is none. */
export function submodulesOf(git: Git, rev: string): Submodule[] {
  const settings = git.tryRead(['config', '--blob', `${rev}:.gitmodules`, ...SETTINGS]);
  if (settings === undefined) return [];
  const commits = listTree(git, rev).filter(({ mode }) => mode === '160000');
  return named(settings, new Map(commits.map(({ path, object }) => [path, object])));
}

/** Those of a working tree that stands at `top`. */
export function submodulesAt(git: Git, top: Bytes): Submodule[] {
  const file = `${bytesToText(top)}/.gitmodules`;
  const settings = existsSync(file) ? git.tryRead(['config', '--file', file, ...SETTINGS]) : undefined;
  if (settings === undefined) return [];
  const staged = git.read(['ls-files', '--stage', '-z', '--full-name', ':/']).split('\0');
  const commits = staged.flatMap((line): [Bytes, string][] => {
    const [, rev, path] = /^160000 ([0-9a-f]+) \d\t([\s\S]*)$/.exec(line) ?? [];
    return path === undefined ? [] : [[path, rev!]];
  });
  return named(settings, new Map(commits));
}

/** @param settings  `submodule.NAME.path`, a line end and the value, each up to a NUL */
function named(settings: string, commits: ReadonlyMap<Bytes, string>): Submodule[] {
  const values = new Map<string, string>();
  for (const setting of settings.split('\0')) {
    const end = setting.indexOf('\n');
    if (end > 0) values.set(setting.slice(0, end), setting.slice(end + 1));
  }
  return [...values].flatMap(([key, path]) => {
    if (!key.endsWith('.path')) return [];
    const url = values.get(`${key.slice(0, -'path'.length)}url`);
    const rev = commits.get(path);
    return url === undefined || rev === undefined ? [] : [{ path, url, rev }];
  });
}

/**
 * The address of a submodule: `./x` and `../x` are beside, or in, the repository that names it.
 *
 * @param base  the address of that repository, without a slash at its end
 */
export function submoduleUrl(base: string, url: Bytes): string {
  const written = bytesToText(url);
  if (!/^\.\.?(?:\/|$)/.test(written)) return written;
  let at = base;
  for (const part of written.split('/')) {
    if (part === '..') at = at.replace(/[/:][^/:]*$/, '');
    else if (part !== '.' && part !== '') at += `/${part}`;
  }
  return at;
}

/** Moves the files of a submodule to where the tree has an empty folder for it. */
export function mount(tree: GitTree, path: Bytes, submodule: GitTree): void {
  const folder = bytesToPath(`${tree.path}/${path}`);
  sys('write', bytesToText(path), () => {
    rmdirSync(folder);
    renameSync(bytesToPath(submodule.path), folder);
  });
}

/** @throws Fault E-EVAL-141 where it is not checked out: git would take the folder for one of the repository around it */
export function checkedOut(top: Bytes, path: Bytes): Bytes {
  const folder = `${top}/${path}`;
  if (existsSync(bytesToPath(`${folder}/.git`))) return folder;
  throw builtinFault('E-EVAL-141', `the submodule '${bytesToText(path)}' of '${bytesToText(top)}' is not checked out`, {
    hints: ['check it out: git submodule update --init --recursive', 'or fetch a commit, with its submodules: give rev or ref'],
  });
}
