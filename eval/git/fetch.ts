/** Commits and working trees of Git repositories. A repository of this machine is read where it is; others are kept in a cache. */
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, lstatSync, mkdirSync, readlinkSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  absolutePath,
  type Bytes,
  bytesToPath,
  bytesToText,
  removedAfterEnd,
  sys,
  temporaryFolder,
  textToBytes,
} from '../../base/index.ts';
import { builtinFault } from '../builtins/faults.ts';
import { exportIgnored } from './export-ignore.ts';
import { exportTree } from './export-tree.ts';
import { type GitRequest, type GitTree, localRepository } from './request.ts';
import { type Environment, Git, REMOTE, withoutFilters } from './run-git.ts';
import { checkedOut, mount, submodulesAt, submodulesOf, submoduleUrl } from './submodules.ts';
import { gitUrl } from './url.ts';

export interface GitOptions {
  /** Where repositories from elsewhere are kept. */
  readonly cacheFolder: string;
  readonly environment: Environment;
  readonly warn: (message: string) => void;
}

/** How deep submodules may be in each other. */
const MAX_DEPTH = 32;

/** @throws Fault E-EVAL-141 */
export function fetchGit(request: GitRequest, options: GitOptions, depth = 0): GitTree {
  if (depth > MAX_DEPTH) {
    throw builtinFault('E-EVAL-141', `submodules are more than ${MAX_DEPTH} deep in each other, at '${request.url}'`);
  }
  const local = localRepository(request);
  if (local === undefined) return fetchRemote(request, options, depth);
  if (!existsSync(local)) throw builtinFault('E-EVAL-141', `there is no repository '${local}'`);
  const git = new Git(local, options.environment);
  const isBare = git.read(['rev-parse', '--is-bare-repository']).trim() === 'true';
  const isWorkingTree = request.ref === undefined && request.rev === undefined && !isBare;
  const ref = request.ref ?? 'HEAD';
  const origins = (): Bytes[] => {
    const { top, names } = isWorkingTree ? trackedFiles(git) : { top: '', names: [] };
    return [...refFiles(git, textToBytes(local), ref), ...names.map((name) => `${top}/${name}`)];
  };
  const tree = isWorkingTree ? workingTree(git, local, options) : undefined;
  if (tree !== undefined) return withWorkingTrees({ ...tree, origins }, git, request, options, depth);
  const rev = request.rev ?? resolveRef(git, ref, request.url);
  if (!hasCommit(git, rev)) throw missingCommit(rev, ref, request.url);
  const committed = { ...commitTree(git, local, rev, request, options), ...(request.rev === undefined ? { origins } : {}) };
  if (isWorkingTree) return withWorkingTrees(committed, git, request, options, depth);
  const origin = git.tryRead(['config', '--get', 'remote.origin.url'])?.trim();
  return withCommits(committed, { git, rev, isFromElsewhere: false }, { ...request, url: origin || request.url }, options, depth);
}

interface Commit {
  readonly git: Git;
  readonly rev: string;
  /** Not of this machine: what it says of other repositories is a stranger's. */
  readonly isFromElsewhere: boolean;
}

/** The tree with those that its commit names. It goes where that fails. */
function withCommits(tree: GitTree, commit: Commit, request: GitRequest, options: GitOptions, depth: number): GitTree {
  const { git, rev, isFromElsewhere } = commit;
  return request.hasSubmodules
    ? disposedOnFault(tree, () => {
        for (const submodule of submodulesOf(git, rev)) {
          const url = gitUrl(textToBytes(submoduleUrl(request.url.replace(/\/+$/, ''), submodule.url)));
          if (isFromElsewhere && url.startsWith('file:')) throw localSubmodule(submodule.path, request.url);
          const inner = {
            url,
            rev: submodule.rev,
            allRefs: true,
            isShallow: false,
            honoursExportIgnore: false,
            hasSubmodules: true,
          };
          using files = held(fetchGit(inner, options, depth + 1));
          mount(tree, submodule.path, files.tree);
        }
        return tree;
      })
    : tree;
}

