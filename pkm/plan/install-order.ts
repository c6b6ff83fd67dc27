import { accepts, offersOf, parseRequirement } from './requirement.ts';
import type { Candidate } from './world.ts';

/** Predecessors before successors, what is needed before what needs it; where needs go in a circle, as they come. */
export function installOrder<T extends Candidate>(items: readonly T[]): T[] {
  const offers = new Map<string, { readonly item: T; readonly version: string | undefined }[]>();
  const byName = new Map(items.map((item) => [item.name, item]));
  for (const item of items) {
    for (const [name, version] of offersOf(item)) offers.set(name, [...(offers.get(name) ?? []), { item, version }]);
  }
  const entered = new Set<T>();
  const ordered: T[] = [];
  const enter = (item: T): Iterator<T> => {
    entered.add(item);
    return nextOf(item)[Symbol.iterator]();
  };
  const nextOf = (item: T): T[] => [
    ...item.supersedes.flatMap((name) => byName.get(name) ?? []),
    ...item.runtime.flatMap((text) => {
      const requirement = parseRequirement(text);
      const by = (offers.get(requirement.name) ?? []).filter(({ version }) => accepts(requirement, version));
      return by.map((offer) => offer.item);
    }),
  ];
  for (const start of items) {
    if (entered.has(start)) continue;
    const stack: { readonly item: T; readonly next: Iterator<T> }[] = [{ item: start, next: enter(start) }];
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const step = top.next.next();
      if (step.done === true) ordered.push(stack.pop()!.item);
      else if (!entered.has(step.value)) stack.push({ item: step.value, next: enter(step.value) });
    }
  }
  return predecessorsFirst(ordered);
}

/** A circle of needs may have put a successor first: predecessors are moved before it. */
function predecessorsFirst<T extends Candidate>(ordered: readonly T[]): T[] {
  const byName = new Map(ordered.map((item) => [item.name, item]));
  const done = new Set<T>();
  const result: T[] = [];
  const visit = (item: T): void => {
    if (done.has(item)) return;
    done.add(item);
    for (const name of item.supersedes) if (byName.has(name)) visit(byName.get(name)!);
    result.push(item);
  };
  for (const item of ordered) visit(item);
  return result;
}
