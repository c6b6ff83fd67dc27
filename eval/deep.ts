/** Forcing everything below a value. */
import { bytesToText } from '../base/index.ts';
import { printName } from '../lang/index.ts';
import { Attrs } from './attrs.ts';
import { tooDeep } from './errors.ts';
import { force, Thunk } from './thunk.ts';
import { addStep } from './trace.ts';
import type { Slot, Value } from './value.ts';

/** Forces a value and all it contains; cycles end. Cost: each set and list once. @throws Fault E-EVAL-017 more than `depth` levels */
export function forceDeep(slot: Slot, depth: number): Value {
  const value = force(slot);
  if (isContainer(value)) descend(value, { seen: new Set(), depth }, 1);
  return value;
}

interface Walk {
  readonly seen: Set<unknown>;
  readonly depth: number;
}

const isContainer = (value: Value): value is Slot[] | Attrs => Array.isArray(value) || value instanceof Attrs;

function descend(container: Slot[] | Attrs, walk: Walk, level: number): void {
  if (walk.seen.has(container)) return;
  walk.seen.add(container);
  if (level > walk.depth) throw tooDeep(walk.depth);
  const slots = container instanceof Attrs ? container.slots : container;
  for (let i = 0; i < slots.length; i++) {
    const slot = slots[i]!;
    if (!(slot instanceof Thunk) && (typeof slot !== 'object' || slot === null)) continue;
    try {
      const value = force(slot);
      // The place of a list stays: printing knows lists by it.
      if (!Array.isArray(value)) slots[i] = value;
      if (isContainer(value)) descend(value, walk, level + 1);
    } catch (error) {
      throw container instanceof Attrs
        ? addStep(
            error,
            `while evaluating the attribute '${bytesToText(printName(container.names[i]!))}'`,
            container.shape.spans?.[i],
          )
        : addStep(error, `while evaluating list element at index ${i}`);
    }
  }
}
