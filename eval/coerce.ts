/** Values into strings: interpolation, `toString`, derivation attributes. */
import type { Bytes, Span } from '../base/index.ts';
import { add, isNumeric } from './arithmetic.ts';
import { Attrs, Place } from './attrs.ts';
import { floatFixed } from './builtins/float-text.ts';
import { call } from './call.ts';
import { describeType, preview } from './describe.ts';
import { cannotAdd, cannotCoerce, contextInPath, notAbsolute } from './errors.ts';
import type { Coercion } from './evaluator.ts';
import { Gathered, type Gathering } from './gathered.ts';
import { canonicalPath, pathText } from './path.ts';
import { force, forceAt } from './thunk.ts';
import { addStep } from './trace.ts';
import { type Context, ContextString, Float, PathValue, type Slot, type Value, withContext } from './value.ts';

/** What coercion needs of the evaluator. */
export interface Copying {
  copyToStore(path: Bytes): Bytes;
}

/** @throws Fault E-EVAL-013 a value that does not become a string in this way */
export function coerceToString(ctx: Copying, value: Value, context: Gathering, how?: Coercion): Bytes {
  if (typeof value === 'string') return value;
  if (value instanceof ContextString) {
    addAll(context, value.context);
    return value.text;
  }
  if (value instanceof PathValue) {
    if (how?.copyToStore === false) return pathText(value.path);
    const path = ctx.copyToStore(value.path);
    context.add(path);
    return path;
  }
  if (value instanceof Attrs) return coerceSet(ctx, value, context, how);
  if (how?.isLoose === true) {
    if (typeof value === 'number' || typeof value === 'bigint') return String(value);
    if (value === true) return '1';
    if (value === false || value === null) return '';
    if (value instanceof Float) return floatFixed(value.value);
    if (Array.isArray(value)) return coerceList(ctx, value, context, how);
  }
  throw cannotCoerce(`${describeType(value)} to a string: ${preview(value)}`, hintsFor(value));
}

/** By index: the engine's iterators cost an object an element until the loop is hot, and most programs are over by then. */
export function addAll(context: Gathering, elements: Context): void {
  for (let i = 0; i < elements.length; i++) context.add(elements[i]!);
}

/** Where sets say what they are as text. */
const displayPlace = new Place('__toString');
const outPathPlace = new Place('outPath');

function coerceSet(ctx: Copying, set: Attrs, context: Gathering, how: Coercion | undefined): Bytes {
  const displayAt = displayPlace.in(set.shape);
  const display = displayAt < 0 ? undefined : set.slots[displayAt];
  if (display !== undefined) {
    try {
      return coerceToString(ctx, call(force(display), set), context, how);
    } catch (error) {
      throw addStep(error, 'while evaluating the result of the `__toString` attribute', set.spanOf('__toString'));
    }
  }
  const outPathAt = outPathPlace.in(set.shape);
  if (outPathAt < 0) {
    throw cannotCoerce(`a set to a string: ${preview(set)}`, ["a set needs '__toString' or 'outPath' to become a string"]);
  }
  return coerceToString(ctx, forceAt(set.slots, outPathAt), context, how);
}

function coerceList(ctx: Copying, list: Slot[], context: Gathering, how: Coercion): Bytes {
  let text = '';
  const last = list.length - 1;
  for (let i = 0; i <= last; i++) {
    const item = forceAt(list, i);
    if (typeof item === 'string') text += item;
    else {
      try {
        text += coerceToString(ctx, item, context, how);
      } catch (error) {
        throw addStep(error, 'while evaluating one element of the list');
      }
      if (Array.isArray(item) && item.length === 0) continue;
    }
    if (i < last) text += ' ';
  }
  return text;
}

const hintsFor = (value: Value): string[] => {
  if (isNumeric(value) || typeof value === 'boolean') return ["write '${toString x}'"];
  if (Array.isArray(value)) return ["write '${toString xs}', or '${builtins.concatStringsSep \" \" xs}'"];
  return [];
};

/** What a package is written as, if that takes no more than looking: its `outPath`. Otherwise the set itself. */
function shownAs(set: Attrs): Value {
  if (displayPlace.in(set.shape) >= 0) return set;
  const outPathAt = outPathPlace.in(set.shape);
  const value = outPathAt < 0 ? set : forceAt(set.slots, outPathAt);
  return value instanceof ContextString || typeof value === 'string' ? value : set;
}

