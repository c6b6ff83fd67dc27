/**
 * What a derivation says for the scheduler alone. It changes no bytes of what is built, so it is in no resolved derivation, and no build
 * sees it.
 *
 * @source docs/decisions/0002-package-derivations.md
 */
import type { Derivation } from '../store/index.ts';

const MEMORY = 'igosMemory';

/** How much memory its build may need, in bytes; 0 where it does not say. */
export function memoryHint({ env }: Derivation): number {
  const bytes = Number(env.get(MEMORY) ?? 0);
  return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : 0;
}

/**
 * The derivation without hints: itself where it has none, or where its outputs are named by all that it says (only floating ones are not).
 */
export function withoutHints(drv: Derivation): Derivation {
  if (!drv.env.has(MEMORY) || [...drv.outputs.values()].some(({ kind }) => kind !== 'floating')) return drv;
  return { ...drv, env: new Map([...drv.env].filter(([name]) => name !== MEMORY)) };
}