/** The tree with its submodules as they are checked out; one that has changes makes the whole one with changes. */
function withWorkingTrees(tree: GitTree, git: Git, request: GitRequest, options: GitOptions, depth: number): GitTree {
  if (!request.hasSubmodules) return tree;
  return disposedOnFault(tree, () => {
    const { top } = trackedFiles(git);
    const origins = [tree.origins];
    let isDirty = tree.rev === undefined;
    for (const { path } of submodulesAt(git, top)) {
      const url = gitUrl(checkedOut(top, path));
      const inner = { url, allRefs: false, isShallow: false, honoursExportIgnore: false, hasSubmodules: true };
      using files = held(fetchGit(inner, options, depth + 1));
      mount(tree, path, files.tree);
      isDirty ||= files.tree.rev === undefined;
      origins.push(files.tree.origins);
    }
    const all = { ...tree, origins: () => origins.flatMap((each) => [...(each?.() ?? [])]) };
    if (!isDirty || tree.rev === undefined) return all;
    const { rev, revCount: _, ...rest } = all;
    return { ...rest, dirtyRev: rev! };
  });
}

function disposedOnFault(tree: GitTree, run: () => GitTree): GitTree {
  try {
    return run();
  } catch (error) {
    tree.dispose();
    throw error;
  }
}

const held = (tree: GitTree): { tree: GitTree } & Disposable => ({ tree, [Symbol.dispose]: () => tree.dispose() });

/** What says which commit a ref is, and what is staged; in each way to keep refs. */
function refFiles(git: Git, repository: Bytes, ref: string): Bytes[] {
  const name = git.tryRead(['rev-parse', '--symbolic-full-name', ref])?.trim() || ref;
  const files = ['HEAD', 'index', 'packed-refs', 'reftable/tables.list', name];
  const paths = git.read(['rev-parse', ...files.flatMap((file) => ['--git-path', file])]);
  return paths
    .replace(/\n$/, '')
    .split('\n')
    .map((path) => absolutePath(repository, path));
}

/** All files that Git knows, staged or committed, as names in the folder `top`. */
function trackedFiles(git: Git): { readonly top: Bytes; readonly names: readonly Bytes[] } {
  const top = git.read(['rev-parse', '--show-toplevel']).replace(/\n$/, '');
  const names = git.read(['ls-files', '-z', '--full-name', ':/']).split('\0');
  return { top, names: names.filter((name) => name !== '') };
}

function fetchRemote(request: GitRequest, options: GitOptions, depth: number): GitTree {
  const folder = join(options.cacheFolder, createHash('sha256').update(`${request.url} ${request.isShallow}`).digest('hex'));
  sys('make the folder', folder, () => mkdirSync(folder, { recursive: true }));
  const git = new Git(folder, options.environment, REMOTE);
  if (!existsSync(join(folder, 'HEAD'))) git.read(['init', '--quiet', '--bare']);
  const ref = request.ref ?? 'HEAD';
  const fetch = (refspec: string): Error | undefined =>
    git.failure([
      'fetch',
      '--quiet',
      '--force',
      '--no-tags',
      ...(request.isShallow ? ['--depth=1'] : []),
      '--',
      request.url,
      refspec,
    ]);
  if (request.rev !== undefined) {
    const has = (): boolean => hasCommit(git, request.rev!);
    // Not every server gives a commit that no ref names to who asks for it.
    if (!has()) fetch(request.rev);
    const failure = has() ? undefined : fetch(request.allRefs ? '+refs/*:refs/*' : `+${ref}:refs/igos/fetched`);
    if (!has()) throw failure ?? missingCommit(request.rev, ref, request.url);
    const commit = { git, rev: request.rev, isFromElsewhere: true };
    return withCommits(commitTree(git, folder, request.rev, request, options), commit, request, options, depth);
  }
  const failure = fetch(`+${ref}:refs/igos/fetched`);
  if (failure !== undefined) throw failure;
  const rev = resolveRef(git, 'refs/igos/fetched', request.url);
  return withCommits(
    commitTree(git, folder, rev, request, options),
    { git, rev, isFromElsewhere: true },
    request,
    options,
    depth,
  );
}

