/**
 * Attribute sets: a shape (sorted names) and the slots beside it. All sets made by one literal share one shape, so that a
 * select site that remembers (shape, index) finds its attribute with one comparison, and `//` of two such sets is planned once.
 * Sets with computed names have a shape of their own, which is never remembered anywhere: 100,000 of them leave nothing behind.
 *
 * Names are kept sorted bytewise, as every builtin shows them. A name's place in the source is looked up only for messages.
 */
import { type Bytes, compareBytes, type Span } from '../base/index.ts';
import type { Slot } from './value.ts';

const LINEAR = 8;

/** The engine's own copy of a name: two such are compared by address. Cost: one hash look-up. */
export const intern = (name: Bytes): Bytes => {
  for (const key in { [name]: 0 }) return key;
  return name;
};

export class Shape {
  /** Sorted bytewise, no duplicates. */
  readonly names: readonly Bytes[];
  /** Made by a literal (or by `//` of such): seen again and again, so worth remembering. */
  readonly isShared: boolean;
  /** Where each name is defined; same order as `names`. */
  readonly spans: readonly (Span | undefined)[] | undefined;
  #index: Map<Bytes, number> | undefined;
  #searches = 0;
  #merges: Map<Shape, MergePlan> | undefined;

  constructor(names: readonly Bytes[], isShared = false, spans?: readonly (Span | undefined)[]) {
    this.names = names;
    this.isShared = isShared;
    this.spans = spans;
  }

  /** The position of a name, or -1. Cost: a few comparisons; many lookups in a big shape build a hash table. */
  indexOf(name: Bytes): number {
    if (this.#index !== undefined) return this.#index.get(name) ?? -1;
    const { names } = this;
    if (names.length <= LINEAR) return names.indexOf(name);
    if (++this.#searches * LINEAR > names.length || this.isShared) {
      this.#index = new Map(names.map((each, index) => [each, index]));
      return this.#index.get(name) ?? -1;
    }
    let low = 0;
    let high = names.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const at = names[middle]!;
      if (at === name) return middle;
      if (at < name) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  /** How to lay a set of shape `over` on one of this shape. Remembered where both are shared. */
  planMerge(over: Shape): MergePlan {
    const known = this.#merges?.get(over);
    if (known !== undefined) return known;
    const plan = planMerge(this, over);
    if (plan.shape.isShared) {
      this.#merges ??= new Map();
      this.#merges.set(over, plan);
    }
    return plan;
  }
}

/** `from[i] >= 0`: the slot of the upper set; otherwise `~from[i]` of the lower. */
interface MergePlan {
  readonly shape: Shape;
  readonly from: Int32Array;
}

/** More names than this in a merged shape, or more merges than this from one shape, and it is not worth remembering. */
const MEMO_NAMES = 64;

function planMerge(under: Shape, over: Shape): MergePlan {
  const a = under.names;
  const b = over.names;
  const names: Bytes[] = [];
  const from = new Int32Array(a.length + b.length);
  let i = 0;
  let j = 0;
  let n = 0;
  while (i < a.length || j < b.length) {
    const left = a[i];
    const right = b[j];
    if (right === undefined || (left !== undefined && left < right)) {
      names.push(left!);
      from[n++] = ~i++;
    } else {
      if (left === right) i++;
      names.push(right);
      from[n++] = j++;
    }
  }
  const isShared = under.isShared && over.isShared && names.length <= MEMO_NAMES;
  const hasSpans = under.spans !== undefined || over.spans !== undefined;
  const spans = hasSpans ? names.map((_, k) => (from[k]! >= 0 ? over.spans?.[from[k]!] : under.spans?.[~from[k]!])) : undefined;
  return { shape: new Shape(names, isShared, spans), from: from.subarray(0, n) };
}

export class Attrs {
  readonly shape: Shape;
  /** Same order as `shape.names`. */
  readonly slots: Slot[];

  constructor(shape: Shape, slots: Slot[]) {
    this.shape = shape;
    this.slots = slots;
  }

  get size(): number {
    return this.slots.length;
  }

  /** Sorted bytewise. */
  get names(): readonly Bytes[] {
    return this.shape.names;
  }

  /** The slot of a name, or `undefined` (never a value). */
  get(name: Bytes): Slot | undefined {
    const index = this.shape.indexOf(name);
    return index < 0 ? undefined : this.slots[index];
  }

  has(name: Bytes): boolean {
    return this.shape.indexOf(name) >= 0;
  }

  /** Where the attribute is defined, if that is known. */
  spanOf(name: Bytes): Span | undefined {
    return this.shape.spans?.[this.shape.indexOf(name)];
  }
}

export const emptyShape: Shape = new Shape([], true);
export const emptyAttrs: Attrs = new Attrs(emptyShape, []);

/** A shape for sets that a builtin makes again and again. `names` must be sorted bytewise. */
export const fixedShape = (...names: Bytes[]): Shape => new Shape(names, true);

/** A set from entries in any order; the last of equal names wins (as in a Map). Cost: O(n log n). */
export function attrsFromMap(entries: ReadonlyMap<Bytes, Slot>, spanOf?: (name: Bytes) => Span | undefined): Attrs {
  if (entries.size === 0) return emptyAttrs;
  const names = [...entries.keys()].sort(compareBytes);
  const slots = names.map((name) => entries.get(name)!);
  return new Attrs(new Shape(names, false, spanOf === undefined ? undefined : names.map(spanOf)), slots);
}

/** A set from a plain object. */
export const attrsFromRecord = (record: Readonly<Record<Bytes, Slot>>): Attrs => attrsFromMap(new Map(Object.entries(record)));

/** `under // over`. Cost: O(n + m), less the comparisons where both shapes were met before. */
export function mergeAttrs(under: Attrs, over: Attrs): Attrs {
  if (over.slots.length === 0) return under;
  if (under.slots.length === 0) return over;
  const { shape, from } = under.shape.planMerge(over.shape);
  const lower = under.slots;
  const upper = over.slots;
  const slots: Slot[] = new Array(from.length);
  for (let i = 0; i < from.length; i++) {
    const at = from[i]!;
    slots[i] = at >= 0 ? upper[at]! : lower[~at]!;
  }
  return new Attrs(shape, slots);
}

/** The attributes whose index `isKept`; spans stay. Cost: O(n). */
export function filterAttrs(set: Attrs, isKept: (name: Bytes, index: number) => boolean): Attrs {
  const { names, spans } = set.shape;
  const kept: number[] = [];
  for (let i = 0; i < names.length; i++) if (isKept(names[i]!, i)) kept.push(i);
  if (kept.length === names.length) return set;
  if (kept.length === 0) return emptyAttrs;
  const shape = new Shape(
    kept.map((i) => names[i]!),
    false,
    spans && kept.map((i) => spans[i]),
  );
  return new Attrs(
    shape,
    kept.map((i) => set.slots[i]!),
  );
}

/** Same names, other slots: the shape (and so the remembered places in it) is shared. */
export const mapAttrs = (set: Attrs, slotOf: (name: Bytes, slot: Slot) => Slot): Attrs =>
  new Attrs(
    set.shape,
    set.slots.map((slot, index) => slotOf(set.shape.names[index]!, slot)),
  );
