/**
 * A package as the tree knows it: what `package` declares, and each `split` of one. Several packages can come from one recipe
 * (a build with several outputs). Fields are read, checked and remembered when they are asked for, never before.
 */
import { Fault, type Span } from '../../base/index.ts';
import type { Attrs } from '../attrs.ts';
import type { Slot } from '../value.ts';
import type { LayeredFields } from './layered-fields.ts';
import { PackageInfo } from './package-info.ts';
import { makePackageValue } from './package-value.ts';
import { type PlainData, readData } from './read-data.ts';
import {
  items,
  type Reading,
  readCapabilities,
  readLine,
  readModes,
  readNames,
  readPackage,
  readPackages,
  readPatterns,
  readTier,
} from './read-field.ts';
import { type Probe, readProbes, readReasons, readWaivers, type Waiver } from './read-policy.ts';
import { type DeclaredTrigger, readServices, readTriggers } from './read-trigger.ts';
import type { Recipe } from './recipe.ts';
import type { Tier } from './tier.ts';

export class Package {
  readonly recipe: Recipe;
  /** `out`, or the name of the split. */
  readonly output: string;
  readonly name: string;
  readonly fields: LayeredFields;
  readonly #read = new Map<string, unknown>();

  constructor(recipe: Recipe, output: string, name: string, fields: LayeredFields) {
    this.recipe = recipe;
    this.output = output;
    this.name = name;
    this.fields = fields;
  }

  /** "package 'zlib'", for messages. */
  get subject(): string {
    return this.fields.subject;
  }

  /** Where it is declared. */
  get span(): Span | undefined {
    return this.fields.span ?? this.recipe.fields.span;
  }

  get version(): string {
    return this.recipe.version;
  }
  get release(): number {
    return this.recipe.release;
  }
  get tier(): Tier {
    return this.#inherited('tier', readTier);
  }
  get summary(): string {
    return this.#inherited('summary', readLine);
  }
  get license(): string | undefined {
    return this.#optional('license');
  }
  get homepage(): string | undefined {
    return this.#optional('homepage');
  }

  /** What it says itself; see `runtimeClosure` for all of it. */
  get runtime(): readonly Package[] {
    return this.#inherited('runtime', readPackages, []);
  }
  /** A list of dependencies, each to be read by itself. */
  edges(kind: 'build' | 'host' | 'runtime'): readonly (() => Package)[] {
    const fields = this.fields.has(kind) ? this.fields : this.recipe.fields;
    if (!fields.has(kind)) return [];
    return items(this.#reading(kind, fields)).map((item) => () => readPackage(item));
  }
  get config(): readonly string[] {
    return this.#own('config', readPatterns, []);
  }
  get modes(): ReadonlyMap<string, string> {
    return this.#own('modes', readModes, new Map());
  }
  get capabilities(): ReadonlyMap<string, string> {
    return this.#own('capabilities', readCapabilities, new Map());
  }
  get triggers(): readonly DeclaredTrigger[] {
    return this.#own('triggers', readTriggers, []);
  }
  get services(): ReadonlyMap<string, boolean> {
    return this.#own('services', readServices, new Map());
  }
  get provides(): readonly string[] {
    return this.#own('provides', readNames, []);
  }
  get conflicts(): readonly string[] {
    return this.#own('conflicts', readNames, []);
  }
  get foundAs(): readonly Probe[] {
    return this.#inherited('foundAs', readProbes, []);
  }
  get divergences(): ReadonlyMap<string, string> {
    return this.#inherited('divergences', readReasons, new Map());
  }
  get lacks(): readonly string[] {
    return this.#inherited('lacks', readNames, []);
  }
  get pending(): string | undefined {
    return this.#optional('pending');
  }
  get waivers(): ReadonlyMap<string, Waiver> {
    return this.#inherited('waivers', readWaivers, new Map());
  }
  get meta(): Readonly<Record<string, PlainData>> {
    return this.#inherited('meta', readData, {});
  }

  /** @throws Fault E-DECL-008 it names itself, by itself or through others of the tree */
  get supersedes(): readonly string[] {
    return this.#own(
      'supersedes',
      (reading) => {
        const names = readNames(reading);
        if (names.includes(this.name)) throw this.#circle([this.name, this.name], reading);
        return names;
      },
      [],
    );
  }

  /** Looks for a circle of successors through this package. @throws Fault E-DECL-008 */
  checkSupersedes(): void {
    const { packages } = this.recipe.realm;
    const from = new Map<string, string>();
    const open = [...this.supersedes].map((name): [string, string] => [name, this.name]);
    for (const [name, successor] of open) {
      if (from.has(name)) continue;
      from.set(name, successor);
      if (name !== this.name) {
        open.push(...(packages.get(name)?.supersedes ?? []).map((next): [string, string] => [next, name]));
        continue;
      }
      const circle = [name];
      for (let at = successor; at !== this.name; at = from.get(at)!) circle.unshift(at);
      throw this.#circle([this.name, ...circle], this.#reading('supersedes'));
    }
  }

  /** What the name means in expressions: a set with the attributes of a derivation. */
  get value(): Attrs {
    return this.#memo('value', () => makePackageValue(this));
  }

  /** What commands see of it. */
  get info(): PackageInfo {
    return this.#memo('info', () => new PackageInfo(this));
  }

  /** The outcome of one field for expressions: checked, or the default. */
  attribute(name: string, read: () => unknown, orElse: Slot): Slot {
    const fields = this.fields.has(name) ? this.fields : this.recipe.fields;
    const slot = fields.slot(name);
    if (slot === undefined) return orElse;
    const { evaluator } = this.recipe.realm;
    return evaluator.delay(() => {
      read();
      return evaluator.force(slot);
    });
  }

  #circle(names: string[], reading: Reading): Fault {
    const { span } = reading.place;
    const message =
      names.length === 2
        ? `${this.subject} supersedes itself`
        : `packages supersede each other in a circle: ${names.join(' → ')}`;
    return new Fault('E-DECL-008', message, {
      labels: span === undefined ? [] : [{ ...span, text: '' }],
      hints: ['a package supersedes those that came before it: take the name out'],
    });
  }

  #optional(name: string): string | undefined {
    return this.#inherited<string | undefined>(name, readLine, undefined);
  }

  /** A split takes what it does not say from its package. */
  #inherited<T>(name: string, read: (reading: Reading) => T, orElse?: T): T {
    return this.#memo(name, () => {
      const fields = this.fields.has(name) ? this.fields : this.recipe.fields;
      return fields.has(name) ? read(this.#reading(name, fields)) : (orElse as T);
    });
  }

  #own<T>(name: string, read: (reading: Reading) => T, orElse: T): T {
    return this.#memo(name, () => (this.fields.has(name) ? read(this.#reading(name)) : orElse));
  }

  #reading(name: string, fields: LayeredFields = this.fields): Reading {
    return { realm: this.recipe.realm, place: fields.place(name), slot: fields.slot(name)! };
  }

  #memo<T>(name: string, compute: () => T): T {
    if (this.#read.has(name)) return this.#read.get(name) as T;
    const value = compute();
    this.#read.set(name, value);
    return value;
  }
}
