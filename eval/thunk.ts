/**
 * Suspended evaluations. One class with two fields, so that every site that meets thunks stays monomorphic:
 *
 * | state | `code` | `held` |
 * | --- | --- | --- |
 * | suspended | what to run | its environment |
 * | running | `blackHole` | undefined |
 * | done | null | the value |
 * | failed with what `tryEval` catches | `failed` | the error |
 *
 * Any other failure puts the suspended state back: it ends the evaluation, or (a build is needed first) the thunk runs again.
 */
import { Bug } from '../base/index.ts';
import { Catchable, InfiniteRecursion } from './errors.ts';
import { leftThunk } from './trace.ts';
import type { Slot, Value } from './value.ts';

// biome-ignore lint/suspicious/noExplicitAny: each code knows the shape of the environment that it was stored with
export type ThunkCode = (held: any) => Value;

export class Thunk {
  code: ThunkCode | null;
  held: unknown;
  constructor(code: ThunkCode, held: unknown) {
    this.code = code;
    this.held = held;
  }
}

/** The value of a slot in weak head normal form. @throws Fault whatever its evaluation throws */
export function force(slot: Slot): Value {
  return slot instanceof Thunk ? (slot.code === null ? (slot.held as Value) : run(slot)) : slot;
}

/**
 * The same for a slot of a list or a set, which then holds the value itself: a thunk that is done is 40 bytes that every collection copies.
 * A list stays where it was, since printing knows lists by that.
 */
export function forceAt(slots: Slot[], index: number): Value {
  const slot = slots[index]!;
  if (!(slot instanceof Thunk)) return slot;
  const value = slot.code === null ? (slot.held as Value) : run(slot);
  if (!Array.isArray(value)) slots[index] = value;
  return value;
}

/** What a slot hands on: the value of a thunk that is done, but for a list. */
export function settled(slot: Slot): Slot {
  if (!(slot instanceof Thunk) || slot.code !== null) return slot;
  const value = slot.held as Value;
  return Array.isArray(value) ? slot : value;
}

/** Evaluates a thunk that is not done. */
export function run(thunk: Thunk): Value {
  const code = thunk.code!;
  const held = thunk.held;
  if (code === blackHole) throw new InfiniteRecursion(thunk);
  thunk.code = blackHole;
  thunk.held = undefined;
  try {
    const value = code(held);
    thunk.code = null;
    thunk.held = value;
    return value;
  } catch (error) {
    const isKept = error instanceof Catchable;
    thunk.code = isKept ? failed : code;
    thunk.held = isKept ? error : held;
    throw leftThunk(error, code, thunk);
  }
}

/** Fails again, without doing again what led there. */
const failed: ThunkCode = (error: Catchable) => {
  throw error;
};

/** Marks a thunk that is being evaluated. */
export const blackHole: ThunkCode = () => {
  throw new Bug('a running thunk was run again');
};
