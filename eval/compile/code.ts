/** What compiling makes: JavaScript closures over the tree, run with an environment. */
import type { Expr, StaticAttr } from '../../lang/index.ts';
import type { Env, LambdaSite, Slot, Value } from '../value.ts';
import type { StaticScope } from './scope.ts';

/** Evaluates to weak head normal form. */
export type Code = (env: Env) => Value;

/** Makes a slot without evaluating anything. */
export type SlotCode = (env: Env) => Slot;

/** A name for the value, for messages. */
export interface Naming {
  readonly kind: 'attribute' | 'variable' | 'field';
  readonly name: string;
  /** "package 'zlib'": whose it is. */
  readonly owner?: string | undefined;
}

export interface DelayOptions {
  readonly naming?: Naming | undefined;
  /** The innermost environment is being filled: its slots from this index on are not there yet. */
  readonly filledUpTo?: number;
}

/** What stands behind the `=` of a name. */
export type BoundValue = StaticAttr['value'] & { readonly kind: 'expr' };

/** The recursion of the compiler over the tree, handed to the parts that compile one kind of node. */
export interface Compiling {
  /** @param isResult  its value is that of a thunk or of a call: a function is to be in a cell of its own (cell.ts) */
  compile(expr: Expr, scope: StaticScope, isResult?: boolean): Code;
  delay(expr: Expr, scope: StaticScope, options?: DelayOptions): SlotCode;
  /** The same for what a name is bound to, which may still be text. */
  delayBound(value: BoundValue, scope: StaticScope, options?: DelayOptions): SlotCode;
  /** Like `compile`, for what is known to run often. */
  fuse(expr: Expr, scope: StaticScope): Code;
  /**
   * A function body that ran often; `enter` makes its environment, `undefined` where that holds the argument alone. No code: the body is too
   * big, and stays as it is.
   */
  fuseBody(expr: Expr, scope: StaticScope, enter: Enter | undefined): LambdaSite['code'] | undefined;
  /** Both arguments of `a: b: …` at once. */
  fuseBody2(expr: Expr, scope: StaticScope, first: Enter | undefined, second: Enter | undefined): LambdaSite['code2'];
}

type Enter = (env: Env, arg: Slot) => Env;
