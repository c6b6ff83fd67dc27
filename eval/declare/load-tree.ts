/**
 * Finds and parses the files of a tree. Nothing is evaluated here except, through a callback, the fields of `tree { … }`.
 *
 * A tree is a folder: every `*.igos` below it that holds declarations, in bytewise order of its path. Left out are dot-folders,
 * `node_modules`, symlinks (result links), folders that are trees of their own (they hold a `tree.igos`), and files of one
 * expression, which are there to be imported.
 */
import { dirname, join, relative, resolve } from 'node:path';
import { bytesToText, compareBytes, Fault, Faults, SourceFile, SystemFault, textToBytes } from '../../base/index.ts';
import { type Declaration, type FileTree, type ParseResult, parse } from '../../lang/index.ts';
import type { EvalIO } from '../io.ts';
import { type Parsing, parseOptions } from '../parsing.ts';
import { globFiles } from './glob-files.ts';

const TREE_FILE = 'tree.igos';

/** One file of declarations. */
export interface DeclarationsFile {
  /** Absolute. */
  readonly path: string;
  readonly source: SourceFile;
  readonly tree: Extract<FileTree, { kind: 'declarations' }>;
}

/** What `tree { … }` says. `over` holds absolute paths. */
export interface TreeFields {
  readonly name?: string | undefined;
  readonly version?: string | undefined;
  readonly include?: readonly string[] | undefined;
  readonly over?: readonly string[] | undefined;
}

export interface LoadedTree {
  readonly name: string;
  readonly version?: string | undefined;
  /** Absolute path of the folder. */
  readonly root: string;
  /** Those of the trees below first, then this tree's own. */
  readonly files: readonly DeclarationsFile[];
}

/** What the search for files looks at. */
export type TreeIO = Pick<EvalIO, 'admit' | 'lstat' | 'readDir' | 'realpath'>;

export type ReadTreeFields = (declaration: Declaration, file: DeclarationsFile) => TreeFields;

/** Where files come from. `shown` is how messages name the file. @throws SystemFault */
export type ReadSource = (
  path: string,
  shown: string,
) => { readonly source: SourceFile } & Pick<ParseResult, 'tree' | 'diagnostics'>;

/**
 * Loads the tree in a folder, or the one file of declarations that `argument` names. Syntax errors of all files come together.
 *
 * @param argument  as the user wrote it: errors show paths below it
 * @throws Fault E-DECL-014, 015, 016 · Faults syntax errors · SystemFault a file cannot be read
 */
export function loadTree(evaluator: Parsing, argument: string, readFields: ReadTreeFields): LoadedTree {
  const { io } = evaluator;
  const options = parseOptions(evaluator);
  const problems: Fault[] = [];
  const readSource: ReadSource = (path, shown) => {
    const source = new SourceFile(
      shown,
      shownAs(shown, () => io.readFile(textToBytes(path))),
    );
    const parsed = parse(source, { ...options, kind: 'igos' });
    // Of one expression they are said where it is imported.
    if (parsed.tree.kind === 'declarations') for (const warning of parsed.warnings) options.onWarning?.(warning);
    return { source, ...parsed };
  };
  const loaded = load(argument, { io, readFields, readSource, problems }, new Map());
  if (problems.length > 0) throw problems.length === 1 ? problems[0] : new Faults(problems);
  return loaded;
}

export interface Loading {
  readonly io: TreeIO;
  readonly readFields: ReadTreeFields;
  readonly readSource: ReadSource;
  /** Receives syntax errors and misplaced declarations. */
  readonly problems: Fault[];
}

