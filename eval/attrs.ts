/**
 * Attribute sets: a shape (sorted names) and the slots beside it. All sets made by one literal share one shape, so that a
 * select site that remembers (shape, index) finds its attribute with one comparison, and `//` of two such sets is planned once.
 * Sets with computed names have a shape of their own, which is never remembered anywhere: 100,000 of them leave nothing behind.
 *
 * Names are kept sorted bytewise, as every builtin shows them. A name's place in the source is looked up only for messages.
 */
import type { Bytes, Span } from '../base/index.ts';
import { lowerBound, NameTable, sortedOrder } from './name-table.ts';
import type { Slot } from './value.ts';

const LINEAR = 8;

/** The engine's own copy of a name: two such are compared by address. Cost: one hash look-up. */
export const intern = (name: Bytes): Bytes => {
  for (const key in { [name]: 0 }) return key;
  return name;
};

/** So many by halving before a shape that is shared gets a Map: most belong to literals that are evaluated once. */
const FEW_SEARCHES = 3;

const NEVER = 0;
const UNKNOWN = -2;
let lastId = NEVER;

export class Shape {
  /** Sorted bytewise, no duplicates. */
  readonly names: readonly Bytes[];
  /** Made by a literal (or by `//` of such): seen again and again, so worth remembering. */
  readonly isShared: boolean;
  /** Where each name is defined; same order as `names`. */
  readonly spans: readonly (Span | undefined)[] | undefined;
  /** Where each name is: of a shape that is shared and small, once it was searched. */
  #places: Map<Bytes, number> | undefined;
  /** Of others a hash table once there is one; before, how many searches there were. */
  #index: NameTable | number = 0;
  /** None for most shapes that are not shared. */
  #plans: Plans | undefined;
  #typeAt = UNKNOWN;
  #outPathAt = UNKNOWN;
  /** Tells shapes apart without holding them. */
  readonly id: number = ++lastId;

  constructor(names: readonly Bytes[], isShared = false, spans?: readonly (Span | undefined)[]) {
    this.names = names;
    this.isShared = isShared;
    this.spans = spans;
  }

  /** The position of a name, or -1. Cost: a few comparisons; many lookups in a big shape build a hash table. */
  indexOf(name: Bytes): number {
    const { names } = this;
    const { length } = names;
    if (length > LINEAR) return this.#search(name);
    for (let i = 0; i < length; i++) if (names[i] === name) return i;
    return -1;
  }

