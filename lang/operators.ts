/** Precedence and associativity of the operators, and the two stacks that turn a flat sequence into a tree. */
import type { BinaryOp, Expr } from './tree.ts';

interface Rank {
  readonly precedence: number;
  readonly side: 'left' | 'right' | 'none';
}

const rank = (precedence: number, side: Rank['side']): Rank => ({ precedence, side });

const BINARY: ReadonlyMap<string, Rank> = new Map([
  ['|>', rank(0, 'left')],
  ['<|', rank(0, 'right')],
  ['->', rank(1, 'right')],
  ['||', rank(2, 'left')],
  ['&&', rank(3, 'left')],
  ['==', rank(4, 'none')],
  ['!=', rank(4, 'none')],
  ['<', rank(5, 'none')],
  ['<=', rank(5, 'none')],
  ['>', rank(5, 'none')],
  ['>=', rank(5, 'none')],
  ['//', rank(6, 'right')],
  ['+', rank(8, 'left')],
  ['-', rank(8, 'left')],
  ['*', rank(9, 'left')],
  ['/', rank(9, 'left')],
  ['++', rank(10, 'right')],
]);
const NOT = 7;
const HAS = 11;
const NEGATE = 12;

/** How tightly a binary operator binds: 0 (pipes) to 10 (`++`). */
export const binaryPrecedence = (op: string): number => BINARY.get(op)!.precedence;

export const isPipe = (op: string): boolean => op === '|>' || op === '<|';

interface Pending {
  readonly op: string;
  readonly isPrefix: boolean;
  readonly precedence: number;
  readonly start: number;
}

/**
 * Shunting-yard: no recursion, so that a chain of a hundred thousand `++` needs no stack. Operands come with the place where
 * they begin and end, parentheses included.
 */
export class OperatorStack {
  readonly #operands: Expr[] = [];
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #pending: Pending[] = [];
  readonly #onUnchainable: (first: string, firstStart: number, second: string, secondStart: number) => void;

  constructor(onUnchainable: (first: string, firstStart: number, second: string, secondStart: number) => void) {
    this.#onUnchainable = onUnchainable;
  }

  prefix(op: '!' | '-', start: number): void {
    this.#pending.push({ op, isPrefix: true, precedence: op === '!' ? NOT : NEGATE, start });
  }

  operand(expr: Expr, start: number, end: number): void {
    this.#operands.push(expr);
    this.#starts.push(start);
    this.#ends.push(end);
  }

  binary(op: string, start: number): void {
    const { precedence, side } = BINARY.get(op)!;
    for (let top = this.#pending.at(-1); top !== undefined; top = this.#pending.at(-1)) {
      if (top.precedence < precedence) break;
      if (top.precedence === precedence) {
        if (side === 'none' || top.op !== op) {
          if (side === 'none' || precedence === 0) this.#onUnchainable(top.op, top.start, op, start);
        }
        if (side === 'right') break;
      }
      this.#reduce();
    }
    this.#pending.push({ op, isPrefix: false, precedence, start });
  }

  /** `… ? path`: replaces the last operand. */
  has(end: number, build: (target: Expr, start: number) => Expr): void {
    while ((this.#pending.at(-1)?.precedence ?? 0) > HAS) this.#reduce();
    const from = this.#starts.pop()!;
    this.operand(build(this.#operands.pop()!, from), from, end);
    this.#ends.splice(-2, 1);
  }

  finish(): Expr {
    while (this.#pending.length > 0) this.#reduce();
    return this.#operands[0]!;
  }

  #reduce(): void {
    const { op, isPrefix, start: opStart } = this.#pending.pop()!;
    const right = this.#operands.pop()!;
    const end = this.#ends.pop()!;
    const rightStart = this.#starts.pop()!;
    if (isPrefix) {
      this.#operands.push({ kind: 'unary', op: op as '!' | '-', operand: right, start: opStart, end });
      this.#starts.push(opStart);
      this.#ends.push(end);
      return;
    }
    if (this.#operands.length === 0) {
      // only after a syntax error
      this.operand(right, rightStart, end);
      return;
    }
    const left = this.#operands.pop()!;
    const start = this.#starts.at(-1)!;
    this.#ends[this.#ends.length - 1] = end;
    if (op === '|>') this.#operands.push({ kind: 'call', fn: right, args: [left], start, end });
    else if (op === '<|') this.#operands.push({ kind: 'call', fn: left, args: [right], start, end });
    else this.#operands.push({ kind: 'binary', op: op as BinaryOp, left, right, opStart, start, end });
  }
}
