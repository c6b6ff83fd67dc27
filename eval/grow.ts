/** The rest of a fold whose function makes a list or set grow (compile/growth.ts): all parts put together at once. */
import type { Bytes, Span } from '../base/index.ts';
import { Attrs, attrsFromMap } from './attrs.ts';
import type { Growth } from './compile/growth.ts';
import { Lambda, type List, type Slot, type Value } from './value.ts';

/** What copies a few items costs less than finding out. */
const SMALL = 256;

/**
 * What folding `items` from the one at `from` on gives, begun with `start`; `undefined` where that is for the caller to do, one by one.
 *
 * Cost: linear in what there is in the end and in the parts.
 */
export function growAtOnce(fn: Value, start: Slot, items: List, from: number): Value | undefined {
  if (!(fn instanceof Lambda)) return undefined;
  const isList = Array.isArray(start) && start.length >= SMALL;
  const isSet = start instanceof Attrs && start.size >= SMALL;
  if (!isList && !isSet) return undefined;
  const growth = fn.site.growth?.();
  if (growth?.op === '++' && isList) return grownList(growth, fn, start, items, from);
  return growth?.op === '//' && isSet ? grownSet(growth, fn, start, items, from) : undefined;
}

type Of<Op> = Growth & { readonly op: Op };

function grownList({ part, isBefore }: Of<'++'>, { env }: Lambda, start: List, items: List, from: number): List {
  const parts = [start];
  for (let i = from; i < items.length; i++) {
    const added = part(env, items[i]!);
    if (added.length > 0) parts.push(added);
  }
  // As `++` with an empty list does.
  if (parts.length === 1) return start;
  if (isBefore) parts.reverse();
  const all: List = [];
  for (const each of parts) for (let i = 0; i < each.length; i++) all.push(each[i]!);
  return all;
}

function grownSet({ part, isBefore }: Of<'//'>, { env }: Lambda, start: Attrs, items: List, from: number): Attrs {
  const slots = new Map<Bytes, Slot>();
  const spans = new Map<Bytes, Span | undefined>();
  let hasChanged = false;
  const lay = ({ names, slots: own, shape }: Attrs): void => {
    for (let i = 0; i < own.length; i++) {
      const name = names[i]!;
      if (isBefore && slots.has(name)) continue;
      slots.set(name, own[i]!);
      spans.set(name, shape.spans?.[i]);
    }
  };
  lay(start);
  for (let i = from; i < items.length; i++) {
    const added = part(env, items[i]!);
    hasChanged ||= added.size > 0;
    lay(added);
  }
  return hasChanged ? attrsFromMap(slots, (name) => spans.get(name)) : start;
}