  /** Where `type` is, or -1: each comparison of two sets asks. */
  get typeAt(): number {
    if (this.#typeAt === UNKNOWN) this.#typeAt = this.indexOf('type');
    return this.#typeAt;
  }

  /** The same for `outPath`. */
  get outPathAt(): number {
    if (this.#outPathAt === UNKNOWN) this.#outPathAt = this.indexOf('outPath');
    return this.#outPathAt;
  }

  #search(name: Bytes): number {
    if (this.#places !== undefined) return this.#places.get(name) ?? -1;
    const index = this.#index;
    if (typeof index !== 'number') return index.indexOf(name);
    const { names } = this;
    const isSmall = names.length <= MEMO_NAMES;
    if (this.isShared && isSmall && index === FEW_SEARCHES) {
      // The engine's own loop: most searches of a short run come before ours is compiled, and takes ten times as long until then.
      this.#places = new Map(names.map((each, at) => [each, at]));
      return this.#places.get(name) ?? -1;
    }
    // Worth it after a search for each eight names; where they are few, after one for each: making it takes as long as many searches.
    if (isSmall ? index === names.length : this.isShared || (index + 1) * LINEAR > names.length) {
      const table = new NameTable(names);
      this.#index = table;
      return table.indexOf(name);
    }
    this.#index = index + 1;
    const at = lowerBound(names, name);
    return names[at] === name ? at : -1;
  }

  /** The attributes of a set of shape `values` that have names of this one. The last plan is remembered. */
  planIntersection(values: Shape): SelectionPlan {
    const last = this.#plans?.intersection;
    if (last?.of === values) return last;
    const plan = { of: values, ...planIntersection(this.names, values) };
    this.#remembered().intersection = plan;
    return plan;
  }

  /**
   * How to lay a set of shape `over` on one of this shape; `undefined` where that need not be known, since it may never come again. It is
   * planned and remembered where both are shared and others were laid over this one before, or where they are big and the same two meet
   * again: what packages make is mostly made once, from literals that are evaluated once.
   */
  planMerge(over: Shape): MergePlan | undefined {
    const plans = this.#plans;
    const last = plans?.lastMerge;
    if (last?.of === over) return last;
    const isBig = Math.max(this.names.length, over.names.length) > MEMO_NAMES;
    const isShared = this.isShared && over.isShared;
    if (!isShared && !isBig) return undefined;
    const own = this.#remembered();
    const count = own.merges?.size ?? 0;
    let plan = own.merges?.get(over);
    if (plan === undefined) {
      const isWorthIt = isShared && !isBig && own.asked !== NEVER && count < MEMO_MERGES;
      if (!isWorthIt && own.asked !== over.id) {
        own.asked = over.id;
        return undefined;
      }
      plan = planMerge(this, over, count < MEMO_MERGES);
      if (plan.shape.isShared) {
        own.merges ??= new Map();
        own.merges.set(over, plan);
      }
    }
    own.lastMerge = plan;
    return plan;
  }

  #remembered(): Plans {
    this.#plans ??= new Plans();
    return this.#plans;
  }

  /** What removing names means here. The last plan is remembered where this shape is shared. */
  planRemoval(removed: readonly Bytes[]): RemovalPlan {
    const last = this.#plans?.lastRemoval;
    if (last !== undefined && isSame(last.removed, removed)) return last;
    const gone = placesOf(this, removed);
    const plan = { removed, gone, shape: gone.length === 0 ? this : this.without(gone) };
    if (this.isShared && removed.length <= LINEAR) this.#remembered().lastRemoval = plan;
    return plan;
  }

  /** The same names of nowhere, as functions make them. Remembered. */
  get placeless(): Shape {
    if (this.spans === undefined) return this;
    const plans = this.#remembered();
    plans.placeless ??= new Shape(this.names, this.isShared);
    return plans.placeless;
  }

  /** The shape of the names at these places (ascending). Remembered where this one is shared. */
  restrict(kept: readonly number[]): Shape {
    return this.#derive('+', kept, (items) => kept.map((i) => items[i]!));
  }

  /** The shape of all names but those at these places (ascending). Remembered where this one is shared. */
  without(gone: readonly number[]): Shape {
    return this.#derive('-', gone, (items) => without(items, gone));
  }

  #derive(sign: '+' | '-', places: readonly number[], choose: <T>(items: readonly T[]) => T[]): Shape {
    const { names, spans } = this;
    if (!this.isShared || names.length > MEMO_NAMES) return new Shape(choose(names), false, spans && choose(spans));
    const key = sign + places.join();
    const plans = this.#remembered();
    const known = plans.derived?.get(key);
    if (known !== undefined) return known;
    const isKept = (plans.derived?.size ?? 0) < MEMO_MERGES;
    const shape = new Shape(choose(names), isKept, spans && choose(spans));
    if (isKept) {
      plans.derived ??= new Map();
      plans.derived.set(key, shape);
    }
    return shape;
  }
}

/** What a shape remembers of what was done to its sets. The last of a kind is mostly asked for again. */
class Plans {
  /** The `id` of the shape that was last laid over this one without a plan. */
  asked = NEVER;
  merges: Map<Shape, MergePlan> | undefined = undefined;
  lastMerge: MergePlan | undefined = undefined;
  derived: Map<string, Shape> | undefined = undefined;
  lastRemoval: RemovalPlan | undefined = undefined;
  intersection: SelectionPlan | undefined = undefined;
  placeless: Shape | undefined = undefined;
}

/** `from[i] >= 0`: the slot of the upper set; otherwise `~from[i]` of the lower. */
interface MergePlan {
  /** The shape of the upper set. */
  readonly of: Shape;
  readonly shape: Shape;
  readonly from: readonly number[];
}

/** A set without some of its names. */
interface RemovalPlan {
  readonly removed: readonly Bytes[];
  /** Where those are that it has, ascending. */
  readonly gone: readonly number[];
  readonly shape: Shape;
}

/** The attributes at some places of a set. */
interface SelectionPlan {
  readonly of: Shape;
  readonly shape: Shape;
  readonly places: readonly number[];
}

function planIntersection(names: readonly Bytes[], values: Shape): { shape: Shape; places: readonly number[] } {
  const places: number[] = [];
  const found: Bytes[] = [];
  for (let i = 0; i < names.length; i++) {
    const at = values.indexOf(names[i]!);
    if (at < 0) continue;
    places.push(at);
    found.push(names[i]!);
  }
  const { spans } = values;
  return {
    places,
    shape:
      spans === undefined
        ? sharedShape(found)
        : new Shape(
            found,
            false,
            places.map((at) => spans[at]),
          ),
  };
}

