/** What a generated expression sees, and how it asks for its parts. */
import type { Fields, Pick, Type } from './types.ts';

export interface Variable {
  readonly name: string;
  readonly type: Type;
  /** Bound by `with`: any other binding of the name wins. */
  readonly isWith: boolean;
}

export type Scope = readonly Variable[];

export const bind = (scope: Scope, fields: Fields): Scope => [
  ...scope,
  ...Object.entries(fields).map(([name, type]) => ({ name, type, isWith: false })),
];

/** Makes parts of expressions. */
export interface Make {
  readonly pick: Pick;
  choose<T>(items: readonly T[]): T;
  /** A type, with types in it to that depth. */
  any(depth?: number): Type;
  /** An expression that can stand anywhere: an operand, an argument, an item. */
  expr(type: Type, scope: Scope): string;
}
