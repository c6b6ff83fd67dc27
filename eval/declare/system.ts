import type { Span } from '../../base/index.ts';
import { type Attrs, attrsFromMap } from '../attrs.ts';
import type { Declared } from './collect.ts';
import { LayeredFields } from './layered-fields.ts';
import type { Package } from './package.ts';
import type { PackageInfo } from './package-info.ts';
import { type DeclaredBoot, readBoot } from './read-boot.ts';
import { type Reading, readFiles, readLine, readPackages } from './read-field.ts';
import { readServices } from './read-trigger.ts';
import type { Realm } from './realm.ts';

/** What `system NAME { … }` declares. Fields are read, and checked, when asked for. */
export class System {
  readonly name: string;
  readonly fields: LayeredFields;
  #value: Attrs | undefined;

  constructor(realm: Realm, declared: Declared) {
    this.name = declared.name;
    const subject = `system '${declared.name}'`;
    this.fields = new LayeredFields(realm, 'system', subject, declared.layers, new Map([['name', declared.name]]));
  }

  get summary(): string | undefined {
    return this.fields.has('summary') ? this.#ask(() => readLine(this.#reading('summary'))) : undefined;
  }

  /** As listed; what those need to run is in `Tree.runtimeClosure`. */
  get packages(): readonly PackageInfo[] {
    return this.#ask(() => readPackages(this.#reading('packages')).map((each: Package) => each.info));
  }

  /** Path below `/etc` → content. */
  get etc(): ReadonlyMap<string, string> {
    return this.fields.has('etc') ? this.#ask(() => readFiles(this.#reading('etc'))) : new Map();
  }

  /** Service → whether it is switched on, whatever its package says. */
  get services(): ReadonlyMap<string, boolean> {
    return this.fields.has('services') ? this.#ask(() => readServices(this.#reading('services'))) : new Map();
  }

  /** What images of it start. */
  get boot(): DeclaredBoot | undefined {
    return this.fields.has('boot') ? this.#ask(() => readBoot(this.#reading('boot'))) : undefined;
  }

  get span(): Span | undefined {
    return this.fields.span;
  }

  /** What the name means in expressions. */
  get value(): Attrs {
    if (this.#value === undefined) {
      const { evaluator } = this.fields.realm;
      this.#value = attrsFromMap(
        new Map([
          ['_type', 'system'],
          ['name', this.name],
          ['summary', evaluator.delay(() => this.summary ?? null)],
          ['packages', evaluator.delay(() => this.packages.map((each) => each.package.value))],
          ['services', this.fields.slot('services') ?? attrsFromMap(new Map())],
          ['boot', this.fields.slot('boot') ?? null],
          ['etc', evaluator.delay(() => attrsFromMap(this.etc))],
        ]),
      );
    }
    return this.#value;
  }

  #ask<T>(read: () => T): T {
    return this.fields.realm.guard(read);
  }

  #reading(name: string): Reading {
    return { realm: this.fields.realm, place: this.fields.place(name), slot: this.fields.slot(name)! };
  }
}