/** More names than this in a shape, or more shapes than this derived from one, and they are not worth remembering. */
const MEMO_NAMES = 64;
const MEMO_MERGES = 128;

/** Where the slots of the last merge came from, as in `MergePlan`: written again by each, so that what it makes is as long as it has to be. */
let places: number[] = [];

/** Fills `places`. Returns how many names there are. */
function mergePlaces(a: readonly Bytes[], b: readonly Bytes[]): number {
  if (places.length > MANY_PLACES) places = [];
  let count = 0;
  let i = 0;
  for (let j = 0; j < b.length; j++) {
    const name = b[j]!;
    while (i < a.length && a[i]! < name) places[count++] = ~i++;
    if (i < a.length && a[i] === name) i++;
    places[count++] = j;
  }
  while (i < a.length) places[count++] = ~i++;
  return count;
}

/** What is kept for the next merge. */
const MANY_PLACES = 1 << 16;

/** Items of both by the first of `places`. An array that grows would have room for 17 at least. */
function laid<T>(count: number, lower: readonly T[], upper: readonly T[]): T[] {
  const items = new Array<T>(count);
  for (let i = 0; i < count; i++) {
    const at = places[i]!;
    items[i] = at >= 0 ? upper[at]! : lower[~at]!;
  }
  return items;
}

function laidSpans(count: number, under: Shape, over: Shape): (Span | undefined)[] | undefined {
  const lower = under.spans;
  const upper = over.spans;
  if (lower === undefined && upper === undefined) return undefined;
  return laid<Span | undefined>(count, lower ?? NO_SPANS, upper ?? NO_SPANS);
}

const NO_SPANS: readonly undefined[] = [];

function planMerge(under: Shape, over: Shape, mayRemember: boolean): MergePlan {
  const count = mergePlaces(under.names, over.names);
  const isShared = mayRemember && under.isShared && over.isShared && count <= MEMO_NAMES;
  const shape = new Shape(laid(count, under.names, over.names), isShared, laidSpans(count, under, over));
  return { of: over, shape, from: places.slice(0, count) };
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
  const names: Bytes[] = [];
  const slots: Slot[] = [];
  for (const [name, slot] of entries) {
    names.push(name);
    slots.push(slot);
  }
  return attrsFromPairs(names, slots, spanOf === undefined ? undefined : names.map(spanOf));
}

/** A set from names in any order; the first of equal names wins. The arrays become the set's. Cost: O(n log n), O(n) where they are sorted. */
export function attrsFromPairs(names: Bytes[], slots: Slot[], spans?: (Span | undefined)[]): Attrs {
  if (names.length === 0) return emptyAttrs;
  const order = sortedOrder(names);
  const pick = <T>(items: T[]): T[] => (order === undefined ? items : order.map((at) => items[at]!));
  const sorted = pick(names);
  return new Attrs(spans === undefined ? sharedShape(sorted) : shapeAt(sorted, pick(spans)), pick(slots));
}

/** The shape of names with places; as lists of pairs mostly come from one place again and again, it is shared where all have that one. */
function shapeAt(names: readonly Bytes[], spans: readonly (Span | undefined)[]): Shape {
  const [span] = spans;
  if (span === undefined || names.length > INTERNED_NAMES || spans.some((each) => each !== span))
    return new Shape(names, false, spans);
  let first = firstNodesAt.get(span);
  if (first === undefined) {
    first = { next: undefined, shape: undefined };
    firstNodesAt.set(span, first);
  }
  return internShape(names, first, spans);
}

/**
 * The shape of names without places (from JSON, from builtins), sorted bytewise and different. Small ones are shared, as long as there
 * are not too many.
 */
export const sharedShape = (names: readonly Bytes[]): Shape =>
  names.length <= INTERNED_NAMES ? internShape(names, firstNode) : new Shape(names);

const INTERNED_NAMES = 24;
const MAX_NODES = 20_000;

interface NameNode {
  next: Map<Bytes, NameNode> | undefined;
  /** Of the names on the way here. */
  shape: Shape | undefined;
}
const firstNode: NameNode = { next: undefined, shape: undefined };
/** Of the names that all have this place. */
const firstNodesAt = new WeakMap<Span, NameNode>();
let nodes = 0;

