/** Numbers: 64-bit integers, of which a result past the end is an error, and floats. */
import { add, divide, isNumeric, multiply, normalizeInt, subtract } from '../arithmetic.ts';
import { type Builtin, builtin } from '../builtin.ts';
import { describe } from '../describe.ts';
import { wrongType } from '../errors.ts';
import type { Evaluator } from '../evaluator.ts';
import { addStep } from '../trace.ts';
import { Float, type Slot, type Value } from '../value.ts';
import { builtinFault } from './faults.ts';

function binary(
  name: string,
  doc: string,
  operate: (a: Value, b: Value) => Value,
  example: readonly [expression: string, result: string],
): Builtin {
  return builtin({
    name,
    args: ['a', 'b'],
    doc,
    example,
    impl: (ctx, a, b) => operate(ctx.force(a), ctx.force(b)),
  });
}

function number(ctx: Evaluator, slot: Slot, what: string): number | bigint | Float {
  try {
    const value = ctx.force(slot);
    if (isNumeric(value)) return value;
    throw wrongType('a float', describe(value));
  } catch (error) {
    throw addStep(error, `while evaluating ${what}`);
  }
}

function bits(name: string, sign: string, exact: (a: bigint, b: bigint) => bigint, example: string): Builtin {
  return builtin({
    name,
    args: ['a', 'b'],
    doc: `The bitwise ${sign} of two integers, as 64-bit two's complement.`,
    example: [`builtins.${name} 12 10`, example],
    impl: (ctx, left, right) => {
      const a = ctx.forceInt(left, `the first argument passed to builtins.${name}`);
      const b = ctx.forceInt(right, `the second argument passed to builtins.${name}`);
      return normalizeInt(exact(BigInt(a), BigInt(b)))!;
    },
  });
}

function rounding(name: 'ceil' | 'floor', doc: string, round: (value: number) => number, example: string): Builtin {
  return builtin({
    name,
    args: ['number'],
    doc,
    example: [`builtins.${name} 1.5`, example],
    impl: (ctx, slot) => {
      const value = number(ctx, slot, `the first argument passed to builtins.${name}`);
      if (!(value instanceof Float)) return value;
      const rounded = round(value.value);
      const int = Number.isFinite(rounded) ? normalizeInt(BigInt(rounded)) : undefined;
      if (int === undefined)
        throw builtinFault('E-EVAL-102', `NixFloat argument ${ctx.preview(value)} is not in the range of NixInt`, {
          notes: ['integers have 64 bits'],
        });
      return int;
    },
  });
}

export const arithmeticBuiltins: readonly Builtin[] = [
  binary('add', 'The sum of two numbers. Past 64 bits it is an error.', add, ['builtins.add 1 2', '3']),
  bits('bitAnd', 'and', (a, b) => a & b, '8'),
  bits('bitOr', 'or', (a, b) => a | b, '14'),
  bits('bitXor', 'exclusive or', (a, b) => a ^ b, '6'),
  rounding('ceil', 'The smallest integer that is not less than a number.', Math.ceil, '2'),
  binary('div', 'The quotient of two numbers; of integers it is cut towards zero.', divide, ['builtins.div 7 2', '3']),
  rounding('floor', 'The largest integer that is not greater than a number.', Math.floor, '1'),
  builtin({
    name: 'lessThan',
    args: ['a', 'b'],
    doc: 'Whether `a < b`: numbers by value, strings and paths bytewise, lists by their first difference.',
    example: ['builtins.lessThan 1 2', 'true'],
    impl: (ctx, a, b) => ctx.compare(a, b) < 0,
  }),
  binary('mul', 'The product of two numbers. Past 64 bits it is an error.', multiply, ['builtins.mul 2 3', '6']),
  binary('sub', 'The difference of two numbers. Past 64 bits it is an error.', subtract, ['builtins.sub 3 2', '1']),
];