/** The parts of `"…${x}…"`. */
export function interpolate(ctx: Copying, parts: readonly Value[]): Value {
  let text = '';
  // Mostly one part has a context, which is then that of the whole.
  let only: Context | undefined;
  let context: Gathered | undefined;
  for (let i = 0; i < parts.length; i++) {
    let part = parts[i] as Value;
    if (typeof part === 'string') {
      text += part;
      continue;
    }
    if (part instanceof Attrs) part = shownAs(part);
    if (typeof part === 'string') text += part;
    else if (part instanceof ContextString && context === undefined && (only === undefined || only === part.context)) {
      text += part.text;
      only = part.context;
    } else {
      if (context === undefined) {
        context = new Gathered();
        if (only !== undefined) addAll(context, only);
      }
      text += coerceToString(ctx, part, context);
    }
  }
  if (context !== undefined) return context.attachTo(text);
  return only === undefined ? text : new ContextString(text, only);
}

/** A part of `"…${x}…"` as text: Nix does that before it evaluates the next one, so that the first mistake is the one that shows. */
export function interpolated(ctx: Copying, part: Value): Bytes | ContextString {
  const shown = part instanceof Attrs ? shownAs(part) : part;
  if (typeof shown === 'string' || shown instanceof ContextString) return shown;
  const context = new Set<string>();
  return withContext(coerceToString(ctx, shown, context), context);
}

/** A left operand of `+` that had to become text: unlike a string, it does not have paths copied. */
export class LeftText {
  readonly text: Bytes | ContextString;

  constructor(text: Bytes | ContextString) {
    this.text = text;
  }
}

/** With which operator values like this one are joined, for who used another. */
export function joinedWith(value: Value): string[] {
  if (Array.isArray(value)) return ["lists are joined with '++'"];
  if (value instanceof Attrs) return ["sets are joined with '//'"];
  return typeof value === 'string' || value instanceof ContextString ? ["strings are joined with '+'"] : [];
}

/** The left operand of `+`, before the right one is evaluated: what is neither number, text nor path becomes text, or cannot. */
export function leftOperand(ctx: Copying, value: Value): Value | LeftText {
  if (typeof value === 'string' || value instanceof ContextString || isNumeric(value) || value instanceof PathValue) return value;
  const isText = value instanceof Attrs && (value.has('__toString') || value.has('outPath'));
  if (!isText && joinedWith(value).length > 0)
    throw cannotCoerce(`${describeType(value)} to a string: ${preview(value)}`, joinedWith(value));
  const context = new Set<string>();
  return new LeftText(withContext(coerceToString(ctx, value, context, { copyToStore: false }), context));
}

/** `a + b`: the first operand, as `leftOperand` gives it, decides what it means. */
export function concat(ctx: Copying, a: Value | LeftText, b: Value, span?: Span): Value {
  if (a instanceof LeftText) return joined(ctx, a.text, b, { copyToStore: false });
  if (typeof a === 'string' && typeof b === 'string') return a + b;
  if (isNumeric(a)) {
    if (!isNumeric(b)) throw cannotAdd(describeType(b), describeType(a), span);
    return add(a, b, span);
  }
  if (a instanceof PathValue) return appendToPath(ctx, a.path, [b], span);
  if (typeof a === 'string' || a instanceof ContextString) return joined(ctx, a, b);
  return concat(ctx, leftOperand(ctx, a), b, span);
}

function joined(ctx: Copying, a: Bytes | ContextString, b: Value, how?: Coercion): Value {
  const context = new Set<string>(typeof a === 'string' ? undefined : a.context);
  const text = typeof a === 'string' ? a : a.text;
  return withContext(text + coerceToString(ctx, b, context, how), context);
}

/** `./a/${x}` and `path + x`. */
export function appendToPath(ctx: Copying, base: Bytes, parts: Iterable<Value>, span?: Span): PathValue {
  const context = new Set<string>();
  let path = pathText(base);
  for (const part of parts) path += coerceToString(ctx, part, context, { copyToStore: false });
  if (context.size > 0) throw contextInPath(span);
  return new PathValue(canonicalPath(path));
}

/** @throws Fault E-EVAL-022 not absolute */
export function coerceToPath(ctx: Copying, value: Value, context: Set<string>): Bytes {
  if (value instanceof PathValue) return value.path;
  const text = coerceToString(ctx, value, context, { copyToStore: false });
  if (!text.startsWith('/')) throw notAbsolute(text);
  return canonicalPath(text);
}
