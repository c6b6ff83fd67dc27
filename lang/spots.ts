/** What stands where in a file, as written: the places that an editor can ask about. */
import type {
  AttrName,
  Binding,
  Declaration,
  Expr,
  FileTree,
  Node,
  PathExpr,
  SearchPathExpr,
  StringExpr,
  VarExpr,
} from './tree.ts';

/** What holds a binding. A declaration's are its fields. */
export type BindingHolder =
  | { readonly kind: 'set' | 'let'; readonly expr: Expr | undefined }
  | { readonly kind: 'declaration'; readonly declaration: Declaration };

/** Something small that means something. Of two spots at one place the later in a `Spot[]` is the inner one. */
export type Spot = Node &
  (
    | { readonly kind: 'var'; readonly expr: VarExpr }
    /** `a` or `b` of `a.b = …`: `path[index]`; `within` are the sets around the innermost holder's, outermost first. */
    | {
        readonly kind: 'key';
        readonly binding: Binding & { readonly kind: 'bind' };
        readonly index: number;
        readonly holder: BindingHolder;
      }
    | {
        readonly kind: 'inherited';
        readonly binding: Binding & { readonly kind: 'inherit' };
        readonly name: string;
        readonly holder: BindingHolder;
      }
    /** `b` of `e.a.b` or `e ? a.b`. */
    | { readonly kind: 'attr'; readonly expr: Expr & { readonly kind: 'select' | 'has' }; readonly index: number }
    /** The name in a pattern `{ a, b }:`, in `x:`, or of the whole argument. */
    | { readonly kind: 'param'; readonly name: string }
    | { readonly kind: 'path'; readonly expr: PathExpr }
    | { readonly kind: 'searchPath'; readonly expr: SearchPathExpr }
    | { readonly kind: 'string'; readonly expr: StringExpr }
    | { readonly kind: 'number' }
    | { readonly kind: 'declared'; readonly declaration: Declaration; readonly around: Declaration | undefined }
    | { readonly kind: 'word'; readonly declaration: Declaration }
  );

/** All spots, in the order of their starts. Cost: linear. No recursion. */
export function spotsOf(tree: FileTree, text: string): Spot[] {
  const spots: Spot[] = [];
  const work: Expr[] = [];

  if (tree.kind === 'expr') work.push(tree.expr);
  else {
    bindings(tree.bindings ?? [], { kind: 'let', expr: undefined });
    for (const declaration of tree.declarations) declare(declaration, undefined);
  }
  for (let expr = work.pop(); expr !== undefined; expr = work.pop()) visit(expr);
  return spots.sort((a, b) => a.start - b.start || b.end - a.end);

  function declare(declaration: Declaration, around: Declaration | undefined): void {
    const { start, kind, name, version } = declaration;
    spots.push({ kind: 'word', declaration, start, end: start + kind.length });
    if (name !== undefined) spots.push({ kind: 'declared', declaration, around, start: name.start, end: name.end });
    if (version !== undefined) work.push(version);
    bindings(declaration.bindings, { kind: 'declaration', declaration });
    for (const split of declaration.splits) declare(split, declaration);
  }

  function bindings(list: readonly Binding[], holder: BindingHolder): void {
    for (const binding of list) {
      if (binding.kind === 'inherit') {
        if (binding.from !== undefined) work.push(binding.from);
        for (const { name, start, end } of binding.names) spots.push({ kind: 'inherited', binding, name, holder, start, end });
        continue;
      }
      names(binding.path, (index, { start, end }) => spots.push({ kind: 'key', binding, index, holder, start, end }));
      work.push(binding.value);
    }
  }

  function names(path: readonly AttrName[], note: (index: number, at: Node) => void): void {
    path.forEach((part, index) => {
      if (part.kind === 'dynamic') work.push(part.expr);
      else note(index, part);
    });
  }

  function visit(expr: Expr): void {
    const { start, end } = expr;
    switch (expr.kind) {
      case 'int':
      case 'float':
        spots.push({ kind: 'number', start, end });
        return;
      case 'searchPath':
        spots.push({ kind: 'searchPath', expr, start, end });
        return;
      case 'string':
        spots.push({ kind: 'string', expr, start, end });
        push(expr.parts.filter((part) => typeof part !== 'string'));
        return;
      case 'path':
        spots.push({ kind: 'path', expr, start, end });
        push(expr.parts.filter((part) => typeof part !== 'string'));
        return;
      case 'var':
        if (expr.name !== '') spots.push({ kind: 'var', expr, start, end });
        return;
      case 'list':
        push(expr.items);
        return;
      case 'attrs':
        bindings(expr.bindings, { kind: 'set', expr });
        return;
      case 'let':
      case 'legacyLet':
        bindings(expr.bindings, { kind: 'let', expr });
        if (expr.kind === 'let') work.push(expr.body);
        return;
      case 'lambda': {
        const { param } = expr;
        if (param.kind === 'name') spots.push({ kind: 'param', name: param.name, start: param.start, end: param.end });
        else {
          for (const formal of param.formals) {
            spots.push({ kind: 'param', name: formal.name, start: formal.start, end: formal.start + formal.name.length });
            if (formal.fallback !== undefined) work.push(formal.fallback);
          }
          if (param.as !== undefined) {
            const at = text[param.start] === '{' ? param.end - param.as.length : param.start;
            spots.push({ kind: 'param', name: param.as, start: at, end: at + param.as.length });
          }
        }
        work.push(expr.body);
        return;
      }
      case 'call':
        work.push(expr.fn);
        push(expr.args);
        return;
      case 'select':
      case 'has':
        work.push(expr.target);
        names(expr.path, (index, at) => spots.push({ kind: 'attr', expr, index, start: at.start, end: at.end }));
        if (expr.kind === 'select' && expr.fallback !== undefined) work.push(expr.fallback);
        return;
      case 'with':
        work.push(expr.scope, expr.body);
        return;
      case 'if':
        work.push(expr.condition, expr.then, expr.otherwise);
        return;
      case 'assert':
        work.push(expr.condition, expr.body);
        return;
      case 'unary':
        work.push(expr.operand);
        return;
      case 'binary':
        work.push(expr.left, expr.right);
    }
  }

  function push(list: readonly Expr[]): void {
    for (const each of list) work.push(each);
  }
}

/** The innermost spot that holds the offset, or ends at it. Cost: linear in the spots before it. */
export function spotAt(spots: readonly Spot[], offset: number): Spot | undefined {
  let best: Spot | undefined;
  for (const spot of spots) {
    if (spot.start > offset) break;
    if (offset > spot.end) continue;
    const isTighter = best === undefined || offset < spot.end || best.end - best.start >= spot.end - spot.start;
    if (isTighter) best = spot;
  }
  return best;
}
