/** What a tree says without evaluating any of it: for editors, where most files are wrong most of the time. */
import { dirname, resolve } from 'node:path';
import { Fault, Faults, SystemFault } from '../../base/index.ts';
import type { Declaration, Expr } from '../../lang/index.ts';
import { NodeFiles } from '../node-io.ts';
import { checkLiterals } from './check-literals.ts';
import { collectAll, type DeclaredNames } from './collect.ts';
import { type DeclarationsFile, type LoadedTree, load, type ReadSource, type TreeFields } from './load-tree.ts';

export interface SurveyedTree extends Pick<LoadedTree, 'name' | 'version' | 'root' | 'files'> {
  readonly names: DeclaredNames;
  /** Of the tree and its declarations; syntax errors are the reader's to keep. */
  readonly problems: readonly Fault[];
}

/**
 * Finds the files of a tree and collects what they declare; what cannot be read is left out. Of `tree { … }` only plain strings,
 * lists and paths are understood: a computed `include` or `over` counts as not given. Never throws.
 *
 * @param argument    absolute path of the folder, or of one file
 * @param readSource  may give the tree of a file with syntax errors
 */
export function surveyTree(argument: string, readSource: ReadSource): SurveyedTree {
  const problems: Fault[] = [];
  let loaded: Pick<LoadedTree, 'name' | 'version' | 'root' | 'files'> = {
    name: '',
    version: undefined,
    root: argument,
    files: [],
  };
  try {
    const read: ReadSource = (path, shown) => ({ ...readSource(path, shown), diagnostics: [] });
    loaded = load(argument, { io: new NodeFiles(), readFields, readSource: read, problems }, new Map());
  } catch (error) {
    if (error instanceof Fault) problems.push(error);
    else if (error instanceof Faults) problems.push(...error.faults);
    else if (!(error instanceof SystemFault)) throw error;
  }
  return resurvey({ ...loaded, problems }, loaded.files);
}

/** The same tree with other contents of its files: nothing is searched or read. Cost: linear in the declarations. */
export function resurvey(
  tree: Pick<LoadedTree, 'name' | 'version' | 'root'> & { readonly problems: readonly Fault[] },
  files: readonly DeclarationsFile[],
): SurveyedTree {
  const problems = tree.problems.filter((problem) => problem.code === 'E-DECL-014' || problem.code === 'E-DECL-016');
  const usable = files.map((file) => ({ ...file, tree: { ...file.tree, declarations: file.tree.declarations.filter(isNamed) } }));
  const names = collectAll(usable, problems);
  problems.push(...checkLiterals(names));
  return { name: tree.name, version: tree.version, root: tree.root, files, names, problems };
}

const isNamed = (declaration: Declaration): boolean =>
  (declaration.kind === 'tree' || declaration.name !== undefined) && declaration.splits.every(isNamed);

function readFields(declaration: Declaration, file: DeclarationsFile): TreeFields {
  const folder = dirname(file.path);
  const text = (expr: Expr | undefined): string | undefined =>
    expr?.kind === 'string' && expr.parts.length === 1 && typeof expr.parts[0] === 'string' ? expr.parts[0] : undefined;
  const path = (expr: Expr): string | undefined =>
    expr.kind === 'path' && expr.parts.length === 1 && typeof expr.parts[0] === 'string'
      ? resolve(folder, expr.parts[0])
      : undefined;
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
