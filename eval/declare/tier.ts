import { dependencyOrder, Fault } from '../../base/index.ts';
import { type Attrs, attrsFromRecord } from '../attrs.ts';
import type { Declared } from './collect.ts';
import { LayeredFields } from './layered-fields.ts';
import type { Package } from './package.ts';
import { readBool, readLine, readNames, readPackages, readTiers } from './read-field.ts';
import { readGlobs } from './read-policy.ts';
import type { Realm } from './realm.ts';

/** A part of the system: what `tier NAME { … }` declares. Fields are read, and checked, when asked for. */
export class Tier {
  readonly name: string;
  readonly fields: LayeredFields;
  #value: Attrs | undefined;
  readonly #read = new Map<string, unknown>();

  constructor(realm: Realm, declared: Declared) {
    this.name = declared.name;
    this.fields = new LayeredFields(
      realm,
      'tier',
      `tier '${declared.name}'`,
      declared.layers,
      new Map([['name', declared.name]]),
    );
  }

  get summary(): string {
    return this.#ask(() => readLine(this.#reading('summary')));
  }

  get after(): readonly Tier[] {
    return this.fields.has('after') ? this.#ask(() => readTiers(this.#reading('after'))) : [];
  }

  get ships(): boolean {
    return this.fields.has('ships') ? this.#ask(() => readBool(this.#reading('ships'))) : true;
  }

  /** What every build of the tier has without naming it, under all that it names. */
  get buildsOn(): readonly Package[] {
    return this.fields.has('buildsOn') ? this.#remember('buildsOn', () => readPackages(this.#reading('buildsOn'))) : [];
  }

  /** Whether builds also have what their inputs were built with. */
  get accumulates(): boolean {
    if (!this.fields.has('accumulates')) return false;
    return this.#remember('accumulates', () => readBool(this.#reading('accumulates')));
  }

  /** How many tiers come before it, one after the other, at most. @throws Fault E-DECL-018 */
  get depth(): number {
    return this.#remember('depth', () => depths(orderTiers([this])).get(this)!);
  }

  /** Names and patterns of packages that belong here by what they are. */
  get holds(): readonly string[] {
    return this.fields.has('holds') ? this.#ask(() => readGlobs(this.#reading('holds'))) : [];
  }

  /** The order in which its packages are built, where people keep one. */
  get sequence(): readonly string[] | undefined {
    return this.fields.has('sequence') ? this.#ask(() => readNames(this.#reading('sequence'))) : undefined;
  }

  /** Names and patterns of packages that need no audit record. */
  get unaudited(): readonly string[] {
    return this.fields.has('unaudited') ? this.#ask(() => readGlobs(this.#reading('unaudited'))) : [];
  }

  /** Whether packages run the check phase of their style; `undefined` leaves that to the style. */
  get check(): boolean | undefined {
    return this.fields.has('check') ? this.#ask(() => readBool(this.#reading('check'))) : undefined;
  }

  /** What the name means in expressions. */
  get value(): Attrs {
    if (this.#value === undefined) {
      const { realm } = this.fields;
      const { evaluator } = realm;
      this.#value = attrsFromRecord({
        _type: 'tier',
        name: this.name,
        summary: evaluator.delay(() => this.summary),
        after: evaluator.delay(() => this.after.map((tier) => tier.value)),
        ships: evaluator.delay(() => this.ships),
        check: evaluator.delay(() => this.check ?? null),
        buildsOn: evaluator.delay(() => this.buildsOn.map((each) => each.value)),
        accumulates: evaluator.delay(() => this.accumulates),
      });
      realm.tierOf.set(this.#value, this);
    }
    return this.#value;
  }

  /** Asked for by every package of the tier. */
  #remember<T>(name: string, read: () => T): T {
    if (!this.#read.has(name)) this.#read.set(name, this.#ask(read));
    return this.#read.get(name) as T;
  }

  #ask<T>(read: () => T): T {
    return this.fields.realm.guard(read);
  }

  #reading(name: string) {
    return { realm: this.fields.realm, place: this.fields.place(name), slot: this.fields.slot(name)! };
  }
}

/** Tiers so that each stands behind those it comes after; declaration order otherwise. @throws Fault E-DECL-018 */
export function orderTiers(tiers: Iterable<Tier>): Tier[] {
  return dependencyOrder(
    tiers,
    (tier) => tier.after,
    (circle) => {
      const first = circle[0]!;
      const { span } = first.fields.place('after');
      const names = [...circle, first].map((each) => each.name).join(' → ');
      throw new Fault('E-DECL-018', `tiers come after each other in a circle: ${names}`, {
        labels: span === undefined ? [] : [{ ...span, text: '' }],
        hints: ['take one of them out of `after`'],
      });
    },
  );
}

/** @param ordered  each behind those it comes after */
function depths(ordered: readonly Tier[]): ReadonlyMap<Tier, number> {
  const found = new Map<Tier, number>();
  for (const tier of ordered) found.set(tier, Math.max(-1, ...tier.after.map((before) => found.get(before)!)) + 1);
  return found;
}
