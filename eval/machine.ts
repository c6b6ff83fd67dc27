/** The evaluator: what builtins and compiled code ask of it, put together from the modules beside. */
import type { Bytes, Span } from '../base/index.ts';
import type { Expr } from '../lang/index.ts';
import { type StorePath, upstreamPlaceholder } from '../store/index.ts';
import { Attrs, attrsFromRecord } from './attrs.ts';
import type { Builtin, BuiltinConstant } from './builtin.ts';
import { call, call2, callN } from './call.ts';
import { addAll, coerceToPath, coerceToString } from './coerce.ts';
import { compare, slotsEqual } from './compare.ts';
import { forceDeep } from './deep.ts';
import { CallDepth, dataDepth } from './depth.ts';
import { describe, describeType, preview } from './describe.ts';
import { missingAttribute, thrown, unwantedContext, wrongType } from './errors.ts';
import type { Coercion, Evaluator } from './evaluator.ts';
import { FileLoader, reading } from './files.ts';
import type { Gathering } from './gathered.ts';
import { bindGlobals } from './globals.ts';
import type { EvalIO, EvalSettings } from './io.ts';
import { sourceOf } from './own-files.ts';
import { pathText } from './path.ts';
import { findInSearchPath, type SearchEntry } from './search-path.ts';
import { force, Thunk } from './thunk.ts';
import { addStep } from './trace.ts';
import { ContextString, Lambda, type List, PrimOp, PrimOpApp, type Slot, type Value, withContext } from './value.ts';

/** Asked once, and only by a program that names anything it has not defined. */
export interface BuiltinProvider {
  readonly builtins: readonly (Builtin | BuiltinConstant)[];
}

export class Machine implements Evaluator {
  readonly io: EvalIO;
  readonly settings: EvalSettings;
  readonly calls: CallDepth | undefined;
  readonly files: FileLoader;
  readonly #provider: BuiltinProvider;
  #globals: ReadonlyMap<string, Slot> | undefined;
  readonly #copied = new Map<Bytes, Bytes>();
  readonly #realised = new Map<string, StorePath>();
  readonly #missingEntries = new Set<Bytes>();

  constructor(io: EvalIO, settings: EvalSettings, provider: BuiltinProvider) {
    this.io = io;
    this.settings = settings;
    this.calls = settings.maxCallDepth === undefined ? undefined : new CallDepth(settings.maxCallDepth);
    this.#provider = provider;
    this.files = new FileLoader(this);
  }

  get globals(): ReadonlyMap<string, Slot> {
    this.#globals ??= bindGlobals(this, this.#provider.builtins);
    return this.#globals;
  }

  force(slot: Slot): Value {
    return force(slot);
  }

  forceDeep(slot: Slot): Value {
    return forceDeep(slot, dataDepth(this.settings));
  }

  forceInt(slot: Slot, what: string): number | bigint {
    const value = this.#forceAs(slot, what);
    if (typeof value === 'number' || typeof value === 'bigint') return value;
    throw mismatch('an integer', value, what);
  }

  forceSmallInt(slot: Slot, what: string): number {
    return Number(this.forceInt(slot, what));
  }

  forceBool(slot: Slot, what: string): boolean {
    const value = this.#forceAs(slot, what);
    if (typeof value === 'boolean') return value;
    throw mismatch('a Boolean', value, what);
  }

  forceString(slot: Slot, what: string, context?: Gathering): Bytes {
    const value = this.#forceAs(slot, what);
    if (typeof value === 'string') return value;
    if (!(value instanceof ContextString)) throw mismatch('a string', value, what);
    if (context !== undefined) addAll(context, value.context);
    return value.text;
  }

  forceStringNoContext(slot: Slot, what: string): Bytes {
    const value = this.#forceAs(slot, what);
    if (typeof value === 'string') return value;
    if (!(value instanceof ContextString)) throw mismatch('a string', value, what);
    const [first] = value.context;
    throw addStep(unwantedContext(value.text, first!), `while evaluating ${what}`);
  }

  forceList(slot: Slot, what: string): List {
    const value = this.#forceAs(slot, what);
    if (Array.isArray(value)) return value;
    throw mismatch('a list', value, what);
  }

  forceAttrs(slot: Slot, what: string): Attrs {
    const value = this.#forceAs(slot, what);
    if (value instanceof Attrs) return value;
    throw mismatch('a set', value, what);
  }

  forceFunction(slot: Slot, what: string): Lambda | PrimOp | PrimOpApp | Attrs {
    const value = this.#forceAs(slot, what);
    if (value instanceof Lambda || value instanceof PrimOp || value instanceof PrimOpApp) return value;
    if (value instanceof Attrs && value.has('__functor')) return value;
    throw mismatch('a function', value, what);
  }

