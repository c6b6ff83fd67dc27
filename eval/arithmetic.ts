/**
 * Integers and floats. Ints are JavaScript numbers while that is exact; the few results beyond go through bigint, which checks
 * the 64 bits. `+ 0` turns JavaScript's -0 into 0.
 */
import type { Span } from '../base/index.ts';
import { describe } from './describe.ts';
import { divisionByZero, overflow, wrongType } from './errors.ts';
import { addStep } from './trace.ts';
import { Float, type Value } from './value.ts';

const MAX = Number.MAX_SAFE_INTEGER;

/** A bigint result as an int; numbers while safe. `undefined` past int64. */
export function normalizeInt(value: bigint): number | bigint | undefined {
  if (value >= -9007199254740991n && value <= 9007199254740991n) return Number(value);
  return BigInt.asIntN(64, value) === value ? value : undefined;
}

export function subtract(a: Value, b: Value, span?: Span): Value {
  if (typeof a === 'number' && typeof b === 'number') {
    const result = a - b;
    if (result <= MAX && result >= -MAX) return result;
  }
  return arithmetic(subtraction, a, b, span);
}

export function multiply(a: Value, b: Value, span?: Span): Value {
  if (typeof a === 'number' && typeof b === 'number') {
    const result = a * b;
    if (result <= MAX && result >= -MAX) return result + 0;
  }
  return arithmetic(multiplication, a, b, span);
}

/** Truncates towards zero. */
export function divide(a: Value, b: Value, span?: Span): Value {
  if (typeof a === 'number' && typeof b === 'number' && b !== 0) return Math.trunc(a / b) + 0;
  return arithmetic(division, a, b, span);
}

/** Addition of numbers alone; `+` of anything else is `concat` (coerce.ts). */
export const add = (a: Value, b: Value, span?: Span): Value => arithmetic(addition, a, b, span);

export const isNumeric = (value: Value): value is number | bigint | Float =>
  typeof value === 'number' || typeof value === 'bigint' || value instanceof Float;

export const toDouble = (value: number | bigint | Float): number => (value instanceof Float ? value.value : Number(value));

interface Operation {
  readonly symbol: string;
  readonly doing: string;
  /** How messages call an operand: "argument of the addition", behind "the first". */
  readonly operand: string;
  ints(a: bigint, b: bigint): bigint;
  floats(a: number, b: number): number;
}
const addition: Operation = {
  symbol: '+',
  doing: 'adding',
  operand: 'argument of the addition',
  ints: (a, b) => a + b,
  floats: (a, b) => a + b,
};
const subtraction: Operation = {
  symbol: '-',
  doing: 'subtracting',
  operand: 'argument of the subtraction',
  ints: (a, b) => a - b,
  floats: (a, b) => a - b,
};
const multiplication: Operation = {
  symbol: '*',
  doing: 'multiplying',
  operand: 'argument of the multiplication',
  ints: (a, b) => a * b,
  floats: (a, b) => a * b,
};
const division: Operation = {
  symbol: '/',
  doing: 'dividing',
  operand: 'operand of the division',
  ints: (a, b) => a / b,
  floats: (a, b) => a / b,
};

function arithmetic(operation: Operation, a: Value, b: Value, span: Span | undefined): Value {
  if (operation === division) {
    // As Nix: the divisor is looked at first, as a float.
    if (!isNumeric(b)) throw wrongOperand(operation, 'second', 'a float', b, span);
    if (toDouble(b) === 0) throw divisionByZero(span);
  }
  const expected = a instanceof Float || b instanceof Float ? 'a float' : 'an integer';
  if (!isNumeric(a)) throw wrongOperand(operation, 'first', expected, a, span);
  if (!isNumeric(b)) throw wrongOperand(operation, 'second', expected, b, span);
  if (a instanceof Float || b instanceof Float) return new Float(operation.floats(toDouble(a), toDouble(b)));
  const result = normalizeInt(operation.ints(BigInt(a), BigInt(b)));
  if (result === undefined) throw overflow(operation.doing, `${a} ${operation.symbol} ${b}`, span);
  return result;
}

const wrongOperand = (operation: Operation, which: 'first' | 'second', expected: string, value: Value, span: Span | undefined) =>
  addStep(wrongType(expected, describe(value), span), `while evaluating the ${which} ${operation.operand}`);
