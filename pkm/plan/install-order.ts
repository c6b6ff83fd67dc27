import { accepts, offersOf, parseRequirement, type Requirement } from './requirement.ts';
import type { Candidate } from './world.ts';

/** Predecessors before successors, what is needed before what needs it; where needs go in a circle, as they come. */
export function installOrder<T extends Candidate>(items: readonly T[]): T[] {
  const offers = new Map<string, { readonly item: T; readonly version: string | undefined }[]>();
  const byName = new Map(items.map((item) => [item.name, item]));
  for (const item of items) {
    for (const [name, version] of offersOf(item)) {
      const list = offers.get(name);
      if (list === undefined) offers.set(name, [{ item, version }]);
      else list.push({ item, version });
    }
  }
  const entered = new Set<T>();
  const ordered: T[] = [];
  const enter = (item: T): Iterator<T> => {
    entered.add(item);
    return nextOf(item);
  };
  // One walk for all who need the same: whatever it passed was entered, for whomever.
  const walks = new Map<string, Generator<T>>();
  function* walk(requirement: Requirement): Generator<T> {
    for (const { item, version } of offers.get(requirement.name) ?? []) if (accepts(requirement, version)) yield item;
  }
  function* nextOf(item: T): Generator<T> {
    for (const name of item.supersedes) if (byName.has(name)) yield byName.get(name)!;
    for (const text of item.runtime) {
      const requirement = parseRequirement(text);
      const shared = walks.get(requirement.text) ?? walk(requirement);
      walks.set(requirement.text, shared);
      for (let step = shared.next(); step.done !== true; step = shared.next()) yield step.value;
    }
  }
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