  #forceAs(slot: Slot, what: string): Value {
    if (!(slot instanceof Thunk)) return slot;
    try {
      return force(slot);
    } catch (error) {
      throw addStep(error, `while evaluating ${what}`);
    }
  }

  call(fn: Value, arg: Slot): Value {
    return call(fn, arg);
  }

  call2(fn: Value, first: Slot, second: Slot): Value {
    return call2(fn, first, second);
  }

  callN(fn: Value, args: readonly Slot[]): Value {
    return callN(fn, args);
  }

  lazyCall(fn: Slot, ...args: Slot[]): Slot {
    if (args.length === 1) return new Thunk(applyOne, { fn, arg: args[0] });
    if (args.length === 2) return new Thunk(applyTwo, { fn, first: args[0], second: args[1] });
    return new Thunk(applyMany, { fn, args });
  }

  lazyCalls(fn: Slot, args: Slot[]): List {
    if (args.length <= FEW_CALLS) {
      for (let i = 0; i < args.length; i++) args[i] = new Thunk(applyOne, { fn, arg: args[i]! });
      return args;
    }
    const apply = (arg: Slot): Value => call(force(fn), arg);
    for (let i = 0; i < args.length; i++) args[i] = new Thunk(apply, args[i]);
    return args;
  }

  lazyCalls2(fn: Slot, firsts: readonly Slot[], seconds: readonly Slot[]): List {
    // As long as needed: a list that grows has room for 17 at least.
    const calls = seconds.slice();
    if (calls.length <= FEW_CALLS) {
      for (let i = 0; i < calls.length; i++) calls[i] = new Thunk(applyTwo, { fn, first: firsts[i]!, second: seconds[i]! });
      return calls;
    }
    const apply = (at: number): Value => call2(force(fn), firsts[at]!, seconds[at]!);
    for (let i = 0; i < calls.length; i++) calls[i] = new Thunk(apply, i);
    return calls;
  }

  delay(compute: () => Value): Slot {
    return new Thunk(compute, undefined);
  }

  getAttr(set: Attrs, name: Bytes, what: string): Slot {
    const slot = set.get(name);
    if (slot !== undefined) return slot;
    throw addStep(
      missingAttribute(
        name,
        set.names,
        undefined,
        set.shape.spans?.find((each) => each !== undefined),
      ),
      `in ${what}`,
    );
  }

  equals(a: Slot, b: Slot): boolean {
    return slotsEqual(a, b);
  }

  compare(a: Slot, b: Slot): number {
    return compare(force(a), force(b));
  }

  coerceToString(slot: Slot, what: string, context: Gathering, how?: Coercion): Bytes {
    try {
      return coerceToString(this, force(slot), context, how);
    } catch (error) {
      throw addStep(error, `while evaluating ${what}`);
    }
  }

  coerceToText(slot: Slot, what: string, how?: Coercion): Bytes | ContextString {
    try {
      const value = force(slot);
      if (typeof value === 'string') return value;
      if (typeof value === 'number' && how?.isLoose === true) return String(value);
      const context = new Set<string>();
      return withContext(coerceToString(this, value, context, how), context);
    } catch (error) {
      throw addStep(error, `while evaluating ${what}`);
    }
  }

  coerceToPath(slot: Slot, what: string, context: Set<string>): Bytes {
    try {
      return coerceToPath(this, force(slot), context);
    } catch (error) {
      throw addStep(error, `while evaluating ${what}`);
    }
  }

  copyToStore(path: Bytes): Bytes {
    const known = this.#copied.get(path);
    if (known !== undefined) return known;
    const name = path.slice(path.lastIndexOf('/') + 1);
    const copied = reading(path, () => this.io.store.addPath(name, sourceOf(path)).path, this.io);
    this.#copied.set(path, copied);
    return copied;
  }

  realiseContext(context: ReadonlySet<string>): ReadonlyMap<Bytes, Bytes> {
    const paths = new Map<Bytes, Bytes>();
    for (const each of context) {
      const built = /^!([^!]+)!(.+)$/.exec(each);
      if (built === null) continue;
      const [output, drvPath] = [built[1]!, built[2] as StorePath];
      const path = this.#realised.get(each) ?? this.io.realise(drvPath, [output]).get(output);
      if (path === undefined) continue;
      this.#realised.set(each, path);
      paths.set(upstreamPlaceholder(drvPath, output), path);
    }
    return paths;
  }

  importFile(path: Bytes): Value {
    return this.files.import(path);
  }

  scopedImport(scope: Attrs, path: Bytes): Value {
    return this.files.scopedImport(scope, path);
  }

  findFile(entries: readonly SearchEntry[], name: Bytes): Bytes {
    return findInSearchPath(this.io, entries, name, { isPure: this.settings.pure === true, missing: this.#missingEntries });
  }

  throwCatchable(message: Bytes): never {
    throw thrown(message);
  }

  withTrace<T>(text: () => string, run: () => T, span?: Span, isKey = false): T {
    try {
      return run();
    } catch (error) {
      throw addStep(error, text(), span, isKey);
    }
  }

  describeType(value: Value): string {
    return describeType(value);
  }

  preview(value: Slot): string {
    return preview(value);
  }

  showExpr(expr: Expr, span: Span): string {
    return this.files.showExpr(expr, span);
  }

  positionValue(span: Span | undefined): Value {
    const path = span === undefined ? undefined : this.files.pathOf(span.source);
    if (span === undefined || path === undefined) return null;
    const { line, column } = span.source.bytePosition(span.start);
    return attrsFromRecord({ file: pathText(path), line, column });
  }

  fileOf(span: Span): Bytes | undefined {
    return this.files.pathOf(span.source);
  }
}

/** So many calls take less room with an object each than with a function for all of them and what it refers to. */
const FEW_CALLS = 2;

const mismatch = (expected: string, value: Value, what: string): unknown =>
  addStep(wrongType(expected, describe(value)), `while evaluating ${what}`);

const applyOne = ({ fn, arg }: { fn: Slot; arg: Slot }): Value => call(force(fn), arg);
const applyTwo = ({ fn, first, second }: { fn: Slot; first: Slot; second: Slot }): Value => call2(force(fn), first, second);
const applyMany = ({ fn, args }: { fn: Slot; args: Slot[] }): Value => callN(force(fn), args);
