/** Function application. */
import type { CallExpr } from '../../lang/tree.ts';
import { call2At, callAt, callNAt } from '../call.ts';
import type { Code, Compiling } from './code.ts';
import { type StaticScope, spanOf } from './scope.ts';

export function compileCall(expr: CallExpr, scope: StaticScope, compiling: Compiling): Code {
  const fn = compiling.compile(expr.fn, scope);
  const args = expr.args.map((arg) => compiling.delay(arg, scope));
  const span = spanOf(scope.unit, expr);
  const [first, second] = args;
  switch (args.length) {
    case 1:
      return (env) => callAt(fn(env), first!(env), span);
    case 2:
      return (env) => call2At(fn(env), first!(env), second!(env), span);
    default:
      return (env) => {
        const callee = fn(env);
        return callNAt(
          callee,
          args.map((arg) => arg(env)),
          span,
        );
      };
  }
}
