/** `fetchGit` and `fetchTree`: sources by what they are, with what is known of them. */
import { type Bytes, bytesToText, didYouMean, textToBytes, withoutSecrets } from '../../base/index.ts';
import { formatHash, parseHash, parseStoreName } from '../../store/index.ts';
import { Attrs, attrsFromMap, attrsFromRecord } from '../attrs.ts';
import { type Builtin, builtin } from '../builtin.ts';
import type { Evaluator } from '../evaluator.ts';
import { reading } from '../files.ts';
import { gitUrl } from '../git/url.ts';
import type { CommitTree, GitRequest } from '../io.ts';
import { ContextString, PathValue, type Slot, type Value } from '../value.ts';
import { builtinFault, neededInput } from './faults.ts';
import { fetchPinned } from './fetch.ts';
import { type RefAttrs, readFlakeRef } from './flake-ref/read.ts';
import { writeFlakeRef } from './flake-ref/write.ts';
import { archiveAddress, currentCommit, isForge, isRefName, readForgeInput } from './forge.ts';

export const fetchTreeBuiltins: readonly Builtin[] = [
  builtin({
    name: 'fetchGit',
    args: ['{ url, rev ?, ref ?, name ?, allRefs ?, shallow ?, exportIgnore ?, narHash ?, submodules ? }'],
    doc: 'The files of a commit of a Git repository: `outPath` in the store, `rev`, `shortRev`, `revCount`, `lastModified`, `lastModifiedDate`, `narHash`. Of a path or URL alone: the tip of HEAD, or of a local repository the working tree, which pure evaluation refuses: there, `rev` is needed. With `submodules = true` also the files of submodules, and of theirs. `url` may be a path, or `host:path` for ssh. Runs the program git while evaluating.',
    cost: 'fetches the repository the first time, and writes every file of the commit; of one that `rev` names only once',
    isGlobal: true,
    impl: (ctx, argument) => {
      const attrs = readArguments(ctx, argument, 'fetchGit');
      return gitTree(ctx, attrs, { builtin: 'fetchGit', hasEmptyRev: true });
    },
  }),
  builtin({
    name: 'fetchTree',
    args: ['input'],
    doc: 'A source tree by a set with `type` ("git", "path", "tarball", "file", "github", "gitlab", "sourcehut") or by a flake reference. All but a Git commit need `narHash`, and forges `rev`, so that they are the same everywhere; such archives are fetched when needed, not during evaluation. Without `narHash`, impure evaluation fetches an archive at once, from the network once an hour at most, and tells its `narHash` and `lastModified`; of a forge without `rev`, the commit that `ref` (or HEAD) names.',
    cost: 'as `fetchGit`, `path` or `fetchTarball`',
    isGlobal: true,
    impl: fetchTree,
  }),
];

type FetchAttrs = RefAttrs;

function readArguments(ctx: Evaluator, argument: Slot, name: 'fetchGit' | 'fetchTree'): FetchAttrs {
  const value = ctx.force(argument);
  if (!(value instanceof Attrs)) {
    const text = ctx.coerceToString(value, `the first argument passed to '${name}'`, new Set(), { copyToStore: false });
    return name === 'fetchTree'
      ? readFlakeRef(text)
      : new Map([
          ['type', 'git'],
          ['url', text],
        ]);
  }
  const attrs: FetchAttrs = new Map();
  if (name === 'fetchGit') {
    if (value.has('type')) throw builtinFault('E-EVAL-143', "unexpected argument 'type'");
    attrs.set('type', 'git');
  } else if (!value.has('type')) throw builtinFault('E-EVAL-143', `argument 'type' is missing in call to '${name}'`);
  value.names.forEach((key, index) => {
    const item = ctx.force(value.slots[index]!);
    if (typeof item === 'boolean') attrs.set(key, item);
    else if (typeof item === 'string' || item instanceof ContextString || item instanceof PathValue) {
      attrs.set(key, ctx.coerceToString(item, `the argument '${key}' passed to '${name}'`, new Set(), { copyToStore: false }));
    } else if (typeof item === 'number' || typeof item === 'bigint') {
      if (item < 0)
        throw builtinFault('E-EVAL-143', `negative value given for '${name}' argument '${bytesToText(key)}': ${item}`);
      attrs.set(key, Number(item));
    } else {
      throw builtinFault(
        'E-EVAL-143',
        `argument '${bytesToText(key)}' to '${name}' is ${ctx.describeType(item)} while a string, Boolean or integer is expected`,
      );
    }
  });
  if (name === 'fetchTree' && attrs.has('name')) {
    throw builtinFault('E-EVAL-143', `argument 'name' isn’t supported in call to '${name}'`);
  }
  return attrs;
}

