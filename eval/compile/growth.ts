/**
 * Functions that make a list or set grow: `all: item: all ++ part`, where `part` does not mention `all`. Folding with one is a copy of
 * everything for each item, the square of the result; who folds can put the parts together at once instead, and nobody can tell.
 */
import type { Span } from '../../base/index.ts';
import type { BinaryExpr, Expr, LambdaExpr } from '../../lang/index.ts';
import type { Attrs } from '../attrs.ts';
import { Env, type List, type Slot, type Value } from '../value.ts';
import type { Code } from './code.ts';
import { list, set } from './operators.ts';
import { resolve, type StaticScope, spanOf } from './scope.ts';

/** `++` or `//` of what there is with the part of each item. */
export type Growth = Grows<'++', List> | Grows<'//', Attrs>;

interface Grows<Op, Part> {
  readonly op: Op;
  /** `part ++ all` rather than `all ++ part`. */
  readonly isBefore: boolean;
  /** What an item adds; `env` is that of the function. @throws Fault E-EVAL-004 neither a list nor a set */
  readonly part: (env: Env, item: Slot) => Part;
}

interface GrowingLambda extends LambdaExpr {
  readonly body: BinaryExpr & { readonly op: '++' | '//' };
}

/** `item: …` of `all: item: …` if it looks like one of those; what its names mean is not known yet. */
export function growingFunction({ param, body }: LambdaExpr): GrowingLambda | undefined {
  if (param.kind !== 'name' || body.kind !== 'lambda' || body.body.kind !== 'binary') return undefined;
  const { left, op, right } = body.body;
  const isAll = (side: Expr): boolean => side.kind === 'var' && side.name === param.name;
  return (op === '++' || op === '//') && isAll(left) !== isAll(right) ? (body as GrowingLambda) : undefined;
}

/**
 * @param fn     the inner function
 * @param all    the name of the outer parameter
 * @param inner  the scope of the body
 * @param enter  makes the environment of the body from that of the inner function
 */
export function compileGrowth(
  fn: GrowingLambda,
  all: string,
  inner: StaticScope,
  enter: (env: Env, item: Slot) => Env,
  compile: (expr: Expr, scope: StaticScope) => Code,
): Growth | undefined {
  const { start, body: expr } = fn;
  const isBefore = !(expr.left.kind === 'var' && expr.left.name === all);
  const own = isBefore ? expr.left : expr.right;
  const found = resolve(all, inner);
  // The parameter of the inner function may have the same name.
  if (found.kind !== 'slot' || found.depth !== 1) return undefined;
  const span = spanOf(inner.unit, own);
  // Defaults of its formals are part of it as well.
  if (mayMention(span, all) || mayMention({ ...span, start, end: expr.start }, all)) return undefined;
  const code = compile(own, inner);
  const value = (env: Env, item: Slot): Value => code(enter(new Env(env, undefined), item));
  return expr.op === '++'
    ? { op: '++', isBefore, part: (env, item) => list(value(env, item), span) }
    : { op: '//', isBefore, part: (env, item) => set(value(env, item), span) };
}

const NAME_CHARACTER = /[\w'-]/;

/** Whether a name stands anywhere in a text, be it in a comment: a variable is never spelled otherwise. */
function mayMention({ source, start, end }: Span, name: string): boolean {
  const text = source.text.slice(start, end);
  for (let at = text.indexOf(name); at !== -1; at = text.indexOf(name, at + 1)) {
    if (!NAME_CHARACTER.test(text[at - 1] ?? '') && !NAME_CHARACTER.test(text[at + name.length] ?? '')) return true;
  }
  return false;
}
