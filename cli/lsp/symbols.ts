/** The outline of a file, and the names of a workspace. */
import type { DocumentSymbol, SymbolKind, WorkspaceSymbol } from 'vscode-languageserver-protocol/node';
import { bytesToText } from '../../base/index.ts';
import type { Binding, Declaration, Expr } from '../../lang/index.ts';
import { locationOf } from './diagnostics.ts';
import type { File } from './files.ts';
import { oneLine } from './tree-entities.ts';
import type { Workspace } from './workspace.ts';

const KIND = {
  tree: 1, // File
  tier: 3, // Namespace
  package: 4, // Package
  override: 4,
  system: 2, // Module
  split: 4,
  field: 8, // Field
  function: 12,
  set: 19, // Object
  list: 18, // Array
  string: 15,
  number: 16,
  variable: 13,
} as const satisfies Record<string, SymbolKind>;

const MAX_SYMBOLS = 5_000;
const MAX_LEVELS = 30;

/** Declarations with their fields; of an expression the bindings of its sets and lets. */
export function documentSymbols(file: File): DocumentSymbol[] {
  let left = MAX_SYMBOLS;
  const { tree } = file.parsed;
  if (tree.kind === 'expr') return ofExpr(tree.expr, 0);
  return [...ofBindings(tree.bindings ?? [], 0), ...tree.declarations.map(ofDeclaration)];

  function ofDeclaration(declaration: Declaration): DocumentSymbol {
    const { kind, name, version, splits } = declaration;
    return {
      name: name === undefined ? kind : name.text,
      detail: version === undefined ? kind : `${kind} ${oneLine(file, version)}`,
      kind: KIND[kind],
      range: file.range(declaration),
      selectionRange: file.range(name ?? { start: declaration.start, end: declaration.start + kind.length }),
      children: [...ofBindings(declaration.bindings, 0, KIND.field), ...splits.map(ofDeclaration)],
    };
  }

  function ofBindings(bindings: readonly Binding[], level: number, kind?: SymbolKind): DocumentSymbol[] {
    if (level > MAX_LEVELS) return [];
    return bindings.flatMap((binding): DocumentSymbol[] => {
      if (binding.kind === 'inherit') {
        return binding.names.flatMap((each) =>
          left-- > 0
            ? [{ name: bytesToText(each.name), kind: KIND.variable, range: file.range(each), selectionRange: file.range(each) }]
            : [],
        );
      }
      if (left-- <= 0) return [];
      const last = binding.path.at(-1);
      const first = binding.path[0];
      if (last === undefined || first === undefined) return [];
      const name = bytesToText(file.text.slice(first.start, last.end));
      return [
        {
          name: name === '' ? '?' : name,
          kind: kind ?? kindOf(binding.value),
          range: file.range(binding),
          selectionRange: file.range({ start: first.start, end: last.end }),
          children: ofExpr(binding.value, level + 1),
        },
      ];
    });
  }

  function ofExpr(expr: Expr, level: number): DocumentSymbol[] {
    let at = expr;
    const found: DocumentSymbol[] = [];
    for (;;) {
      switch (at.kind) {
        case 'attrs':
        case 'legacyLet':
          return [...found, ...ofBindings(at.bindings, level)];
        case 'let':
          found.push(...ofBindings(at.bindings, level));
          at = at.body;
          break;
        case 'lambda':
        case 'with':
        case 'assert':
          at = at.body;
          break;
        default:
          return found;
      }
    }
  }
}

function kindOf(expr: Expr): SymbolKind {
  switch (expr.kind) {
    case 'lambda':
      return KIND.function;
    case 'attrs':
      return KIND.set;
    case 'list':
      return KIND.list;
    case 'string':
      return KIND.string;
    case 'int':
    case 'float':
      return KIND.number;
    default:
      return KIND.variable;
  }
}

const MAX_FOUND = 500;

/** What the trees of the workspace declare, by letters in their order: `gmk` finds `gnu-make`. */
export function workspaceSymbols(query: string, workspace: Workspace): WorkspaceSymbol[] {
  const wanted = query.toLowerCase();
  const found: WorkspaceSymbol[] = [];
  const seen = new Set<string>();
  for (const { tree } of workspace.views) {
    for (const { path, tree: declarations } of tree.files) {
      const file = workspace.files.peek(path);
      if (file === undefined || seen.has(path)) continue;
      seen.add(path);
      for (const declaration of declarations.declarations) {
        for (const each of [declaration, ...declaration.splits]) {
          if (each.name === undefined || !holdsInOrder(each.name.text.toLowerCase(), wanted)) continue;
          found.push({
            name: each.name.text,
            kind: KIND[each.kind],
            location: locationOf(file, each.name),
            containerName: each === declaration ? each.kind : `split of ${declaration.name?.text}`,
          });
          if (found.length === MAX_FOUND) return found;
        }
      }
    }
  }
  return found;
}

function holdsInOrder(name: string, wanted: string): boolean {
  let at = 0;
  for (const char of wanted) {
    at = name.indexOf(char, at) + 1;
    if (at === 0) return false;
  }
  return true;
}
