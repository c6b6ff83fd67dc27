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
  #restrictions: Map<string, Shape> | undefined;

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
    const at = lowerBound(names, name);
    return names[at] === name ? at : -1;
  }

  /** How to lay a set of shape `over` on one of this shape. Remembered where both are shared. */
  planMerge(over: Shape): MergePlan {
    const known = this.#merges?.get(over);
    if (known !== undefined) return known;
    const plan = planMerge(this, over, (this.#merges?.size ?? 0) < MEMO_MERGES);
    if (plan.shape.isShared) {
      this.#merges ??= new Map();
      this.#merges.set(over, plan);
    }
    return plan;
  }

  /** The shape of the names at these places (ascending). Remembered where this one is shared. */
  restrict(kept: readonly number[]): Shape {
    const key = this.isShared && this.names.length <= MEMO_NAMES ? kept.join() : undefined;
    const known = key === undefined ? undefined : this.#restrictions?.get(key);
    if (known !== undefined) return known;
    const { names, spans } = this;
    const isKept = key !== undefined && (this.#restrictions?.size ?? 0) < MEMO_MERGES;
    const shape = new Shape(
      kept.map((i) => names[i]!),
      isKept,
      spans && kept.map((i) => spans[i]),
    );
    if (key !== undefined && isKept) {
      this.#restrictions ??= new Map();
      this.#restrictions.set(key, shape);
    }
    return shape;
  }
}

/** `from[i] >= 0`: the slot of the upper set; otherwise `~from[i]` of the lower. */
interface MergePlan {
  readonly shape: Shape;
  readonly from: Int32Array;
}

/** More names than this in a shape, or more shapes than this derived from one, and they are not worth remembering. */
const MEMO_NAMES = 64;
const MEMO_MERGES = 128;

function planMerge(under: Shape, over: Shape, mayRemember: boolean): MergePlan {
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
  const isShared = mayRemember && under.isShared && over.isShared && names.length <= MEMO_NAMES;
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

export const emptyAttrs: Attrs = new Attrs(new Shape([], true), []);

/** A shape for sets that a builtin makes again and again. `names` must be sorted bytewise. */
export const fixedShape = (...names: Bytes[]): Shape => new Shape(names, true);

/** A set from entries in any order; the last of equal names wins (as in a Map). Cost: O(n log n). */
export function attrsFromMap(entries: ReadonlyMap<Bytes, Slot>, spanOf?: (name: Bytes) => Span | undefined): Attrs {
  if (entries.size === 0) return emptyAttrs;
  const names = [...entries.keys()].sort(compareBytes);
  const slots = names.map((name) => entries.get(name)!);
  if (spanOf === undefined) return new Attrs(sharedShape(names), slots);
  return new Attrs(new Shape(names, false, names.map(spanOf)), slots);
}

/**
 * The shape of names without places (from JSON, from builtins), sorted bytewise and different. Small ones are shared, as long as there
 * are not too many.
 */
export const sharedShape = (names: readonly Bytes[]): Shape =>
  names.length <= INTERNED_NAMES ? internShape(names) : new Shape(names);

const INTERNED_NAMES = 24;
const MAX_NODES = 20_000;

interface NameNode {
  next: Map<Bytes, NameNode> | undefined;
  /** Of the names on the way here. */
  shape: Shape | undefined;
}
const firstNode: NameNode = { next: undefined, shape: undefined };
let nodes = 0;

function internShape(names: readonly Bytes[]): Shape {
  let node = firstNode;
  for (const name of names) {
    let next = node.next?.get(name);
    if (next === undefined) {
      if (nodes === MAX_NODES) return new Shape(names);
      nodes++;
      next = { next: undefined, shape: undefined };
      node.next ??= new Map();
      node.next.set(intern(name), next);
    }
    node = next;
  }
  node.shape ??= new Shape(names.map(intern), true);
  return node.shape;
}

/** A set from a plain object. */
export const attrsFromRecord = (record: Readonly<Record<Bytes, Slot>>): Attrs => attrsFromMap(new Map(Object.entries(record)));

/** `under // over`. Cost: O(n + m), less the comparisons where both shapes were met before or one set is much smaller. */
export function mergeAttrs(under: Attrs, over: Attrs): Attrs {
  if (over.slots.length === 0) return under;
  if (under.slots.length === 0) return over;
  if (!under.shape.isShared && over.slots.length * 16 < under.slots.length) return insertAttrs(under, over);
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

/** A few attributes into a big set: whole stretches are copied, names are found by halving. */
function insertAttrs(under: Attrs, over: Attrs): Attrs {
  const { names, spans } = under.shape;
  const slots = under.slots.slice();
  const added: number[] = [];
  const replaced: number[] = [];
  over.names.forEach((name, i) => {
    const at = lowerBound(names, name);
    if (names[at] === name) {
      slots[at] = over.slots[i]!;
      replaced.push(i, at);
    } else added.push(i, at);
  });
  const keepsSpans = spans === undefined && over.shape.spans === undefined;
  if (added.length === 0 && keepsSpans) return new Attrs(under.shape, slots);
  const newNames = names.slice();
  const newSpans = keepsSpans ? undefined : (spans?.slice() ?? new Array<undefined>(names.length).fill(undefined));
  if (newSpans !== undefined)
    for (let k = 0; k < replaced.length; k += 2) newSpans[replaced[k + 1]!] = over.shape.spans?.[replaced[k]!];
  // From the end, so that places before stay what they are.
  for (let k = added.length - 2; k >= 0; k -= 2) {
    const [i, at] = [added[k]!, added[k + 1]!];
    newNames.splice(at, 0, over.names[i]!);
    slots.splice(at, 0, over.slots[i]!);
    newSpans?.splice(at, 0, over.shape.spans?.[i]);
  }
  return new Attrs(new Shape(newNames, false, newSpans), slots);
}

/** The first place whose name is not before the one given. */
function lowerBound(names: readonly Bytes[], name: Bytes): number {
  let low = 0;
  let high = names.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (names[middle]! < name) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The attributes whose index `isKept`; spans stay. Cost: O(n). */
export function filterAttrs(set: Attrs, isKept: (name: Bytes, index: number) => boolean): Attrs {
  const { names } = set.shape;
  const kept: number[] = [];
  for (let i = 0; i < names.length; i++) if (isKept(names[i]!, i)) kept.push(i);
  if (kept.length === names.length) return set;
  if (kept.length === 0) return emptyAttrs;
  return new Attrs(
    set.shape.restrict(kept),
    kept.map((i) => set.slots[i]!),
  );
}

/** Same names, other slots: the shape (and so the remembered places in it) is shared. */
export const mapAttrs = (set: Attrs, slotOf: (name: Bytes, slot: Slot) => Slot): Attrs =>
  new Attrs(
    set.shape,
    set.slots.map((slot, index) => slotOf(set.shape.names[index]!, slot)),
  );