const GIT_ARGUMENTS = [
  'allRefs',
  'exportIgnore',
  'lastModified',
  'name',
  'narHash',
  'ref',
  'rev',
  'revCount',
  'shallow',
  'submodules',
  'url',
];
/** Other arguments of Nix's; off is what happens anyway. */
const ONLY_OFF = ['lfs', 'verifyCommit'];

const ARCHIVE_ARGUMENTS = ['lastModified', 'name', 'narHash', 'rev', 'revCount', 'unpack', 'url'];
const FORGE_ARGUMENTS = ['host', 'lastModified', 'narHash', 'owner', 'ref', 'repo', 'rev', 'treeHash'];
/** What inputs of each scheme may say, besides `type` and, in a flake reference, `dir`. */
const ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  file: ARCHIVE_ARGUMENTS,
  git: [...GIT_ARGUMENTS, ...ONLY_OFF],
  github: FORGE_ARGUMENTS,
  gitlab: FORGE_ARGUMENTS,
  path: ['lastModified', 'narHash', 'path', 'rev', 'revCount'],
  sourcehut: FORGE_ARGUMENTS,
  tarball: ARCHIVE_ARGUMENTS,
};

/** @throws Fault E-EVAL-108 */
function checkArguments(scheme: string, attrs: FetchAttrs): void {
  const known = ARGUMENTS[scheme] ?? [...attrs.keys()];
  const unknown = [...attrs.keys()].find((key) => key !== 'type' && key !== 'dir' && !known.includes(key));
  if (unknown === undefined) return;
  throw builtinFault('E-EVAL-108', `input attribute '${bytesToText(unknown)}' not supported by scheme '${scheme}'`, {
    notes: [`it takes: ${known.join(', ')}`],
    hints: didYouMean(unknown, known),
  });
}

interface GitCall {
  readonly builtin: 'fetchGit' | 'fetchTree';
  /** Of a working tree with changes, `rev` is zeros. */
  readonly hasEmptyRev: boolean;
}

function gitTree(ctx: Evaluator, attrs: FetchAttrs, { builtin, hasEmptyRev }: GitCall): Value {
  checkArguments('git', attrs);
  for (const key of ONLY_OFF) {
    if ((attrs.get(key) ?? false) !== false) throw builtinFault('E-EVAL-143', `'${key}' of '${builtin}' is not supported`);
  }
  const name = attrs.get('name');
  const storeName = parseStoreName(name === undefined ? 'source' : String(name));
  const request = gitRequest(attrs, builtin);
  if (ctx.settings.pure === true && request.rev === undefined && !attrs.has('narHash')) {
    throw unpinned(builtin, writeFlakeRef(new Map([...attrs, ['url', textToBytes(request.url)]])), 'add rev');
  }
  const tree = takeTree(ctx, request, storeName);
  const { path, digest } = tree;
  checkNarHash(attrs, digest.hex, request.url);
  const fields = new Map<Bytes, Slot>([
    ['outPath', new ContextString(path, [path])],
    ['narHash', formatHash(digest, 'sri')],
    ['submodules', request.hasSubmodules],
    ['lastModified', tree.lastModified],
    ['lastModifiedDate', dateOf(tree.lastModified)],
  ]);
  const rev = tree.rev ?? (hasEmptyRev ? '0'.repeat(40) : undefined);
  if (rev !== undefined) {
    fields.set('rev', rev);
    fields.set('shortRev', rev.slice(0, 7));
  }
  const revCount = tree.rev === undefined ? undefined : tree.revCount;
  if (revCount !== undefined || hasEmptyRev) fields.set('revCount', revCount ?? 0);
  if (tree.dirtyRev !== undefined) {
    fields.set('dirtyRev', `${tree.dirtyRev}-dirty`);
    fields.set('dirtyShortRev', `${tree.dirtyRev.slice(0, 7)}-dirty`);
  }
  return attrsFromMap(fields);
}

type TakenTree = Omit<CommitTree, 'rev'> & { readonly rev?: string; readonly dirtyRev?: string };

