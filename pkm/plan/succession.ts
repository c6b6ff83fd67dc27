/**
 * Who has taken whose place. What supersedes a package stands for it, and for all that it stood for in this way: along chains (`c`
 * superseded `b`, which superseded `a`), splits and merges alike. docs/decisions/0027-succession.md says why.
 */

/** What a package says of its successions. */
export interface Successions {
  readonly name: string;
  /** What it takes the place of, installed or not. */
  readonly supersedes: readonly string[];
  /** Who took its place; empty while it is active. */
  readonly supersededBy: readonly string[];
}

/** A graph from names to those that took their place. It ends at active packages: nobody speaks for who can speak. */
export class Succession {
  readonly #isActive: (name: string) => boolean;
  readonly #after = new Pairs();
  readonly #before = new Pairs();
  /** Name → who stands for it: what was asked for, until something changes. */
  readonly #known = new Map<string, readonly string[]>();

  constructor(isActive: (name: string) => boolean) {
    this.#isActive = isActive;
  }

  add(item: Successions): void {
    this.#each(item, (older, newer) => {
      this.#after.add(older, newer);
      this.#before.add(newer, older);
    });
    this.#forget(item.name);
  }

  delete(item: Successions): void {
    this.#forget(item.name);
    this.#each(item, (older, newer) => {
      this.#after.delete(older, newer);
      this.#before.delete(newer, older);
    });
  }

  #each({ name, supersedes, supersededBy }: Successions, change: (older: string, newer: string) => void): void {
    for (const older of supersedes) change(older, name);
    for (const newer of supersededBy) change(name, newer);
  }

  /** What was found is not known any more, now that a package came, went, or is another one. */
  #forget(name: string): void {
    // Most supersede nothing, and nothing superseded them: they are on nobody's way.
    if (this.#after.of(name).size + this.#before.of(name).size > 0) this.#known.clear();
  }

  /** Those that took the place of a package themselves. */
  successorsOf(name: string): Iterable<string> {
    return this.#after.of(name).keys();
  }

  /** The active packages that stand for a name, itself aside. */
  heirsOf(name: string): readonly string[] {
    const known = this.#after.of(name).size === 0 ? [] : this.#known.get(name);
    if (known !== undefined) return known;
    const heirs = new Set<string>();
    const passed = new Set([name]);
    let isOneWay = true;
    // A set that grows while it is walked is walked to its end.
    for (const one of passed) {
      const beyond = one === name ? undefined : this.#known.get(one);
      for (const heir of beyond ?? []) heirs.add(heir);
      if (beyond !== undefined) continue;
      const next = this.#after.of(one);
      if (next.size > 1) isOneWay = false;
      for (const newer of next.keys()) (this.#isActive(newer) ? heirs : passed).add(newer);
    }
    const isRound = heirs.delete(name);
    const found = [...heirs];
    // All along a chain have the same: whoever asks for the next of them walks no more.
    for (const one of isOneWay && !isRound ? passed : [name]) this.#known.set(one, found);
    return found;
  }

  /** The names between a package that was superseded and those who stand for it now, with its own. */
  wayFrom(name: string): ReadonlySet<string> {
    const passed = new Set([name]);
    for (const one of passed) for (const newer of this.#after.of(one).keys()) if (!this.#isActive(newer)) passed.add(newer);
    return passed;
  }

  /** The names that a package stands for, its own aside. */
  ancestorsOf(name: string): ReadonlySet<string> {
    const found = new Set(this.#before.of(name).keys());
    for (const one of found) if (!this.#isActive(one)) for (const older of this.#before.of(one).keys()) found.add(older);
    found.delete(name);
    return found;
  }
}

/** Pairs of names, each as often as somebody says so. */
class Pairs {
  readonly #of = new Map<string, Map<string, number>>();

  add(from: string, to: string): void {
    const all = this.#of.get(from) ?? new Map<string, number>();
    this.#of.set(from, all.set(to, (all.get(to) ?? 0) + 1));
  }

  delete(from: string, to: string): void {
    const all = this.#of.get(from)!;
    const n = all.get(to)!;
    if (n > 1) all.set(to, n - 1);
    else all.delete(to);
  }

  of(from: string): ReadonlyMap<string, number> {
    return this.#of.get(from) ?? NONE;
  }
}

const NONE: ReadonlyMap<string, number> = new Map();
