/** Paths that are read now. */
import type { Bytes } from '../../base/index.ts';
import { rewritePlaceholders } from '../../store/index.ts';
import type { Evaluator } from '../evaluator.ts';
import type { Slot } from '../value.ts';

/** An absolute path whose dependencies are built (import from derivation). */
export function forceRealPath(ctx: Evaluator, slot: Slot, what: string): Bytes {
  const context = new Set<string>();
  return realPath(ctx, ctx.coerceToPath(slot, what, context), context);
}

/** The same for a path whose dependencies were gathered. */
export function realPath(ctx: Evaluator, path: Bytes, context: ReadonlySet<string>): Bytes {
  return context.size === 0 ? path : rewritePlaceholders(path, ctx.realiseContext(context));
}