/** Into the store, unless it is known to be there: a commit that is named does not change. */
function takeTree(ctx: Evaluator, request: GitRequest, name: string): TakenTree {
  const commits = request.rev === undefined ? undefined : ctx.settings.commits;
  const known = commits?.find(request, name);
  if (known !== undefined) return known;
  const tree = ctx.io.fetchGit(request);
  try {
    const { rev, dirtyRev, revCount, lastModified } = tree;
    const added = { ...ctx.io.store.addPath(name, tree.path), lastModified, ...(revCount === undefined ? {} : { revCount }) };
    if (rev !== undefined) commits?.keep(request, name, { ...added, rev });
    return { ...added, ...(rev === undefined ? {} : { rev }), ...(dirtyRev === undefined ? {} : { dirtyRev }) };
  } finally {
    tree.dispose();
  }
}

/** @throws Fault E-EVAL-143 a url, ref or rev that git must not be given */
function gitRequest(attrs: FetchAttrs, builtin: string): GitRequest {
  const url = attrs.get('url');
  if (url === undefined) throw neededInput(builtin, 'url');
  const ref = attrs.get('ref');
  const rev = attrs.get('rev');
  if (rev !== undefined && !/^(?:[0-9a-fA-F]{40}|[0-9a-fA-F]{64})$/.test(String(rev))) {
    throw builtinFault('E-EVAL-143', `hash '${bytesToText(String(rev))}' is not a Git revision: 40 hexadecimal digits`, {
      hints: ['give the whole hash of the commit as rev; a branch goes into ref'],
    });
  }
  const hasSubmodules = attrs.get('submodules') === true;
  const honoursExportIgnore = (attrs.get('exportIgnore') ?? (builtin === 'fetchGit' && !hasSubmodules)) === true;
  if (hasSubmodules && honoursExportIgnore) {
    throw builtinFault('E-EVAL-143', 'exportIgnore and submodules are not supported together', {
      hints: ['leave exportIgnore out: whose rules hold in a submodule is open'],
    });
  }
  const fullRef = ref === undefined ? undefined : fullName(String(ref), attrs.get('allRefs') === true);
  return {
    url: gitUrl(String(url)),
    ...(fullRef === undefined ? {} : { ref: fullRef }),
    ...(rev === undefined ? {} : { rev: String(rev).toLowerCase() }),
    allRefs: attrs.get('allRefs') === true,
    isShallow: (attrs.get('shallow') ?? builtin === 'fetchTree') === true,
    honoursExportIgnore,
    hasSubmodules,
  };
}

function fullName(ref: Bytes, isBare: boolean): string {
  if (!isRefName(ref)) throw builtinFault('E-EVAL-143', `invalid Git branch/tag name '${bytesToText(ref)}'`);
  return ref === 'HEAD' || ref.startsWith('refs/') || isBare ? bytesToText(ref) : `refs/heads/${bytesToText(ref)}`;
}

function fetchTree(ctx: Evaluator, argument: Slot): Value {
  const attrs = readArguments(ctx, argument, 'fetchTree');
  const type = String(attrs.get('type'));
  checkArguments(type, attrs);
  switch (type) {
    case 'git':
      return gitTree(ctx, attrs, { builtin: 'fetchTree', hasEmptyRev: false });
    case 'path':
      return pathTree(ctx, attrs);
    case 'tarball':
    case 'file':
    case 'github':
    case 'gitlab':
    case 'sourcehut':
      return archiveTree(ctx, type, attrs);
    default:
      throw builtinFault('E-EVAL-143', `'fetchTree' does not fetch inputs of type '${bytesToText(type)}'`, {
        notes: ['it fetches: file, git, github, gitlab, path, sourcehut, tarball'],
        hints: type === 'indirect' ? ['there is no registry of flakes here: write where the source is'] : [],
      });
  }
}

function pathTree(ctx: Evaluator, attrs: FetchAttrs): Value {
  const given = attrs.get('path');
  if (given === undefined) throw neededInput('fetchTree', 'path');
  const path = String(given).replace(/(.)\/+$/, '$1');
  if (!path.startsWith('/')) throw builtinFault('E-EVAL-143', `'${bytesToText(path)}' is not an absolute path`);
  if (ctx.settings.pure === true && !attrs.has('narHash')) throw unpinned('fetchTree', writeFlakeRef(attrs), 'add narHash');
  const added = reading(path, () => ctx.io.store.addPath('source', path));
  checkNarHash(attrs, added.digest.hex, path);
  return describeTree(attrs, new ContextString(added.path, [added.path]), formatHash(added.digest, 'sri'));
}

