/** `==` and `<`. */
import type { Span } from '../base/index.ts';
import { isNumeric, toDouble } from './arithmetic.ts';
import { Attrs } from './attrs.ts';
import { describeType, preview } from './describe.ts';
import { cannotCompare } from './errors.ts';
import { force } from './thunk.ts';
import { ContextString, Float, Lambda, PathValue, PrimOp, PrimOpApp, type Slot, type Value } from './value.ts';

/** `==` of two values. Functions are never equal, but one and the same (or set, or list) inside two containers is. */
export function equals(a: Value, b: Value): boolean {
  if (typeof a === 'number' && typeof b === 'number') return a === b;
  if (isNumeric(a)) return isNumeric(b) && numbersEqual(a, b);
  const left = a instanceof ContextString ? a.text : a;
  const right = b instanceof ContextString ? b.text : b;
  if (left === null || typeof left !== 'object') return left === right;
  if (Array.isArray(left)) return Array.isArray(right) && listsEqual(left, right);
  if (left instanceof Attrs) return right instanceof Attrs && setsEqual(left, right);
  return left instanceof PathValue && right instanceof PathValue && left.path === right.path;
}

/** Equality of items: forces both; one and the same value is equal to itself, whatever it holds. Of functions it is the cell (cell.ts). */
export function slotsEqual(a: Slot, b: Slot): boolean {
  const left = force(a);
  const right = force(b);
  return left === right || equals(left, right);
}

function numbersEqual(a: number | bigint | Float, b: number | bigint | Float): boolean {
  if (a instanceof Float || b instanceof Float) return toDouble(a) === toDouble(b);
  return a === b;
}

function listsEqual(a: Slot[], b: Slot[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!slotsEqual(a[i]!, b[i]!)) return false;
  return true;
}

function setsEqual(a: Attrs, b: Attrs): boolean {
  if (isDerivation(a) && isDerivation(b)) {
    const { outPathAt: left } = a.shape;
    const { outPathAt: right } = b.shape;
    if (left >= 0 && right >= 0) return slotsEqual(a.slots[left]!, b.slots[right]!);
  }
  if (a.size !== b.size) return false;
  if (a.shape !== b.shape) for (let i = 0; i < a.size; i++) if (a.names[i] !== b.names[i]) return false;
  for (let i = 0; i < a.size; i++) if (!slotsEqual(a.slots[i]!, b.slots[i]!)) return false;
  return true;
}

/** Whether a set says `type = "derivation"`. Forces `type`. */
export function isDerivation(set: Attrs): boolean {
  const { typeAt } = set.shape;
  return typeAt >= 0 && force(set.slots[typeAt]!) === 'derivation';
}

/** Negative, 0 or positive. @throws Fault E-EVAL-015 not comparable */
export function compare(a: Value, b: Value, span?: Span): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (isNumeric(a) && isNumeric(b)) {
    if (a instanceof Float || b instanceof Float) return order(toDouble(a), toDouble(b));
    return a < b ? -1 : a > b ? 1 : 0;
  }
  const left = a instanceof ContextString ? a.text : a;
  const right = b instanceof ContextString ? b.text : b;
  if (typeof left === 'string' && typeof right === 'string') return left < right ? -1 : left > right ? 1 : 0;
  if (left instanceof PathValue && right instanceof PathValue)
    return left.path < right.path ? -1 : left.path > right.path ? 1 : 0;
  if (Array.isArray(left) && Array.isArray(right)) return compareLists(left, right, span);
  throw cannotCompare([a, b].map(showOperand), isSameKind(left, right), span);
}

const showOperand = (value: Value) => ({ type: describeType(value), text: preview(value) });

/** Whether two values that cannot be compared are at least of one type. */
function isSameKind(a: Value, b: Value): boolean {
  if (a === null || typeof a === 'boolean') return typeof a === typeof b && (a === null) === (b === null);
  if (a instanceof Attrs) return b instanceof Attrs;
  return isFunction(a) && isFunction(b);
}

const isFunction = (value: Value): boolean => value instanceof Lambda || value instanceof PrimOp || value instanceof PrimOpApp;

const order = (a: number, b: number): number => (a < b ? -1 : a > b ? 1 : 0);

/** The first difference decides; equal items are passed over without being comparable. */
function compareLists(a: Slot[], b: Slot[], span: Span | undefined): number {
  for (let i = 0; ; i++) {
    if (i === b.length) return i === a.length ? 0 : 1;
    if (i === a.length) return -1;
    if (!slotsEqual(a[i]!, b[i]!)) return compare(force(a[i]!), force(b[i]!), span);
  }
}
