/** Trees in temporary folders, evaluated with the real evaluator over the real disk and a store that only computes. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { Fault, Faults, renderFault, SourceFile } from '../../../base/index.ts';
import { evalTree, type Tree } from '../../../eval/declare/index.ts';
import type { Value } from '../../../eval/value.ts';
import { golden } from '../../golden.ts';
import { makeTestEvaluator, type TestEvaluator } from './evaluator.ts';

/** Enough around a package that it is right. */
export const TIER = 'tier core { summary = "Essential"; }\n';

export interface TestTree {
  readonly folder: string;
  readonly evaluator: TestEvaluator;
  readonly tree: Tree;
  /** An expression among the tree's names, printed as `nix-instantiate --eval --strict` does. */
  print(expression: string): string;
  eval(expression: string): Value;
}

export function writeTree(context: TestContext, files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'igos-tree-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

/** `files` may be one text, which becomes `tree.igos`'s neighbour `a.igos`. */
export function openTree(context: TestContext, files: string | Readonly<Record<string, string>>, below = ''): TestTree {
  const folder = writeTree(context, typeof files === 'string' ? { 'a.igos': files } : files);
  const evaluator = makeTestEvaluator();
  const tree = evalTree(evaluator.interpreter, join(folder, below));
  const source = (text: string): SourceFile => new SourceFile('<test>', text);
  return {
    folder,
    evaluator,
    tree,
    eval: (expression) => tree.evalExpr(source(expression), folder),
    print: (expression) => evaluator.print(tree.evalExpr(source(expression), folder)).replaceAll(folder, '$TREE'),
  };
}

/** The faults that `run` throws, as a user sees them, paths below the tree made stable. */
export function faultText(folder: string, run: () => unknown): string {
  try {
    run();
  } catch (error) {
    const faults = error instanceof Faults ? error.faults : error instanceof Fault ? [error] : [];
    if (faults.length === 0) throw error;
    return faults
      .map((fault) => renderFault(fault))
      .join('\n')
      .replaceAll(folder, 'tree');
  }
  throw new Error('nothing was wrong');
}

/** Opens the tree and does `use` with it; what is thrown is compared with test/golden/errors/decl-NAME.txt. */
export function goldenFault(
  context: TestContext,
  name: string,
  files: string | Readonly<Record<string, string>>,
  use: (tree: Tree, test: { eval(expression: string): Value }) => unknown = (tree) => {
    const found = tree.check();
    if (found.length > 0) throw new Faults(found);
  },
): void {
  const named = { 'tree.igos': 'tree { name = "test"; }\n', 'a.igos': files };
  const folder = writeTree(context, typeof files === 'string' ? (named as Record<string, string>) : files);
  const evaluator = makeTestEvaluator();
  const text = faultText(folder, () => {
    const tree = evalTree(evaluator.interpreter, folder);
    const source = (expression: string): SourceFile => new SourceFile('<test>', expression);
    use(tree, { eval: (expression) => evaluator.interpreter.ctx.forceDeep(tree.evalExpr(source(expression), folder)) });
  });
  golden(context, `errors/decl-${name}.txt`, text);
}