function archiveTree(ctx: Evaluator, type: string, given: FetchAttrs): Value {
  const isTree = type !== 'file';
  const forge = isForge(type) ? readForgeInput(type, given) : undefined;
  const told = forge === undefined ? archiveUrl(given) : forge.rev && archiveAddress(forge, forge.rev);
  const narHash = given.get('narHash');
  if (ctx.settings.pure === true && (told === undefined || narHash === undefined)) {
    throw unpinnedArchive(given, isTree ? told : undefined);
  }
  const attrs: FetchAttrs = new Map(given);
  if (forge !== undefined) attrs.set('rev', forge.rev ?? currentCommit(ctx, forge, given));
  const url = told ?? archiveAddress(forge!, String(attrs.get('rev')));
  if (narHash !== undefined) {
    const hash = formatHash(parseHash(String(narHash), 'sha256'), 'sri');
    return describeTree(attrs, fetchPinned(ctx, { url, hash, name: 'source', isTree, isNarHash: true }), hash);
  }
  const found = ctx.io.fetchUrl({ url: bytesToText(url), name: 'source', isTree });
  const { path, digest } = isTree ? found : reading(found.path, () => ctx.io.store.addPath('source', found.path));
  const { lastModified = 0 } = found;
  // A forge says when the commit was made; of another archive the caller may know better.
  if (forge !== undefined || (lastModified > 0 && !attrs.has('lastModified'))) attrs.set('lastModified', lastModified);
  return describeTree(attrs, new ContextString(path, [path]), formatHash(digest, 'sri'));
}

/** @param url  of the archive, where it is known: its tree has the hash to declare */
function unpinnedArchive(attrs: FetchAttrs, url: Bytes | undefined): Error {
  const needed = isForge(String(attrs.get('type'))) ? ['rev', 'narHash'] : ['narHash'];
  const missing = needed.filter((name) => !attrs.has(name));
  const hints = url === undefined ? [] : [`igos store fetch --unpack '${withoutSecrets(bytesToText(url))}' tells narHash`];
  return unpinned('fetchTree', writeFlakeRef(attrs), `add ${missing.join(' and ')}`, hints);
}

function archiveUrl(attrs: FetchAttrs): Bytes {
  const given = attrs.get('url');
  if (given === undefined) throw neededInput('fetchTree', 'url');
  const url = String(given);
  if (!/^file:(?!\/)/.test(url)) return url;
  throw builtinFault(
    'E-EVAL-143',
    `tarball '${bytesToText(url)}' must use an absolute path. The 'file' scheme does not support relative paths.`,
  );
}

function describeTree(attrs: FetchAttrs, outPath: Slot, narHash: Bytes): Value {
  const fields: Record<string, Slot> = { outPath, narHash };
  const rev = attrs.get('rev');
  if (rev !== undefined) Object.assign(fields, { rev, shortRev: String(rev).slice(0, 7) });
  const revCount = attrs.get('revCount');
  if (revCount !== undefined) fields['revCount'] = revCount;
  const lastModified = attrs.get('lastModified');
  if (lastModified !== undefined) Object.assign(fields, { lastModified, lastModifiedDate: dateOf(Number(lastModified)) });
  return attrsFromRecord(fields);
}

function checkNarHash(attrs: FetchAttrs, hex: string, what: string): void {
  const narHash = attrs.get('narHash');
  if (narHash === undefined) return;
  const wanted = parseHash(String(narHash), 'sha256');
  if (wanted.hex === hex) return;
  throw builtinFault('E-EVAL-114', `'${what}' is not what its hash says`, {
    notes: [`expected ${formatHash(wanted, 'sri')}\ngot      ${formatHash({ algorithm: 'sha256', hex }, 'sri')}`],
    hints: ['give the hash that was got, if the content is what you want'],
  });
}

const unpinned = (builtin: string, ref: Bytes, hint: string, more: readonly string[] = []): Error =>
  builtinFault('E-EVAL-142', `in pure evaluation mode, '${builtin}' doesn't fetch unlocked input '${bytesToText(ref)}'`, {
    hints: [`${hint}, or evaluate with --impure`, ...more],
  });

/** `20240131235959`, in UTC. */
/** What dates reach to: some 270,000 years. Whoever makes a commit or an archive may write down any time. */
const LAST_SECOND = 8.64e12;

/** Years have four digits, or as many as they need. */
const dateOf = (seconds: number): Bytes =>
  new Date(Math.min(seconds, LAST_SECOND) * 1000)
    .toISOString()
    .replace(/^\+0*/, '')
    .replaceAll(/[-:T]|\.\d+Z$/g, '');
