/** What a tree says without evaluating any of it: for editors, where most files are wrong most of the time. */
import { dirname, resolve } from 'node:path';
import { type Bytes, bytesToText, Fault, Faults, SystemFault, textToBytes } from '../../base/index.ts';
import type { Declaration, Expr } from '../../lang/index.ts';
import { NodeFiles } from '../node-io.ts';
import { checkLiterals } from './check-literals.ts';
import { collectAll, type DeclaredNames } from './collect.ts';
import { type DeclarationsFile, type LoadedTree, load, type ReadSource, type TreeFields, type TreeIO } from './load-tree.ts';

export interface SurveyedTree extends Pick<LoadedTree, 'name' | 'version' | 'root' | 'files'> {
  readonly names: DeclaredNames;
  /** Of the tree and its declarations; syntax errors are the reader's to keep. */
  readonly problems: readonly Fault[];
  /** `include` or `over` is computed: there may be more files, and more names, than were found. */
  readonly isPartial: boolean;
}

/**
 * Finds the files of a tree and collects what they declare; what cannot be read is left out. Of `tree { … }` only lists of strings
 * and paths are understood, these also put together of literals: any other `include` or `over` counts as not given. Never throws.
 *
 * @param argument    absolute path of the folder, or of one file
 * @param readSource  may give the tree of a file with syntax errors
 * @param io          what is looked at to find the files
 */
export function surveyTree(argument: string, readSource: ReadSource, io: TreeIO = new NodeFiles()): SurveyedTree {
  const problems: Fault[] = [];
  let loaded: Pick<LoadedTree, 'name' | 'version' | 'root' | 'files'> = {
    name: '',
    version: undefined,
    root: argument,
    files: [],
  };
  let isPartial = false as boolean;
  try {
    const read: ReadSource = (path, shown) => ({ ...readSource(path, shown), diagnostics: [] });
    const readNoting: typeof readFields = (declaration, file) => {
      const fields = readFields(declaration, file);
      isPartial ||= PLACES.some((name) => fields[name] === undefined && hasField(declaration, name));
      return fields;
    };
    loaded = load(argument, { io, readFields: readNoting, readSource: read, problems }, new Map());
  } catch (error) {
    if (error instanceof Fault) problems.push(error);
    else if (error instanceof Faults) problems.push(...error.faults);
    else if (!(error instanceof SystemFault)) throw error;
  }
  return resurvey({ ...loaded, problems, isPartial }, loaded.files);
}

const PLACES = ['include', 'over'] as const;

const hasField = (declaration: Declaration, name: string): boolean =>
  declaration.merged.statics.some((attr) => attr.name === name) || declaration.merged.dynamics.length > 0;

/** The same tree with other contents of its files: nothing is searched or read. Cost: linear in the declarations. */
export function resurvey(
  tree: Pick<SurveyedTree, 'name' | 'version' | 'root' | 'problems' | 'isPartial'>,
  files: readonly DeclarationsFile[],
): SurveyedTree {
  const problems = tree.problems.filter((problem) => problem.code === 'E-DECL-014' || problem.code === 'E-DECL-016');
  const usable = files.map((file) => ({ ...file, tree: { ...file.tree, declarations: file.tree.declarations.filter(isNamed) } }));
  const names = collectAll(usable, problems);
  problems.push(...checkLiterals(names));
  return { name: tree.name, version: tree.version, root: tree.root, files, names, problems, isPartial: tree.isPartial };
}

const isNamed = (declaration: Declaration): boolean =>
  (declaration.kind === 'tree' || declaration.name !== undefined) && declaration.splits.every(isNamed);

function readFields(declaration: Declaration, file: DeclarationsFile): TreeFields {
  const folder = dirname(file.path);
  const text = (expr: Expr | undefined): string | undefined => (expr?.kind === 'string' ? joined(expr.parts) : undefined);
  const path = (expr: Expr): string | undefined => {
    const found = pathText(expr, folder);
    return found === undefined ? undefined : resolve(bytesToText(found));
  };
  const field = (name: string): Expr | undefined => {
    const value = declaration.merged.statics.find((attr) => attr.name === name)?.value;
    return value?.kind === 'expr' ? value.expr : undefined;
  };
  const list = (name: string, read: (expr: Expr) => string | undefined): string[] | undefined => {
    const expr = field(name);
    if (expr?.kind !== 'list') return undefined;
    const items = expr.items.map(read);
    return items.every((item) => item !== undefined) ? items : undefined;
  };
  return { name: text(field('name')), version: text(field('version')), include: list('include', text), over: list('over', path) };
}

/** Literals, and interpolated strings of literals; `undefined` where something else is in it. */
function joined(parts: readonly (Bytes | Expr)[]): Bytes | undefined {
  const texts = parts.map((part) => (typeof part === 'string' ? part : part.kind === 'string' ? joined(part.parts) : undefined));
  return texts.every((text) => text !== undefined) ? texts.join('') : undefined;
}

/** `../a`, `../${"a b"}`, `../. + "/a b"`: absolute. */
function pathText(expr: Expr, folder: string): Bytes | undefined {
  if (expr.kind === 'path') {
    const written = joined(expr.parts);
    return written === undefined ? undefined : textToBytes(resolve(folder, bytesToText(written)));
  }
  if (expr.kind !== 'binary' || expr.op !== '+' || expr.right.kind !== 'string') return undefined;
  const [left, right] = [pathText(expr.left, folder), joined(expr.right.parts)];
  return left === undefined || right === undefined ? undefined : left + right;
}
