/** Precedence and associativity of the operators: Nix's table. Numbers are kinds of tokens. */
import * as K from './kinds.ts';
import type { BinaryOp } from './tree.ts';

export const PIPE = 0;
export const NOT = 7;
const HAS = 11;
export const NEGATE = 12;

/** How tightly an infix operator binds: 0 (pipes) to 11 (`?`). */
export function precedenceOf(kind: number): number {
  switch (kind) {
    case K.PipeInto:
    case K.PipeFrom:
      return PIPE;
    case K.Implies:
      return 1;
    case K.OrOp:
      return 2;
    case K.AndOp:
      return 3;
    case K.Equal:
    case K.NotEqual:
      return 4;
    case K.Less:
    case K.LessEqual:
    case K.Greater:
    case K.GreaterEqual:
      return 5;
    case K.Update:
      return 6;
    case K.Plus:
    case K.Minus:
      return 8;
    case K.Times:
    case K.Divide:
      return 9;
    case K.Concat:
      return 10;
    default:
      return HAS;
  }
}

export const isRightAssociative = (kind: number): boolean =>
  kind === K.Implies || kind === K.Update || kind === K.Concat || kind === K.PipeFrom;

/** Whether it has no associativity: comparisons. */
export const isUnchainable = (kind: number): boolean => kind >= K.Equal && kind <= K.GreaterEqual;

const TEXTS = ['|>', '<|', '->', '||', '&&', '==', '!=', '<', '<=', '>', '>=', '//', '+', '-', '*', '/', '++'] as const;

export const operatorText = (kind: number): string => TEXTS[kind - K.PipeInto]!;

/** The operator of a tree's node; `kind` is no pipe. */
export const binaryOp = (kind: number): BinaryOp => TEXTS[kind - K.PipeInto] as BinaryOp;

/** How tightly a binary node binds. */
export const binaryPrecedence = (op: BinaryOp): number => precedenceOf(K.PipeInto + TEXTS.indexOf(op));
