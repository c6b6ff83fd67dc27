/** Where the things that an expression names are defined. */
import type { Bytes, Span } from '../../base/index.ts';
import { Attrs, type Value } from '../../eval/index.ts';
import type { Expr } from '../../lang/index.ts';
import type { Parsed } from './input.ts';
import type { World } from './world.ts';

/** An attribute or variable that an expression names last: `a.b.c`, `x`. */
export interface Named {
  readonly name: Bytes;
  /** Where it is defined, if that is known. */
  readonly span: Span | undefined;
  /** It is the language's own: `map`, `builtins.map`. */
  readonly isBuiltin: boolean;
}

/** Evaluates what stands before the last name. `undefined` for expressions that are no names. */
export function namedBy(world: World, { source, expr }: Parsed): Named | undefined {
  const { ctx } = world.interpreter;
  if (expr.kind === 'var') {
    const isOwn = world.scope.has(expr.name);
    return { name: expr.name, span: world.scope.spanOf(expr.name), isBuiltin: !isOwn && ctx.globals.has(expr.name) };
  }
  const select = expr.kind === 'select' ? withoutLast(expr) : undefined;
  if (select === undefined) return undefined;
  const set: Value = world.evaluate({ source, expr: select.from });
  if (!(set instanceof Attrs)) return undefined;
  return { name: select.name, span: set.spanOf(select.name), isBuiltin: set === ctx.globals.get('builtins') };
}

function withoutLast(expr: Extract<Expr, { kind: 'select' }>): { from: Expr; name: Bytes } | undefined {
  const last = expr.path.at(-1)!;
  if (last.kind !== 'static') return undefined;
  const path = expr.path.slice(0, -1);
  const from: Expr =
    path.length === 0 ? expr.target : { kind: 'select', target: expr.target, path, start: expr.start, end: path.at(-1)!.end };
  return { from, name: last.name };
}