function internShape(names: readonly Bytes[], first: NameNode, spans?: readonly (Span | undefined)[]): Shape {
  let node = first;
  for (const name of names) {
    let next = node.next?.get(name);
    if (next === undefined) {
      if (nodes === MAX_NODES) return new Shape(names, false, spans);
      nodes++;
      next = { next: undefined, shape: undefined };
      node.next ??= new Map();
      node.next.set(intern(name), next);
    }
    node = next;
  }
  node.shape ??= new Shape(names.map(intern), true, spans);
  return node.shape;
}

/** A set from a plain object. */
export const attrsFromRecord = (record: Readonly<Record<Bytes, Slot>>): Attrs => attrsFromMap(new Map(Object.entries(record)));

/** `under // over`. Cost: O(n + m), less the comparisons where both shapes were met before or one set is much smaller. */
export function mergeAttrs(under: Attrs, over: Attrs): Attrs {
  if (over.slots.length === 0) return under;
  if (under.slots.length === 0) return over;
  const plan = under.shape.planMerge(over.shape);
  if (plan === undefined) {
    if (over.slots.length * 16 < under.slots.length) return insertAttrs(under, over, true);
    return under.slots.length * 16 < over.slots.length ? insertAttrs(over, under, false) : mergeOnce(under, over);
  }
  const { shape, from } = plan;
  const lower = under.slots;
  const upper = over.slots;
  // As long as it will be: an array that grows has room for 17 at least.
  const slots = new Array<Slot>(from.length);
  for (let i = 0; i < from.length; i++) {
    const at = from[i]!;
    slots[i] = at >= 0 ? upper[at]! : lower[~at]!;
  }
  return new Attrs(shape, slots);
}

/** A merge that may never come again. */
function mergeOnce({ shape: under, slots: lower }: Attrs, { shape: over, slots: upper }: Attrs): Attrs {
  const count = mergePlaces(under.names, over.names);
  const shape = new Shape(laid(count, under.names, over.names), false, laidSpans(count, under, over));
  return new Attrs(shape, laid(count, lower, upper));
}

/** One attribute more, of a name that the set lacks. Cost: O(n). */
export function addAttr(set: Attrs, name: Bytes, slot: Slot, span: Span | undefined): Attrs {
  const { names, spans } = set.shape;
  const newNames: Bytes[] = [];
  const newSlots: Slot[] = [];
  const newSpans: (Span | undefined)[] = [];
  let i = 0;
  for (; i < names.length && names[i]! < name; i++) {
    newNames.push(names[i]!);
    newSlots.push(set.slots[i]!);
    newSpans.push(spans?.[i]);
  }
  newNames.push(name);
  newSlots.push(slot);
  newSpans.push(span);
  for (; i < names.length; i++) {
    newNames.push(names[i]!);
    newSlots.push(set.slots[i]!);
    newSpans.push(spans?.[i]);
  }
  return new Attrs(new Shape(newNames, false, newSpans), newSlots);
}

/** A few attributes into a big set, whose own stay unless the few come `isOver` them: whole stretches are copied, names are found by halving. */
function insertAttrs(big: Attrs, few: Attrs, isOver: boolean): Attrs {
  const { names, spans } = big.shape;
  const fewSpans = few.shape.spans;
  const added: number[] = [];
  const replaced: number[] = [];
  few.names.forEach((name, i) => {
    const at = lowerBound(names, name);
    if (names[at] !== name) added.push(i, at);
    else if (isOver) replaced.push(i, at);
  });
  if (added.length === 0 && replaced.length === 0) return big;
  const slots = laidInto(big.slots, few.slots, added, replaced);
  const keepsSpans = spans === undefined && fewSpans === undefined;
  if (added.length === 0 && keepsSpans) return new Attrs(big.shape, slots);
  const noSpans = (count: number): undefined[] => new Array<undefined>(count).fill(undefined);
  const newSpans = keepsSpans
    ? undefined
    : laidInto(spans ?? noSpans(names.length), fewSpans ?? noSpans(few.size), added, replaced);
  return new Attrs(new Shape(laidInto(names, few.names, added, []), false, newSpans), slots);
}

/**
 * A copy of `lower` with items of `upper` in it. Both lists say which and where, in turn; places ascend. A long copy is put together
 * of stretches: `splice` would take half of it more than is needed, and taking memory is most of the work there.
 */
