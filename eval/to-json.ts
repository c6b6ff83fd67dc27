/** Values as JSON: compact, keys sorted bytewise, bytes as UTF-8. */
import { isUtf8 } from 'node:buffer';
import { type Bytes, bytesToText } from '../base/index.ts';
import { Attrs, type Shape } from './attrs.ts';
import { floatShortest } from './builtins/float-text.ts';
import { call } from './call.ts';
import { coerceToString } from './coerce.ts';
import { describe, describeType } from './describe.ts';
import { notAString, notJson, notUtf8 } from './errors.ts';
import type { Evaluator } from './evaluator.ts';
import { force } from './thunk.ts';
import { addStep } from './trace.ts';
import { ContextString, Float, PathValue, type Slot, type Value } from './value.ts';

/**
 * Forces all it writes. Sets that say how they become a string (`__toString`, `outPath`) are written as that string; paths are
 * copied to the store. What strings depend on is added to `context`.
 *
 * @throws Fault E-EVAL-025 a function · E-EVAL-027 not UTF-8
 */
export function valueToJson(ctx: Evaluator, slot: Slot, context: Set<string>): Bytes {
  const out = { text: '' };
  write(ctx, force(slot), context, out);
  return out.text;
}

function write(ctx: Evaluator, value: Value, context: Set<string>, out: { text: Bytes }): void {
  if (typeof value === 'string') out.text += jsonString(value);
  else if (value === null || typeof value !== 'object') out.text += String(value);
  else if (Array.isArray(value)) writeList(ctx, value, context, out);
  else if (value instanceof Attrs) writeSet(ctx, value, context, out);
  else if (value instanceof Float) out.text += floatShortest(value.value);
  else if (value instanceof ContextString || value instanceof PathValue)
    out.text += jsonString(coerceToString(ctx, value, context));
  else throw notJson(describeType(value));
}

function writeList(ctx: Evaluator, list: Slot[], context: Set<string>, out: { text: Bytes }): void {
  out.text += '[';
  for (let i = 0; i < list.length; i++) {
    if (i > 0) out.text += ',';
    try {
      write(ctx, force(list[i]!), context, out);
    } catch (error) {
      throw addStep(error, `while evaluating list element at index ${i}`);
    }
  }
  out.text += ']';
}

function writeSet(ctx: Evaluator, set: Attrs, context: Set<string>, out: { text: Bytes }): void {
  if (set.has('__toString')) {
    out.text += jsonString(coerceToString(ctx, stringOf(set), context, { copyToStore: false }));
    return;
  }
  const outPath = set.get('outPath');
  if (outPath !== undefined) {
    write(ctx, force(outPath), context, out);
    return;
  }
  const names = jsonNames(set.shape);
  for (let i = 0; i < set.size; i++) {
    out.text += names[i]!;
    const slot = set.slots[i]!;
    if (typeof slot === 'string') {
      out.text += jsonString(slot);
      continue;
    }
    try {
      write(ctx, force(slot), context, out);
    } catch (error) {
      throw addStep(error, `while evaluating attribute '${bytesToText(set.names[i]!)}'`, set.shape.spans?.[i]);
    }
  }
  out.text += set.size === 0 ? '{}' : '}';
}

/** What `__toString` gives, through the sets that it gives. @throws Fault E-EVAL-004 neither string nor path */
function stringOf(set: Attrs): Value {
  let value: Value = set;
  while (value instanceof Attrs) {
    const display = value.get('__toString');
    const outPath = value.get('outPath');
    if (display !== undefined) value = call(force(display), value);
    else if (outPath !== undefined) value = force(outPath);
    else throw notAString(describe(value), 'must');
  }
  const isString = typeof value === 'string' || value instanceof ContextString || value instanceof PathValue;
  if (!isString) throw notAString(describe(value), 'should');
  return value;
}

const namesOf = new WeakMap<Shape, readonly Bytes[]>();

/** What stands before each value: `{"a":`, `,"b":`. */
function jsonNames(shape: Shape): readonly Bytes[] {
  let names = namesOf.get(shape);
  if (names === undefined) {
    names = shape.names.map((name, i) => `${i === 0 ? '{' : ','}${jsonString(name)}:`);
    if (shape.isShared) namesOf.set(shape, names);
  }
  return names;
}

const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

/** A JSON string literal; only what must be escaped is. @throws Fault E-EVAL-027 */
export function jsonString(bytes: Bytes): Bytes {
  if (PLAIN.test(bytes)) return `"${bytes}"`;
  if (!isUtf8(Buffer.from(bytes, 'latin1'))) throw notUtf8(bytes);
  // The engine escapes quotes, backslashes and controls; bytes above 127 pass through as they are.
  return JSON.stringify(bytes);
}
