/**
 * What expressions evaluate to. Chosen for V8: most values are primitives that need no allocation.
 *
 * | Nix type | here |
 * | --- | --- |
 * | null, bool | null, boolean |
 * | int | number while safe (|n| ≤ 2^53 - 1), else bigint; results past int64 are an error |
 * | float | `Float` (boxed, so that 1 and 1.0 differ) |
 * | string | a byte string; `ContextString` when it carries a context |
 * | path | `PathValue` |
 * | list | array of slots |
 * | set | `Attrs` |
 * | function | `Lambda`, `PrimOp`, `PrimOpApp` |
 *
 * A slot is a value or a thunk: what lists, sets and variables hold.
 */
import type { Bytes } from '../base/index.ts';

export class Float {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

/**
 * What a string depends on, as Nix writes it: `/store/x` (a path), `!out!/store/x.drv` (an output), `=/store/x.drv` (the whole
 * derivation closure). Never empty: a string without context is a plain byte string.
 */
export type Context = ReadonlySet<string>;

export class ContextString {
  readonly text: Bytes;
  readonly context: Context;
  constructor(text: Bytes, context: Context) {
    this.text = text;
    this.context = context;
  }
}

/** An absolute, normalised path. */
export class PathValue {
  readonly path: Bytes;
  constructor(path: Bytes) {
    this.path = path;
  }
}

/** A string with the context given; the plain bytes where that is empty. */
export const withContext = (text: Bytes, context: Context | undefined): Bytes | ContextString =>
  context === undefined || context.size === 0 ? text : new ContextString(text, context);
