/** A builtin as data: its documentation, completion and tests come from the same place as its implementation. */
import type { Evaluator } from './evaluator.ts';
import type { Slot, Value, WrittenFormals } from './value.ts';

export interface Builtin {
  /** As in `builtins.<name>`. */
  readonly name: string;
  /** Names of the arguments; their number is the arity (at least 1). */
  readonly args: readonly string[];
  /** What it does, in sentences; Markdown. */
  readonly doc: string;
  readonly cost?: string;
  /** An expression and what it prints (strictly). */
  readonly example?: readonly [expression: string, result: string];
  /** Visible without `builtins.` (`map`, `throw`, …); the others are visible as `__<name>`. */
  readonly isGlobal?: boolean;
  /** Nix writes this function in the language, and it looks so. */
  readonly formals?: WrittenFormals;
  /** Gets the arguments unforced; returns a value in weak head normal form. */
  readonly impl: (ctx: Evaluator, ...args: Slot[]) => Value;
}

/** A builtin that is not a function: `builtins.storeDir`, `true`. */
export interface BuiltinConstant {
  readonly name: string;
  readonly doc: string;
  readonly isGlobal?: boolean;
  readonly constant: (ctx: Evaluator) => Slot;
}

export const builtin = (definition: Builtin): Builtin => definition;
export const builtinConstant = (definition: BuiltinConstant): BuiltinConstant => definition;
