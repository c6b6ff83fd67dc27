/**
 * Which name means which binding, by the text alone: for editors, renaming, "unused" and "unknown" checks. What is known only when
 * evaluated (`with`, the names a declaration sees) is left to the reader, who gets the chain of scopes around each use.
 */
import type { Bytes } from '../base/index.ts';
import type { AttrsExpr, Declaration, Expr, FileTree, LambdaExpr, MergedAttrs, Node, StaticAttr } from './tree.ts';

export type LocalKind = 'let' | 'rec' | 'parameter' | 'formal' | 'whole';

/** A name that the text binds. */
export interface Local {
  /** `formal`: one of `{ a, b }:`; `whole`: the `args` of `{ … }@args`. */
  readonly kind: LocalKind;
  readonly name: Bytes;
  /** Where the name stands in its bindings: `a.b = 1; a.c = 2;` has two places. Never empty. */
  readonly places: readonly Node[];
  /** What is bound; of a formal its default. Absent for parameters and what is inherited. */
  readonly value?: Expr;
  /** `inherit (e) x;`: the `e`. */
  readonly from?: Expr;
  /** `inherit x;`: the `x` of the scope around. */
  readonly outer?: NameUse;
  readonly scope: NameScope;
  readonly uses: readonly NameUse[];
}

/** One level of names. `with` and `declaration` have none of their own that the text tells. */
export interface NameScope {
  readonly kind: 'file' | 'names' | 'with' | 'declaration' | 'field';
  readonly around: NameScope | undefined;
  readonly locals: ReadonlyMap<Bytes, Local>;
  /** Of `with`: the set. */
  readonly set?: Expr;
  /** Of `declaration`, and of the `field`s in it. */
  readonly declaration?: Declaration;
  /** The name of the field. */
  readonly field?: Bytes;
}

/** A variable, or a name in `inherit`. Without a `local` it is free: a `with`, a declaration, or the globals may know it. */
export interface NameUse extends Node {
  readonly name: Bytes;
  readonly scope: NameScope;
  readonly local: Local | undefined;
  readonly isInherited: boolean;
}

export interface NameTable {
  /** In the order of the text. */
  readonly uses: readonly NameUse[];
  readonly locals: readonly Local[];
  readonly scopeOf: ReadonlyMap<Expr, NameScope>;
}

const noLocals: ReadonlyMap<Bytes, Local> = new Map();