const hasCommit = (git: Git, rev: string): boolean => git.tryRead(['cat-file', '-e', `${rev}^{commit}`]) !== undefined;

function resolveRef(git: Git, ref: string, url: string): string {
  const found = git.tryRead(['rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`]);
  if (found !== undefined) return found.trim();
  throw builtinFault('E-EVAL-141', `could not resolve '${ref}' in the repository '${url}'`, {
    hints: ['a branch is named as it is, anything else in full: refs/tags/v1.0'],
  });
}

/** As git itself: whoever publishes a repository cannot have files of this machine put into a store. */
const localSubmodule = (path: Bytes, url: string): Error =>
  builtinFault('E-EVAL-141', `the submodule '${bytesToText(path)}' of '${url}' is said to be a repository of this machine`, {
    hints: ['fetch the two by themselves, if that is meant'],
  });

const missingCommit = (rev: string, ref: string, url: string): Error =>
  builtinFault('E-EVAL-141', `cannot find Git revision '${rev}' in ref '${ref}' of repository '${url}'`, {
    hints: ['make sure that the rev exists on the ref, or set allRefs = true'],
  });

function commitTree(git: Git, repository: string, rev: string, request: GitRequest, { environment }: GitOptions): GitTree {
  const scratch = temporaryFolder('igos-git');
  const held = removedAfterEnd(scratch);
  const dispose = (): void => held[Symbol.dispose]();
  try {
    const path = join(scratch, 'tree');
    mkdirSync(path);
    const ignored = (paths: readonly string[]): ReadonlySet<string> =>
      request.honoursExportIgnore ? exportIgnored(repository, rev, paths, environment) : new Set();
    exportTree(git, rev, textToBytes(path), ignored);
    const isShallow = git.read(['rev-parse', '--is-shallow-repository']).trim() === 'true';
    return {
      path: textToBytes(path),
      rev,
      lastModified: commitTime(git, rev),
      ...(isShallow ? {} : { revCount: Number(git.read(['rev-list', '--count', rev])) }),
      dispose,
    };
  } catch (error) {
    dispose();
    throw error;
  }
}

const commitTime = (git: Git, rev: string): number => Number(git.read(['log', '-1', '--format=%ct', '--no-show-signature', rev]));

/** The files that Git knows, as they are now; undefined where that is what HEAD holds. */
function workingTree(git: Git, repository: string, { warn, environment }: GitOptions): GitTree | undefined {
  const head = git.tryRead(['rev-parse', '--verify', '--quiet', 'HEAD^{commit}'])?.trim();
  const plain = new Git(repository, environment, withoutFilters(git));
  const changes = plain.read(['status', '--porcelain=v1', '--untracked-files=no', '--ignore-submodules=all']);
  if (head !== undefined && changes === '') return undefined;
  warn(`Git tree '${repository}' is dirty`);
  const { top, names } = trackedFiles(git);
  const scratch = temporaryFolder('igos-git');
  const held = removedAfterEnd(scratch);
  const dispose = (): void => held[Symbol.dispose]();
  try {
    const path = join(scratch, 'tree');
    mkdirSync(path);
    for (const name of new Set(names)) {
      const [from, to] = [bytesToPath(`${top}/${name}`), bytesToPath(`${textToBytes(path)}/${name}`)];
      const stat = lstatSync(from, { throwIfNoEntry: false });
      if (stat === undefined) continue;
      mkdirSync(bytesToPath(dirname(`${textToBytes(path)}/${name}`)), { recursive: true });
      if (stat.isDirectory()) mkdirSync(to, { recursive: true });
      else if (stat.isSymbolicLink()) symlinkSync(readlinkSync(from, 'buffer'), to);
      else copyFileSync(from, to);
    }
    return {
      path: textToBytes(path),
      ...(head === undefined ? {} : { dirtyRev: head }),
      lastModified: head === undefined ? 0 : commitTime(git, head),
      dispose,
    };
  } catch (error) {
    dispose();
    throw error;
  }
}
