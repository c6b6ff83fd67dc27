/**
 * What expressions evaluate to. Chosen for V8: most values are primitives that need no allocation.
 *
 * | Nix type | here |
 * | --- | --- |
 * | null, bool | null, boolean |
 * | int | number while safe (|n| ≤ 2^53 - 1), else bigint; results past int64 are an error |
 * | float | `Float` (boxed, so that 1 and 1.0 differ) |
 * | string | a byte string; `ContextString` when it carries a context |
 * | path | `PathValue` |
 * | list | array of slots |
 * | set | `Attrs` |
 * | function | `Lambda`, `PrimOp`, `PrimOpApp` |
 *
 * A slot is a value or a thunk: what lists, sets and variables hold. Only `force` (thunk.ts) turns a slot into a value.
 */
import type { Bytes, Span } from '../base/index.ts';
import type { LambdaExpr } from '../lang/index.ts';
import type { Attrs } from './attrs.ts';
import type { Growth } from './compile/growth.ts';
import type { Evaluator } from './evaluator.ts';
import type { Thunk } from './thunk.ts';

/** In weak head normal form: a list's items and a set's values are still slots. */
export type Value =
  | null
  | boolean
  | number
  | bigint
  | Float
  | Bytes
  | ContextString
  | PathValue
  | List
  | Attrs
  | Lambda
  | PrimOp
  | PrimOpApp;

export type Slot = Value | Thunk;

/** Never changed once others can see it, but for a thunk replaced by its own value. */
export type List = Slot[];

export class Float {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

/**
 * What a string depends on, as Nix writes it: `/store/x` (a path), `!out!/store/x.drv` (an output), `=/store/x.drv` (the whole
 * derivation closure). No duplicates, any order. Never empty: a string without context is a plain byte string. Strings share contexts,
 * and most have one element: arrays are much smaller than sets.
 */
export type Context = readonly string[];

export class ContextString {
  readonly text: Bytes;
  readonly context: Context;
  constructor(text: Bytes, context: Context) {
    this.text = text;
    this.context = context;
  }
}

/** An absolute, normalised path. */
export class PathValue {
  readonly path: Bytes;
  constructor(path: Bytes) {
    this.path = path;
  }
}

/** A string with the context given; the plain bytes where that is empty. */
export const withContext = (text: Bytes, context: ReadonlySet<string> | undefined): Bytes | ContextString =>
  context === undefined || context.size === 0 ? text : new ContextString(text, [...context]);

/**
 * What the names of one level hold, and the level around. Only compiled code knows the addresses. One class for all levels: whoever follows
 * `around` meets nothing else.
 */
export class Env {
  readonly around: Env;
  /** A level of one slot: that slot. Others: an array of them. */
  held: unknown;
  constructor(around: Env, held: unknown) {
    this.around = around;
    this.held = held;
  }
}

/** Around all others. */
export const rootEnv: Env = new Env(undefined as unknown as Env, undefined);

/** What all functions made at one place of the source share. `code` is replaced when the body gets hot; always call it from here. */
export interface LambdaSite {
  readonly node: LambdaExpr;
  readonly span: Span;
  /** The name it was bound to (`f = x: …`), for messages. */
  readonly name: string | undefined;
  /** Calls with one argument. */
  code: (env: Env, arg: Slot) => Value;
  /** Where the body is a function again: both arguments at once, without the function in between. */
  code2: ((env: Env, first: Slot, second: Slot) => Value) | undefined;
  /** Of a function that makes lists or sets grow, as far as its text tells. */
  readonly growth: (() => Growth | undefined) | undefined;
}

export class Lambda {
  readonly site: LambdaSite;
  readonly env: Env;
  constructor(site: LambdaSite, env: Env) {
    this.site = site;
    this.env = env;
  }
}

/** The open formals of a builtin that looks like a function written in the language: names in order, each with whether it has a default. */
export interface WrittenFormals {
  readonly as: Bytes;
  readonly names: ReadonlyMap<Bytes, boolean>;
}

/** A builtin bound to its evaluator; `impl` takes the evaluator and exactly `arity` slots. */
export class PrimOp {
  readonly name: string;
  readonly arity: number;
  readonly ctx: Evaluator;
  readonly impl: (ctx: Evaluator, ...args: Slot[]) => Value;
  readonly formals: WrittenFormals | undefined;
  constructor(
    name: string,
    arity: number,
    ctx: Evaluator,
    impl: (ctx: Evaluator, ...args: Slot[]) => Value,
    formals?: WrittenFormals,
  ) {
    this.name = name;
    this.arity = arity;
    this.ctx = ctx;
    this.impl = impl;
    this.formals = formals;
  }
}

/** A builtin with some of its arguments; at least one, less than all. */
export class PrimOpApp {
  readonly op: PrimOp;
  readonly args: readonly Slot[];
  constructor(op: PrimOp, args: readonly Slot[]) {
    this.op = op;
    this.args = args;
  }
}
