/** What a failed `assert` does, in both tiers. */
import type { AssertExpr } from '../../lang/index.ts';
import { failedAssertion } from '../errors.ts';
import { findInequality } from '../inequality.ts';
import type { Env } from '../value.ts';
import type { Compiling } from './code.ts';
import { type StaticScope, spanOf } from './scope.ts';

/** Throws; of a condition `a == b` both sides are evaluated again, to say where they differ. */
export function assertionFailure({ condition }: AssertExpr, scope: StaticScope, compiling: Compiling): (env: Env) => never {
  const { unit } = scope;
  const span = spanOf(unit, condition);
  return (env) => {
    const shown = unit.ctx.showExpr(condition, span);
    if (condition.kind !== 'binary' || condition.op !== '==') throw failedAssertion(shown, span);
    const [left, right] = [condition.left, condition.right].map((side) => compiling.compile(side, scope)(env));
    throw failedAssertion(shown, span, findInequality(left!, right!));
  };
}
