import type { Candidate } from './offers.ts';
import { accepts, offersOf, parseRequirement, type Requirement } from './requirement.ts';
import { Roster } from './roster.ts';

/** Predecessors before successors, what is needed before what needs it; where needs go in a circle, as they come. */
export function installOrder<T extends Candidate>(items: readonly T[]): T[] {
  const offers = new Map<string, { readonly item: T; readonly version: string | undefined }[]>();
  const byName = new Map(items.map((item) => [item.name, item]));
  const roster = rosterOf(items);
  for (const item of items) {
    const stands = roster.active(item.name) === undefined ? offersOf(item) : roster.offersOf(item);
    for (const [name, version] of stands) {
      const list = offers.get(name);
      if (list === undefined) offers.set(name, [{ item, version }]);
      else list.push({ item, version });
    }
  }
  // One walk for all who need the same: whatever it passed was entered, for whomever.
  const walks = new Map<string, Generator<T>>();
  function* walk(requirement: Requirement): Generator<T> {
    for (const { item, version } of offers.get(requirement.name) ?? []) if (accepts(requirement, version)) yield item;
  }
  function* predecessorsOf(item: T): Generator<T> {
    for (const name of item.supersedes) if (byName.has(name)) yield byName.get(name)!;
  }
  const ordered = lastFirst(items, function* (item) {
    yield* predecessorsOf(item);
    for (const text of item.runtime) {
      const requirement = parseRequirement(text);
      const shared = walks.get(requirement.text) ?? walk(requirement);
      walks.set(requirement.text, shared);
      for (let step = shared.next(); step.done !== true; step = shared.next()) yield step.value;
    }
  });
  // A circle of needs may have put a successor first.
  return lastFirst(ordered, predecessorsOf);
}

/** As they will be: those that others supersede are links of chains, for whose beginnings the ends stand. */
function rosterOf(items: readonly Candidate[]): Roster {
  const supersededBy = new Map<string, string[]>();
  for (const { name, supersedes } of items) for (const older of supersedes) supersededBy.set(older, [name]);
  return Roster.ofRecords(
    items.map(({ name, version, provides, supersedes }) => {
      return { name, version, provides, supersedes, supersededBy: supersededBy.get(name) ?? [] };
    }),
  );
}

/** Each after what it leads to; where that goes in a circle, as they come. Ways may be as long as they are. */
function lastFirst<T>(items: readonly T[], next: (item: T) => Iterator<T>): T[] {
  const entered = new Set<T>();
  const ordered: T[] = [];
  const stack: { readonly item: T; readonly next: Iterator<T> }[] = [];
  const enter = (item: T): void => {
    if (entered.has(item)) return;
    entered.add(item);
    stack.push({ item, next: next(item) });
  };
  for (const start of items) {
    enter(start);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const step = top.next.next();
      if (step.done === true) ordered.push(stack.pop()!.item);
      else enter(step.value);
    }
  }
  return ordered;
}
