/** The tree of a regular expression. */

/** 256 flags, one per byte: 1 where the byte is in the set. */
export type ByteSet = Uint8Array;

export type RegexNode =
  | { readonly kind: 'set'; readonly set: ByteSet }
  | { readonly kind: 'sequence'; readonly items: readonly RegexNode[] }
  | { readonly kind: 'alternatives'; readonly options: readonly RegexNode[] }
  /** Greedy. `max` is Infinity where unbounded. */
  | { readonly kind: 'repeat'; readonly item: RegexNode; readonly min: number; readonly max: number }
  /** `index` counts opening parentheses from 0. */
  | { readonly kind: 'group'; readonly index: number; readonly item: RegexNode }
  | { readonly kind: 'lineStart' }
  | { readonly kind: 'lineEnd' };

export interface RegexSyntax {
  readonly root: RegexNode;
  readonly groups: number;
}

/** What is wrong with an expression. `at` is a byte offset into it. */
export class RegexError extends Error {
  readonly at: number;
  /** The expression is well formed, but its expansion is larger than `maxStates`. */
  readonly isTooLarge: boolean;
  constructor(message: string, at: number, isTooLarge = false) {
    super(message);
    this.at = at;
    this.isTooLarge = isTooLarge;
  }
}
