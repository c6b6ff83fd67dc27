import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Faults, renderFault, SourceFile, sys, textToBytes } from '../../base/index.ts';
import { type Declaration, type Expr, type FileTree, parse, printNormal } from '../../lang/index.ts';
import { type Arguments, UsageError } from '../arguments.ts';
import type { Context } from '../context.ts';
import { lintsOf } from '../lints.ts';
import { userHome } from '../user-home.ts';

export async function run(context: Context, args: Arguments): Promise<undefined> {
  const { source, folder, isExpression } = read(context, args);
  const lints = lintsOf(args);
  const { tree, diagnostics, warnings } = parse(source, {
    kind: isExpression ? 'expr' : 'igos',
    pipes: args.has('pipes'),
    ...(lints === undefined ? {} : { lints }),
  });
  for (const warning of warnings) context.out.talk(renderFault(warning, { severity: 'warning' }).trimEnd());
  if (diagnostics.length > 0) throw new Faults(diagnostics);
  if (tree.kind === 'expr') await checkNames(source, tree.expr);
  const options = { basePath: textToBytes(folder), home: textToBytes(userHome()) };
  const show = (expr: Expr): string => printNormal(expr, options);
  if (context.isJson) context.out.json({ kind: tree.kind, normal: normalForm(tree, show) });
  else context.out.foreign(`${normalForm(tree, show)}\n`);
}

/** A variable that nothing defines is an error of the text as well; the names that are always there belong to the evaluator. */
async function checkNames(source: SourceFile, expr: Expr): Promise<void> {
  const evaluator = await import('../../eval/index.ts');
  evaluator.checkNames(source, expr);
}

function read(context: Context, args: Arguments): { source: SourceFile; folder: string; isExpression: boolean } {
  const folder = context.workingDirectory;
  const expression = args.value('expr');
  if (expression !== undefined)
    return { source: new SourceFile('«string»', textToBytes(expression)), folder, isExpression: true };
  const path = args.operands[0];
  if (path === undefined) throw new UsageError('parse needs a FILE or --expr', ["igos parse --expr 'a: a'"]);
  if (path === '-') return { source: new SourceFile('«stdin»', context.readInput()), folder, isExpression: true };
  const text = sys('read', path, () => readFileSync(path, 'latin1'));
  return { source: new SourceFile(path, text), folder: dirname(resolve(folder, path)), isExpression: !path.endsWith('.igos') };
}

function normalForm(tree: FileTree, show: (expr: Expr) => string): string {
  if (tree.kind === 'expr') return show(tree.expr);
  const bindings = (tree.bindings ?? []).length > 0 ? 'let … in\n' : '';
  return bindings + tree.declarations.map((declaration) => declarationForm(declaration, show)).join('\n');
}

function declarationForm(declaration: Declaration, show: (expr: Expr) => string): string {
  const head = [
    declaration.kind,
    declaration.name?.text,
    declaration.version === undefined ? undefined : show(declaration.version),
  ];
  const fields: Expr = {
    kind: 'attrs',
    isRec: false,
    bindings: declaration.bindings,
    merged: declaration.merged,
    start: declaration.start,
    end: declaration.end,
  };
  const splits = declaration.splits.map((split) => ` ${declarationForm(split, show)}`).join('');
  return `${head.filter((word) => word !== undefined).join(' ')} ${show(fields)}${splits}`;
}
