/** Values as JSON: compact, keys sorted bytewise, bytes as UTF-8. */
import { type Bytes, bytesToText } from '../base/index.ts';
import { Attrs, type Shape } from './attrs.ts';
import { call } from './call.ts';
import { coerceToString } from './coerce.ts';
import { dataDepth } from './depth.ts';
import { describe, describeType } from './describe.ts';
import { notAString, notJson, tooDeep } from './errors.ts';
import type { Evaluator } from './evaluator.ts';
import type { Gathering } from './gathered.ts';
import { JsonWriter, jsonString } from './json-writer.ts';
import { force, forceAt } from './thunk.ts';
import { addStep } from './trace.ts';
import { ContextString, Float, PathValue, type Slot, type Value } from './value.ts';

/**
 * Forces all it writes. Sets that say how they become a string (`__toString`, `outPath`) are written as that string; paths are
 * copied to the store. What strings depend on is added to `context`.
 *
 * @throws Fault E-EVAL-025 a function · E-EVAL-027 not UTF-8
 */
export function valueToJson(ctx: Evaluator, slot: Slot, context: Gathering): Bytes {
  const out = new JsonWriter();
  try {
    write(ctx, force(slot), context, out, dataDepth(ctx.settings));
    return out.finish();
  } finally {
    out.close();
  }
}

/** `levels`: how many more may be inside. */
function write(ctx: Evaluator, value: Value, context: Gathering, out: JsonWriter, levels: number): void {
  if (isScalar(value)) writeScalar(value, out);
  else if (Array.isArray(value)) writeList(ctx, value, context, out, levels);
  else if (value instanceof Attrs) writeSet(ctx, value, context, out, levels);
  else if (value instanceof ContextString || value instanceof PathValue) out.string(coerceToString(ctx, value, context));
  else throw notJson(describeType(value));
}

type Scalar = null | boolean | number | bigint | Float | Bytes;

/** Whether the slot can be written as it is: neither evaluation nor descent. */
const isScalar = (slot: Slot): slot is Scalar => typeof slot !== 'object' || slot === null || slot instanceof Float;

function writeScalar(value: Scalar, out: JsonWriter): void {
  if (typeof value === 'string') out.string(value);
  else if (typeof value === 'number' || typeof value === 'bigint') out.int(value);
  else if (value instanceof Float) out.float(value.value);
  else out.raw(value === null ? 'null' : value ? 'true' : 'false');
}

function writeList(ctx: Evaluator, list: Slot[], context: Gathering, out: JsonWriter, levels: number): void {
  if (levels === 0) throw tooDeep(dataDepth(ctx.settings));
  out.char(OPEN_LIST);
  for (let i = 0; i < list.length; i++) {
    if (i > 0) out.char(COMMA);
    const slot = list[i]!;
    if (isScalar(slot)) {
      writeScalar(slot, out);
      continue;
    }
    try {
      write(ctx, forceAt(list, i), context, out, levels - 1);
    } catch (error) {
      throw addStep(error, `while evaluating list element at index ${i}`);
    }
  }
  out.char(CLOSE_LIST);
}

function writeSet(ctx: Evaluator, set: Attrs, context: Gathering, out: JsonWriter, levels: number): void {
  if (levels === 0) throw tooDeep(dataDepth(ctx.settings));
  const { shape } = set;
  const { names, display, outPath } = jsonLayout(shape);
  if (display >= 0) {
    out.string(coerceToString(ctx, stringOf(set, dataDepth(ctx.settings)), context, { copyToStore: false }));
    return;
  }
  if (outPath >= 0) {
    write(ctx, forceAt(set.slots, outPath), context, out, levels - 1);
    return;
  }
  const { slots } = set;
  for (let i = 0; i < slots.length; i++) {
    out.raw(names[i]!);
    const slot = slots[i]!;
    if (isScalar(slot)) {
      writeScalar(slot, out);
      continue;
    }
    try {
      write(ctx, forceAt(slots, i), context, out, levels - 1);
    } catch (error) {
      throw addStep(error, `while evaluating attribute '${bytesToText(set.names[i]!)}'`, set.shape.spans?.[i]);
    }
  }
  out.raw(slots.length === 0 ? '{}' : '}');
}

/** What `__toString` gives, through the sets that it gives. @throws Fault E-EVAL-004 neither string nor path */
function stringOf(set: Attrs, depth: number): Value {
  let value: Value = set;
  for (let steps = 0; value instanceof Attrs; steps++) {
    if (steps === depth) throw tooDeep(depth);
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

const [OPEN_LIST, COMMA, CLOSE_LIST] = [0x5b, 0x2c, 0x5d];

/** What sets of one shape have in common. */
interface JsonLayout {
  /** What stands before each value: `{"a":`, `,"b":`. */
  readonly names: readonly Bytes[];
  /** Where `__toString` and `outPath` are, or -1. */
  readonly display: number;
  readonly outPath: number;
}

const layouts = new WeakMap<Shape, JsonLayout>();

function jsonLayout(shape: Shape): JsonLayout {
  let layout = layouts.get(shape);
  if (layout === undefined) {
    layout = {
      names: shape.names.map((name, i) => `${i === 0 ? '{' : ','}${jsonString(name)}:`),
      display: shape.indexOf('__toString'),
      outPath: shape.indexOf('outPath'),
    };
    if (shape.isShared) layouts.set(shape, layout);
  }
  return layout;
}