/** @param text  of the source that was parsed. Cost: linear. No recursion: any depth will do. */
export function resolveNames(tree: FileTree, text: Bytes): NameTable {
  const work: [Expr, NameScope][] = [];
  const uses: NameUse[] = [];
  const locals: Local[] = [];
  const scopeOf = new Map<Expr, NameScope>();
  const file: NameScope = { kind: 'file', around: undefined, locals: noLocals };

  if (tree.kind === 'expr') work.push([tree.expr, file]);
  else {
    const scope = tree.merged === undefined ? file : recursive('let', tree.merged, tree.bindings ?? [], file);
    for (const declaration of tree.declarations) declare(declaration, scope);
  }
  for (let item = work.pop(); item !== undefined; item = work.pop()) visit(...item);
  uses.sort((a, b) => a.start - b.start);
  for (const made of uses) (made.local?.uses as NameUse[] | undefined)?.push(made);
  return { uses, locals, scopeOf };

  function declare(declaration: Declaration, around: NameScope): void {
    const scope: NameScope = { kind: 'declaration', around, locals: noLocals, declaration };
    if (declaration.version !== undefined) work.push([declaration.version, scope]);
    const { statics, dynamics, inheritFroms } = declaration.merged;
    for (const attr of statics) {
      const field: NameScope = { kind: 'field', around: scope, locals: noLocals, declaration, field: attr.name };
      if (attr.value.kind === 'expr') work.push([attr.value.expr, field]);
      else if (attr.value.kind === 'inherit') use(attr.name, attr, field, true);
    }
    for (const { name, value } of dynamics) work.push([name, scope], [value, scope]);
    for (const from of inheritFroms) work.push([from, scope]);
    for (const split of declaration.splits) declare(split, scope);
  }

  function visit(expr: Expr, scope: NameScope): void {
    scopeOf.set(expr, scope);
    switch (expr.kind) {
      case 'int':
      case 'float':
      case 'searchPath':
        return;
      case 'string':
      case 'path':
        for (const part of expr.parts) if (typeof part !== 'string') work.push([part, scope]);
        return;
      case 'var':
        if (expr.name !== '') use(expr.name, expr, scope, false);
        return;
      case 'list':
        for (const each of expr.items) work.push([each, scope]);
        return;
      case 'attrs':
        set(expr, scope);
        return;
      case 'lambda':
        lambda(expr, scope);
        return;
      case 'call':
        work.push([expr.fn, scope]);
        for (const each of expr.args) work.push([each, scope]);
        return;
      case 'select':
      case 'has':
        work.push([expr.target, scope]);
        for (const part of expr.path) if (part.kind === 'dynamic') work.push([part.expr, scope]);
        if (expr.kind === 'select' && expr.fallback !== undefined) work.push([expr.fallback, scope]);
        return;
      case 'let':
        work.push([expr.body, recursive('let', expr.merged, expr.bindings, scope)]);
        return;
      case 'legacyLet':
        recursive('let', expr.merged, expr.bindings, scope);
        return;
      case 'with':
        work.push([expr.scope, scope], [expr.body, { kind: 'with', around: scope, locals: noLocals, set: expr.scope }]);
        return;
      case 'if':
        work.push([expr.condition, scope], [expr.then, scope], [expr.otherwise, scope]);
        return;
      case 'assert':
        work.push([expr.condition, scope], [expr.body, scope]);
        return;
      case 'unary':
        work.push([expr.operand, scope]);
        return;
      case 'binary':
        work.push([expr.left, scope], [expr.right, scope]);
    }
  }

  function use(name: Bytes, at: Node, scope: NameScope, isInherited: boolean): NameUse {
    const local = findLocal(name, scope);
    const made: NameUse = { name, start: at.start, end: at.end, scope, local, isInherited };
    uses.push(made);
    return made;
  }

  function set(expr: AttrsExpr, scope: NameScope): void {
    if (expr.isRec) recursive('rec', expr.merged, expr.bindings, scope);
    else values(expr.merged, scope, scope);
  }

  function values({ statics, dynamics, inheritFroms }: MergedAttrs, scope: NameScope, around: NameScope): void {
    for (const attr of statics) {
      if (attr.value.kind === 'expr') work.push([attr.value.expr, scope]);
      else if (attr.value.kind === 'inherit' && scope === around) use(attr.name, attr, around, true);
    }
    for (const { name, value } of dynamics) work.push([name, scope], [value, scope]);
    for (const from of inheritFroms) work.push([from, scope]);
  }

  function recursive(kind: 'let' | 'rec', merged: MergedAttrs, bindings: AttrsExpr['bindings'], around: NameScope): NameScope {
    const own = new Map<Bytes, Local>();
    const scope: NameScope = { kind: 'names', around, locals: own };
    const places = placesOf(bindings);
    for (const attr of merged.statics) {
      const outer = attr.value.kind === 'inherit' ? use(attr.name, attr, around, true) : undefined;
      add(own, {
        kind,
        name: attr.name,
        places: places.get(attr.name) ?? [attr],
        ...boundBy(attr, merged),
        ...(outer === undefined ? {} : { outer }),
        scope,
        uses: [],
      });
    }
    values(merged, scope, around);
    return scope;
  }

  function lambda({ param, body }: LambdaExpr, around: NameScope): void {
    const own = new Map<Bytes, Local>();
    const scope: NameScope = { kind: 'names', around, locals: own };
    if (param.kind === 'name') add(own, { kind: 'parameter', name: param.name, places: [param], scope, uses: [] });
    else {
      for (const { name, start, fallback } of param.formals) {
        const value = fallback === undefined ? {} : { value: fallback };
        add(own, { kind: 'formal', name, places: [{ start, end: start + name.length }], ...value, scope, uses: [] });
        if (fallback !== undefined) work.push([fallback, scope]);
      }
      if (param.as !== undefined) {
        const start = text[param.start] === '{' ? param.end - param.as.length : param.start;
        add(own, { kind: 'whole', name: param.as, places: [{ start, end: start + param.as.length }], scope, uses: [] });
      }
    }
    work.push([body, scope]);
  }

  function add(own: Map<Bytes, Local>, local: Local): void {
    own.set(local.name, local);
    locals.push(local);
  }
}

/** The binding that a name has in a scope, going outwards. */
export function findLocal(name: Bytes, scope: NameScope): Local | undefined {
  for (let at: NameScope | undefined = scope; at !== undefined; at = at.around) {
    const local = at.locals.get(name);
    if (local !== undefined) return local;
  }
  return undefined;
}

function placesOf(bindings: AttrsExpr['bindings']): Map<Bytes, Node[]> {
  const places = new Map<Bytes, Node[]>();
  const note = (name: Bytes, node: Node): void => {
    const known = places.get(name);
    if (known === undefined) places.set(name, [node]);
    else known.push(node);
  };
  for (const binding of bindings) {
    if (binding.kind === 'inherit') for (const each of binding.names) note(each.name, each);
    else if (binding.path[0]?.kind === 'static') note(binding.path[0].name, binding.path[0]);
  }
  return places;
}

function boundBy(attr: StaticAttr, merged: MergedAttrs): Pick<Local, 'value' | 'from'> {
  if (attr.value.kind === 'expr') return { value: attr.value.expr };
  return attr.value.kind === 'inheritFrom' ? { from: merged.inheritFroms[attr.value.index]! } : {};
}
