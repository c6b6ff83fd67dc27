/** What could be had, by the names that it stands for, and what of it an upgrade leads to. */
import { stronglyConnected } from '../../base/index.ts';
import type { PackageRecord } from '../types.ts';
import { compareReleases } from '../versions.ts';
import { type Offering, offersOf } from './requirement.ts';
import type { Entry, Roster } from './roster.ts';

/** What the resolver must know of a package that could be installed. */
export interface Candidate extends Offering {
  readonly release: number;
  readonly runtime: readonly string[];
  readonly conflicts: readonly string[];
}

type Standing = Roster<Entry & { readonly about: Offering & { readonly release: number } }>;

export class Offers<T extends Candidate> {
  readonly #byName: ReadonlyMap<string, readonly T[]>;
  readonly #byOffer = new Map<string, T[]>();
  readonly #bySuperseded = new Map<string, T[]>();
  /** Name → the circle of successions that it is in: of those none is the successor. */
  #circles: ReadonlyMap<string, number> | undefined;

  /** @param prefer  negative where `a` is to be preferred to `b`, another one of the same name; default: the newer */
  constructor(offered: readonly T[], prefer: (a: T, b: T) => number = newestFirst) {
    const byName = Map.groupBy(offered, (item) => item.name);
    for (const list of byName.values()) list.sort(prefer);
    this.#byName = byName;
    for (const list of byName.values()) {
      for (const item of list) {
        for (const name of offersOf(item).keys()) if (name !== item.name) push(this.#byOffer, name, item);
        for (const name of new Set(item.supersedes)) push(this.#bySuperseded, name, item);
      }
    }
  }

  /** Of one name, the preferred first. */
  named(name: string): readonly T[] {
    return this.#byName.get(name) ?? [];
  }

  /** Others that provide or supersede it; those first that need not be of an earlier version for that. */
  standingFor(name: string): readonly T[] {
    const isPreferred = (item: T): boolean => this.named(item.name)[0] === item;
    const all = this.#byOffer.get(name) ?? [];
    return [...all.filter(isPreferred), ...all.filter((item) => !isPreferred(item))];
  }

  superseding(name: string): readonly T[] {
    return this.#bySuperseded.get(name) ?? [];
  }

  /** All names that something stands for. */
  names(): string[] {
    return [...this.#byName.keys(), ...this.#byOffer.keys()];
  }

  /**
   * What an upgrade of an active package leads to: for each end of the chains of successors that begin with it the ways there, the
   * end first and what lies between after it; where there are none, newer versions of it.
   */
  upgradesOf(record: Pick<PackageRecord, 'name' | 'version' | 'release'>, roster: Standing): (readonly T[])[] {
    const newer = this.named(record.name).filter((item) => compareReleases(item, record) > 0);
    const [first, ...others] = this.#walkFrom(record.name, roster).ends.map(someOf);
    if (first === undefined) return newer.length === 0 ? [] : [newer];
    return [[...first, ...newer], ...others];
  }

  /**
   * What takes the place of an active package, near or far, to the ends of all chains.
   * @param to  only this one and what lies between, should it be among them
   */
  successorsOf(name: string, roster: Standing, to?: string): readonly T[] {
    const { steps } = this.#walkFrom(name, roster);
    if (to === undefined) return steps.map(({ item }) => item);
    const last = steps.find(({ item }) => item.name === to);
    return last === undefined ? [] : itemsOf(last);
  }

  #walkFrom(start: string, roster: Standing): { readonly steps: readonly Step<T>[]; readonly ends: readonly Step<T>[] } {
    const seen = new Set<T>();
    const ends: Step<T>[] = [];
    const open: Step<T>[] = [];
    const goOn = (older: string, before: Step<T> | undefined): void => {
      const successors = this.#successorsOf(older, start, roster);
      if (successors.length === 0 && before !== undefined) ends.push(before);
      for (const item of successors) {
        if (!seen.has(item)) open.push({ item, before });
        seen.add(item);
      }
    };
    goOn(start, undefined);
    for (const step of open) {
      const link = this.linkOf(step.item.name, roster);
      if (link === undefined) ends.push(step);
      else goOn(link.name, step);
    }
    return { steps: open, ends };
  }

  /** As the preferred version of each says: what that does not say any more, nobody goes by. */
  #successorsOf(older: string, start: string, roster: Standing): T[] {
    // What stays while its own successor is here is none of its predecessors' any more.
    const mayCome = ({ name, supersedes }: T): boolean =>
      roster.heirsOf(name).every((heir) => heir === start || supersedes.includes(heir)) &&
      !(
        this.#circleOf.has(name) &&
        supersedes.some((other) => roster.active(other) !== undefined && this.#areInCircle(other, name))
      );
    return this.superseding(older).filter((item) => {
      if (this.named(item.name)[0] !== item || this.#areInCircle(older, item.name)) return false;
      const there = roster.active(item.name)?.about;
      return (there === undefined || compareReleases(item, there) > 0) && mayCome(item);
    });
  }

  /** What comes along as a link of a chain: nothing that was here, or whose successor is, and nothing in a circle. */
  linkOf(name: string, roster: Standing): T | undefined {
    const isFree = roster.entry(name) === undefined && roster.heirsOf(name).length === 0 && !this.#circleOf.has(name);
    return isFree ? this.named(name)[0] : undefined;
  }

  #areInCircle(one: string, other: string): boolean {
    const circle = this.#circleOf.get(one);
    return circle !== undefined && circle === this.#circleOf.get(other);
  }

  get #circleOf(): ReadonlyMap<string, number> {
    this.#circles ??= this.#findCircles();
    return this.#circles;
  }

  #findCircles(): Map<string, number> {
    const names = [...this.#byName.keys()];
    const numbers = new Map(names.map((name, n) => [name, n]));
    const groups = stronglyConnected(
      names.map((name) => this.named(name)[0]!.supersedes.flatMap((older) => numbers.get(older) ?? [])),
    );
    return new Map(
      groups.flatMap((nodes, group) => (nodes.length === 1 ? [] : nodes.map((node) => [names[node]!, group] as const))),
    );
  }
}

/** A successor, and what it supersedes on the way to it. */
interface Step<T> {
  readonly item: T;
  readonly before: Step<T> | undefined;
}

/** Of a long chain as many from either end are tried: each costs what the chain does. */
const MAX_TRIED = 16;

const someOf = <T>(end: Step<T>): T[] => itemsOf(end).filter((_, n, items) => n < MAX_TRIED || n >= items.length - MAX_TRIED);

/** The end first. */
function itemsOf<T>(end: Step<T>): T[] {
  const items: T[] = [];
  for (let step: Step<T> | undefined = end; step !== undefined; step = step.before) items.push(step.item);
  return items;
}

export const newestFirst = (a: Candidate, b: Candidate): number => compareReleases(b, a);

function push<T>(map: Map<string, T[]>, name: string, item: T): void {
  const list = map.get(name);
  if (list === undefined) map.set(name, [item]);
  else list.push(item);
}
