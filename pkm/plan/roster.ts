/**
 * The packages of a root, superseded ones too, and what they stand for: one answer for the resolver, the install, explanations,
 * `autoremove` and rollbacks. An active package stands for its own name, for what it provides, and for all whose place it took.
 */
import { accepts, type Offering, offersOf, providedBy, type Requirement } from './requirement.ts';
import { Succession } from './succession.ts';

/** What a record says of it. */
export type Recorded = Offering & { readonly supersededBy: readonly string[] };

/** A package that is there, or was superseded. */
export interface Entry {
  readonly about: Offering;
  /** Who took its place; empty while it is active. */
  readonly supersededBy: readonly string[];
}

/** Who stands for a name, and in which version. `undefined`: in none that is known. */
export interface StandIn<E extends Entry> {
  readonly by: E;
  readonly version: string | undefined;
}

export class Roster<E extends Entry = Entry> {
  readonly #entries = new Map<string, E>();
  /** Name → active packages that provide it. */
  readonly #providers = new Map<string, Map<string, string | undefined>>();
  readonly #succession = new Succession((name) => this.active(name) !== undefined);

  static ofRecords<R extends Recorded>(records: Iterable<R>): Roster<Entry & { readonly about: R }> {
    const roster = new Roster<Entry & { readonly about: R }>();
    for (const record of records) roster.put({ about: record, supersededBy: record.supersededBy });
    return roster;
  }

  entry(name: string): E | undefined {
    return this.#entries.get(name);
  }

  active(name: string): E | undefined {
    const entry = this.#entries.get(name);
    return entry?.supersededBy.length === 0 ? entry : undefined;
  }

  entries(): IterableIterator<E> {
    return this.#entries.values();
  }

  /** Takes the place of what there is of that name. */
  put(entry: E): void {
    const { name, supersedes } = entry.about;
    this.delete(name);
    this.#entries.set(name, entry);
    this.#succession.add({ name, supersedes, supersededBy: entry.supersededBy });
    if (entry.supersededBy.length > 0) return;
    for (const [provided, version] of providedBy(entry.about)) {
      const by = this.#providers.get(provided) ?? new Map<string, string | undefined>();
      this.#providers.set(provided, by.set(name, version));
    }
  }

  delete(name: string): void {
    const entry = this.#entries.get(name);
    if (entry === undefined) return;
    this.#entries.delete(name);
    this.#succession.delete({ name, supersedes: entry.about.supersedes, supersededBy: entry.supersededBy });
    if (entry.supersededBy.length > 0) return;
    for (const provided of providedBy(entry.about).keys()) this.#providers.get(provided)!.delete(name);
  }

  /** All that stands for a name: the package itself, who provides it, who took its place. */
  *standIns(name: string): Generator<StandIn<E>, undefined> {
    const own = this.active(name);
    if (own !== undefined) yield { by: own, version: own.about.version };
    const providers = this.#providers.get(name);
    const heirs = this.#succession.heirsOf(name);
    for (const [one, version] of providers ?? []) {
      if (one === name) continue;
      const by = this.#entries.get(one)!;
      yield { by, version: version ?? (heirs.includes(one) ? by.about.version : undefined) };
    }
    for (const heir of heirs) {
      if (providers?.has(heir) === true) continue;
      const by = this.#entries.get(heir)!;
      yield { by, version: by.about.version };
    }
  }

  /** The active packages that meet a requirement. */
  *meeting(requirement: Requirement): Generator<E, undefined> {
    for (const { by, version } of this.standIns(requirement.name)) if (accepts(requirement, version)) yield by;
  }

  /** What an active package stands for: the other way round. */
  offersOf(about: Offering): Map<string, string | undefined> {
    return offersOf(about, this.#succession.ancestorsOf(about.name));
  }

  /** Those that say they took the place of a package, or are recorded to have. */
  successorsOf(name: string): Iterable<string> {
    return this.#succession.successorsOf(name);
  }

  /** The active packages that took the place of a superseded one, near or far. */
  heirsOf(name: string): readonly string[] {
    return this.#succession.heirsOf(name);
  }

  /**
   * The heirs for which a superseded package cannot come back: all but those whose place it takes in turn.
   * @param coming  what comes with it
   */
  keepAway(offering: Offering, coming: (name: string) => Offering | undefined): string[] {
    const { name } = offering;
    return this.#entries.has(name) && this.active(name) === undefined ? this.standFor(offering, coming) : [];
  }

  /** The heirs of a package that is not active, here or never: those whose place it would not take in turn. */
  standFor({ name, supersedes }: Offering, coming: (name: string) => Offering | undefined): string[] {
    const heirs = this.heirsOf(name);
    if (heirs.length === 0) return [];
    const taken = new Set(supersedes);
    for (const one of taken) for (const older of coming(one)?.supersedes ?? []) taken.add(older);
    return heirs.filter((heir) => !taken.has(heir));
  }

  /** The names whose place a package took, near or far. */
  ancestorsOf(name: string): ReadonlySet<string> {
    return this.#succession.ancestorsOf(name);
  }

  /** A superseded name and those between it and its heirs. */
  wayFrom(name: string): ReadonlySet<string> {
    return this.#succession.wayFrom(name);
  }
}

/** The names of packages that come, and of all whose place they take or took, near or far: their records stay with them. */
export function withAncestors(items: readonly Offering[], records: readonly Recorded[]): ReadonlySet<string> {
  const roster = Roster.ofRecords<Recorded>(records);
  for (const { name, supersedes } of items) {
    for (const older of supersedes) {
      const there = roster.active(older);
      if (there !== undefined) roster.put({ about: there.about, supersededBy: [name] });
    }
  }
  const names = new Set(items.map(({ name }) => name));
  for (const about of items) roster.put({ about: { ...about, supersededBy: [] }, supersededBy: [] });
  for (const { name } of items) for (const older of roster.ancestorsOf(name)) names.add(older);
  return names;
}