function laidInto<T>(lower: readonly T[], upper: readonly T[], added: readonly number[], replaced: readonly number[]): T[] {
  const isStretched = lower.length >= LONG && added.length > 0;
  const items = isStretched && replaced.length === 0 ? (lower as T[]) : lower.slice();
  for (let k = 0; k < replaced.length; k += 2) items[replaced[k + 1]!] = upper[replaced[k]!]!;
  if (!isStretched) {
    // From the end, so that places before stay what they are.
    for (let k = added.length - 2; k >= 0; k -= 2) items.splice(added[k + 1]!, 0, upper[added[k]!]!);
    return items;
  }
  const stretches: T[][] = [];
  for (let k = 0; k < added.length; k += 2) stretches.push(items.slice(added[k - 1] ?? 0, added[k + 1]), [upper[added[k]!]!]);
  return stretches[0]!.concat(...stretches.slice(1), items.slice(added.at(-1)));
}

const LONG = 1024;

/** The set without the names given, which stay as they are. Cost: O(n); names that it lacks cost nothing more. */
export function removeNames(set: Attrs, removed: readonly Bytes[]): Attrs {
  const { gone, shape } = set.shape.planRemoval(removed);
  if (gone.length === 0) return set;
  return gone.length === set.slots.length ? emptyAttrs : new Attrs(shape, without(set.slots, gone));
}

/** Ascending, each once. */
function placesOf(shape: Shape, names: readonly Bytes[]): readonly number[] {
  const places: number[] = [];
  let isAscending = true;
  for (let i = 0; i < names.length; i++) {
    const at = shape.indexOf(names[i]!);
    if (at < 0) continue;
    if (places.length === 0 || at > places[places.length - 1]!) places.push(at);
    else if (places.length < FEW_ITEMS) insertOnce(places, at);
    else {
      places.push(at);
      isAscending = false;
    }
  }
  return isAscending ? places : [...new Set(places)].sort((a, b) => a - b);
}

/** Into ascending places, unless it is there. */
function insertOnce(places: number[], at: number): void {
  let i = places.length;
  while (i > 0 && places[i - 1]! > at) i--;
  if (places[i - 1] === at) return;
  for (let k = places.length; k > i; k--) places[k] = places[k - 1]!;
  places[i] = at;
}

function isSame(a: readonly Bytes[], b: readonly Bytes[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Up to here a loop takes less than calls into the engine. */
const FEW_ITEMS = 32;

/** A copy without the items at these places (ascending). */
function without<T>(items: readonly T[], gone: readonly number[]): T[] {
  if (gone.length === 1 && items.length > FEW_ITEMS) {
    const [at] = gone;
    return items.slice(0, at).concat(items.slice(at! + 1));
  }
  const kept = new Array<T>(items.length - gone.length);
  let next = 0;
  for (let i = 0; i < items.length; i++) {
    if (i === gone[next]) next++;
    else kept[i - next] = items[i]!;
  }
  return kept;
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

/** The attributes of `values` whose names `names` has too. Cost: O(n), n the size of the smaller set, less where both shapes met last. */
export function intersectAttrs(names: Attrs, values: Attrs): Attrs {
  if (names.size >= values.size) return filterAttrs(values, (name) => names.has(name));
  const { shape, places } = names.shape.planIntersection(values.shape);
  if (places.length === 0) return emptyAttrs;
  const slots = new Array<Slot>(places.length);
  for (let i = 0; i < places.length; i++) slots[i] = values.slots[places[i]!]!;
  return new Attrs(shape, slots);
}

/** Where a name stands in sets that are asked after each other: most have the shape of the one before, or of one of the two before. */
export class Place {
  readonly #name: Bytes;
  #shape: Shape = emptyAttrs.shape;
  #index = -1;
  #before: Shape = emptyAttrs.shape;
  #indexBefore = -1;

  constructor(name: Bytes) {
    this.#name = name;
  }

  /** Its index there, or -1. */
  in(shape: Shape): number {
    if (shape === this.#shape) return this.#index;
    if (shape === this.#before) return this.#indexBefore;
    this.#before = this.#shape;
    this.#indexBefore = this.#index;
    this.#shape = shape;
    this.#index = shape.indexOf(this.#name);
    return this.#index;
  }
}

/** Same names, other slots: the shape (and so the remembered places in it) is shared. */
export const mapAttrs = (set: Attrs, slotOf: (name: Bytes, slot: Slot) => Slot): Attrs =>
  new Attrs(
    set.shape,
    set.slots.map((slot, index) => slotOf(set.shape.names[index]!, slot)),
  );
