/** The evaluator as builtins see it: one object that forces, calls, compares and coerces. */

import type { Bytes, Span } from '../base/index.ts';
import type { Expr } from '../lang/index.ts';
import type { Attrs } from './attrs.ts';
import type { CallDepth } from './depth.ts';
import type { Gathering } from './gathered.ts';
import type { EvalIO, EvalSettings } from './io.ts';
import type { ContextString, Lambda, List, PrimOp, PrimOpApp, Slot, Value } from './value.ts';

/** How a value becomes a string. */
export interface Coercion {
  /** Also null, booleans, numbers and lists (`toString`, derivation attributes); otherwise only strings, paths and sets that say how. */
  readonly isLoose?: boolean;
  /** Paths are copied into the store and become store paths (interpolation); otherwise they stay as they are (`toString`). Default true. */
  readonly copyToStore?: boolean;
}

/**
 * `what` is how a message calls the slot: "the first argument passed to builtins.add", in "while evaluating …".
 * A `context` set handed in receives the string's context.
 */
export interface Evaluator {
  readonly io: EvalIO;
  readonly settings: EvalSettings;
  /** Counts calls where they are bounded. */
  readonly calls: CallDepth | undefined;

  force(slot: Slot): Value;
  /** Number while safe, bigint beyond; `normalizeInt` (arithmetic.ts) after arithmetic on bigints. */
  forceInt(slot: Slot, what: string): number | bigint;
  /** An int that must fit a JavaScript number (indexes, lengths). */
  forceSmallInt(slot: Slot, what: string): number;
  forceBool(slot: Slot, what: string): boolean;
  /** A string; its context is added to `context`, or dropped where that is not given. */
  forceString(slot: Slot, what: string, context?: Gathering): Bytes;
  /** A string that may not depend on the store. */
  forceStringNoContext(slot: Slot, what: string): Bytes;
  forceList(slot: Slot, what: string): List;
  forceAttrs(slot: Slot, what: string): Attrs;
  /** Anything that can be called: functions and sets with `__functor`. */
  forceFunction(slot: Slot, what: string): Lambda | PrimOp | PrimOpApp | Attrs;
  forceDeep(slot: Slot): Value;

  /** Applies a function (or a set with `__functor`) to one argument; more arguments at once save the functions in between. */
  call(fn: Value, arg: Slot): Value;
  call2(fn: Value, first: Slot, second: Slot): Value;
  callN(fn: Value, args: readonly Slot[]): Value;
  /** The application, when it is needed. */
  lazyCall(fn: Slot, ...args: Slot[]): Slot;
  /** Puts in the place of each argument the application of one function to it, when it is needed; smaller than as many `lazyCall`s. */
  lazyCalls(fn: Slot, args: Slot[]): List;
  /** The same for a function of two arguments; the lists stay theirs. */
  lazyCalls2(fn: Slot, firsts: readonly Slot[], seconds: readonly Slot[]): List;
  /** A computation, when it is needed. */
  delay(compute: () => Value): Slot;

  /** The attribute, unforced. @throws Fault attribute missing, with "did you mean" */
  getAttr(set: Attrs, name: Bytes, what: string): Slot;
  /** `==` */
  equals(a: Slot, b: Slot): boolean;
  /** Order of `<`: negative, 0, positive. @throws Fault not comparable */
  compare(a: Slot, b: Slot): number;

  coerceToString(slot: Slot, what: string, context: Gathering, how?: Coercion): Bytes;
  /** The same as a value: a string with its context, if it has one. Cheaper where there is none. */
  coerceToText(slot: Slot, what: string, how?: Coercion): Bytes | ContextString;
  /** An absolute path from a path, or a string (or set that becomes one) that begins with '/'. */
  coerceToPath(slot: Slot, what: string, context: Set<string>): Bytes;
  /** Copies a file or tree into the store, once per evaluation; returns its store path. */
  copyToStore(path: Bytes): Bytes;
  /**
   * Builds what the context asks for (import from derivation), before files below it are read. Returns what stands in texts for
   * outputs whose path was not known before (`upstreamPlaceholder`), with the path that it now has.
   */
  realiseContext(context: ReadonlySet<string>): ReadonlyMap<Bytes, Bytes>;

  /** `import`: evaluates a file (a folder's `default.nix`), once. */
  importFile(path: Bytes): Value;
  scopedImport(scope: Attrs, path: Bytes): Value;
  /** Resolves `<name>` against the given entries (`findFile`). */
  findFile(entries: readonly { readonly prefix: Bytes; readonly path: Bytes }[], name: Bytes): Bytes;

  /** `builtins` and what is visible without it, for completion and "did you mean". */
  readonly globals: ReadonlyMap<string, Slot>;
  /** `throw`: an error that `tryEval` catches. */
  throwCatchable(message: Bytes): never;
  /** Runs; adds a trace step to a fault that passes. `isKey`: shown also where the trace is cut short. */
  withTrace<T>(text: () => string, run: () => T, span?: Span, isKey?: boolean): T;
  /** "an integer", "a set", …: how messages name a value's type. */
  describeType(value: Value): string;
  /** The value as messages show it, cut short. */
  preview(value: Slot): string;
  /** An expression as messages show it, on one line. */
  showExpr(expr: Expr, span: Span): string;
  /** `{ file; line; column; }` of a place in a file; null where it is unknown or not in a file (`unsafeGetAttrPos`). */
  positionValue(span: Span | undefined): Value;
  /** The file that a place is in; undefined for texts that are no file. */
  fileOf(span: Span): Bytes | undefined;
}