/** @param stack  the trees that this one lies below: real path → as shown */
export function load(shown: string, loading: Loading, stack: Map<string, string>): LoadedTree {
  const { io, readFields, problems } = loading;
  io.admit?.(textToBytes(resolve(shown)));
  if (io.lstat(textToBytes(resolve(shown))) === undefined) {
    throw new Fault('E-DECL-015', `there is no tree '${shown}'`, {
      hints: ['name a folder with *.igos files, or one such file'],
    });
  }
  const real = bytesToText(shownAs(shown, () => io.realpath(textToBytes(resolve(shown)))));
  if (stack.has(real)) {
    const names = [...stack.values()];
    const circle = [...names.slice([...stack.keys()].indexOf(real)), shown];
    throw new Fault('E-DECL-016', `tree '${shown}' is laid over itself: ${circle.join(' → ')}`, {
      hints: ['take one of them out of `over`'],
    });
  }
  const isFile = io.lstat(textToBytes(real)) === 'regular';
  const root = isFile ? dirname(real) : real;
  const files = isFile ? [readDeclarations(real, shown, loading)].filter((file) => file !== undefined) : [];
  if (isFile && files.length === 0 && problems.length === 0) {
    throw new Fault('E-DECL-015', `'${shown}' holds one expression, not declarations`, {
      hints: ['a tree is a folder with *.igos files of declarations, or one such file'],
    });
  }

  const head = isFile ? files[0] : readHead(root, shown, loading);
  const fields = head === undefined ? {} : treeFields(head, readFields);
  if (!isFile) {
    for (const name of findFiles(io, root, fields.include ?? ['**/*.igos'], head !== undefined)) {
      const file = name === TREE_FILE ? head : readDeclarations(join(root, name), join(shown, name), loading);
      if (file === undefined) continue;
      if (name !== TREE_FILE) refuseTreeDeclaration(file, problems);
      files.push(file);
    }
  }

  const nested = new Map([...stack, [real, shown]]);
  const below = (fields.over ?? []).map((path) => load(showLike(shown, root, path), loading, nested));
  if (!isFile && files.length === 0 && below.length === 0 && problems.length === 0) {
    throw new Fault('E-DECL-015', `there are no declarations below '${shown}'`, {
      hints: ['write a file like core.igos: tier core { summary = "…"; }'],
    });
  }
  const unique = new Map([...below.flatMap((tree) => tree.files), ...files].map((file) => [file.path, file]));
  return { name: fields.name ?? (root.split('/').at(-1) || 'tree'), version: fields.version, root, files: [...unique.values()] };
}

function readHead(root: string, shown: string, loading: Loading): DeclarationsFile | undefined {
  const path = join(root, TREE_FILE);
  return loading.io.lstat(textToBytes(path)) === 'regular' ? readDeclarations(path, join(shown, TREE_FILE), loading) : undefined;
}

function treeFields(head: DeclarationsFile, readFields: ReadTreeFields): TreeFields {
  const found = head.tree.declarations.filter((declaration) => declaration.kind === 'tree');
  const [first, second] = found;
  if (second !== undefined) {
    throw new Fault('E-DECL-014', 'a second `tree` declaration', {
      labels: [
        { source: head.source, start: second.start, end: second.start + 4, text: 'this one' },
        { source: head.source, start: first!.start, end: first!.start + 4, text: 'the first one' },
      ],
      hints: ['put all fields into one'],
    });
  }
  return first === undefined ? {} : readFields(first, head);
}

function refuseTreeDeclaration(file: DeclarationsFile, problems: Fault[]): void {
  for (const declaration of file.tree.declarations) {
    if (declaration.kind !== 'tree') continue;
    problems.push(
      new Fault('E-DECL-014', '`tree` declaration outside tree.igos', {
        labels: [{ source: file.source, start: declaration.start, end: declaration.start + 4, text: '' }],
        hints: ['move it into the file tree.igos at the top of the tree'],
      }),
    );
  }
}

/** Undefined for a file of one expression, and for one with syntax errors, which go to `problems`. */
function readDeclarations(path: string, shown: string, { readSource, problems }: Loading): DeclarationsFile | undefined {
  const { source, tree, diagnostics } = readSource(path, shown);
  if (diagnostics.length > 0) {
    problems.push(...diagnostics);
    return undefined;
  }
  return tree.kind === 'declarations' ? { path, source, tree } : undefined;
}

/** A failure names the path as the user wrote it. */
function shownAs<T>(shown: string, look: () => T): T {
  try {
    return look();
  } catch (error) {
    throw error instanceof SystemFault ? new SystemFault(error.operation, shown, error.cause) : error;
  }
}

/** Names relative to the root, bytewise, `tree.igos` at its top included. Cost: one walk. */
function findFiles(io: TreeIO, root: string, include: readonly string[], hasHead: boolean): string[] {
  const found = globFiles(io, root, [...include, `*/**/${TREE_FILE}`], ['**/node_modules/**']);
  const others = found.filter((name) => name.endsWith(`/${TREE_FILE}`)).map((name) => name.slice(0, -TREE_FILE.length));
  const own = found.filter((name) => name.endsWith('.igos') && !others.some((folder) => name.startsWith(folder)));
  return [...new Set(hasHead ? [TREE_FILE, ...own] : own)].sort((a, b) => compareBytes(textToBytes(a), textToBytes(b)));
}

/** A path shown the way the tree's own files are: below what the user wrote where that is relative. */
const showLike = (shown: string, root: string, path: string): string =>
  shown.startsWith('/') ? path : join(shown, relative(shown.endsWith('.igos') ? join(root, 'x') : root, path)) || '.';
