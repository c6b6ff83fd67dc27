/** Order of evaluation, errors and messages. */
import { bytesToText, textToBytes } from '../../base/index.ts';
import { Attrs, fixedShape } from '../attrs.ts';
import { type Builtin, builtin } from '../builtin.ts';
import { inOwnCell } from '../cell.ts';
import { Catchable } from '../errors.ts';
import type { Evaluator } from '../evaluator.ts';
import { showValue } from '../show-value.ts';
import { settled } from '../thunk.ts';
import { forgetSteps } from '../trace.ts';
import { ContextString, type Slot, type Value } from '../value.ts';
import { builtinFault } from './faults.ts';

export const controlBuiltins: readonly Builtin[] = [
  builtin({
    name: 'abort',
    args: ['message'],
    doc: 'Ends the evaluation with a message. Not caught by `tryEval`.',
    isGlobal: true,
    impl: (ctx, message) => {
      const text = ctx.coerceToString(message, 'the error message passed to builtins.abort', new Set());
      throw builtinFault('E-EVAL-109', `evaluation aborted with the following error message: '${bytesToText(text)}'`);
    },
  }),
  builtin({
    name: 'addErrorContext',
    args: ['message', 'e'],
    doc: 'The value of `e`; an error in it shows the message among its steps.',
    example: ['builtins.addErrorContext "while counting" 1', '1'],
    impl: (ctx, message, e) =>
      ctx.withTrace(
        () => bytesToText(ctx.coerceToString(message, 'the error message passed to builtins.addErrorContext', new Set())),
        () => inOwnCell(ctx.force(e)),
        undefined,
        true,
      ),
  }),
  builtin({
    name: 'break',
    args: ['e'],
    doc: 'The value of `e`. (In a debugger, evaluation would stop here.)',
    example: ['builtins.break 1', '1'],
    isGlobal: true,
    impl: (ctx, e) => inOwnCell(ctx.force(e)),
  }),
  builtin({
    name: 'deepSeq',
    args: ['a', 'b'],
    doc: 'Evaluates `a` with all that it contains, then gives `b`.',
    cost: 'O(size of a)',
    example: ['builtins.deepSeq [ 1 ] 2', '2'],
    impl: (ctx, a, b) => {
      ctx.forceDeep(a);
      return inOwnCell(ctx.force(b));
    },
  }),
  builtin({
    name: 'seq',
    args: ['a', 'b'],
    doc: 'Evaluates `a`, then gives `b`.',
    example: ['builtins.seq 1 2', '2'],
    impl: (ctx, a, b) => {
      ctx.force(a);
      return inOwnCell(ctx.force(b));
    },
  }),
  builtin({
    name: 'throw',
    args: ['message'],
    doc: 'Fails with a message. `tryEval` can catch it.',
    isGlobal: true,
    impl: (ctx, message) =>
      ctx.throwCatchable(ctx.coerceToString(message, 'the error message passed to builtin.throw', new Set())),
  }),
  builtin({
    name: 'trace',
    args: ['message', 'e'],
    doc: 'Prints a value as a message for the user, then gives `e`.',
    impl: (ctx, message, e) => {
      ctx.io.trace('trace', shown(ctx, message));
      return inOwnCell(ctx.force(e));
    },
  }),
  builtin({
    name: 'traceVerbose',
    args: ['message', 'e'],
    doc: 'Like `trace`, but only where verbose traces are asked for (`--trace-verbose`); otherwise the message is not evaluated.',
    example: ['builtins.traceVerbose (throw "not evaluated") 1', '1'],
    impl: (ctx, message, e) => {
      if (ctx.settings.isTraceVerbose === true) ctx.io.trace('trace', shown(ctx, message));
      return inOwnCell(ctx.force(e));
    },
  }),
  builtin({
    name: 'tryEval',
    args: ['e'],
    doc: 'Evaluates `e` (not deeply): `{ success = true; value = …; }`, or `{ success = false; value = false; }` where it calls `throw` or fails an `assert`. Other errors are not caught.',
    example: ['builtins.tryEval (throw "no")', '{ success = false; value = false; }'],
    impl: (ctx, e) => {
      try {
        ctx.force(e);
        return new Attrs(tryShape, [true, settled(e)]);
      } catch (error) {
        if (!(error instanceof Catchable)) throw error;
        forgetSteps(error);
        return new Attrs(tryShape, [false, false]);
      }
    },
  }),
  builtin({
    name: 'warn',
    args: ['message', 'e'],
    doc: 'Prints a string as a warning, then gives `e`; with `--abort-on-warn`, fails instead.',
    impl: (ctx, message, e) => {
      ctx.io.trace('evaluation warning', ctx.forceString(message, 'the first argument; the message passed to builtins.warn'));
      if (ctx.settings.isAbortingOnWarn === true) {
        throw builtinFault('E-EVAL-140', 'aborting to reveal stack trace of warning, as abort-on-warn is set');
      }
      return inOwnCell(ctx.force(e));
    },
  }),
];

const tryShape = fixedShape('success', 'value');

function shown(ctx: Evaluator, slot: Slot): string {
  const value: Value = ctx.force(slot);
  if (typeof value === 'string') return value;
  return value instanceof ContextString ? value.text : textToBytes(showValue(value));
}
