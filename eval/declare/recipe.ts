/** What is built: a `package` declaration with all that was laid over it, its outputs, and how they come about. */
import type { Attrs } from '../attrs.ts';
import type { DeclaredSplit } from './collect.ts';
import { type Compiler, compilerFlags } from './compiler-flags.ts';
import { type Derived, derive } from './derive.ts';
import { type Layer, LayeredFields } from './layered-fields.ts';
import { Package } from './package.ts';
import type { PhaseTexts } from './phases.ts';
import { type CheckPolicy, readCheck } from './read-check.ts';
import {
  type Reading,
  readBool,
  readEnvironment,
  readMemory,
  readPackages,
  readPatterns,
  readPhases,
  readRelease,
  readVersion,
  readWord,
} from './read-field.ts';
import { type Origin, type ReadFile, readOrigins, readPatches, readSources } from './read-source.ts';
import { type ReadStyle, readStyle } from './read-style.ts';
import type { Realm } from './realm.ts';
import type { PatchPlace, SourcePlace } from './script-texts.ts';

export class Recipe {
  readonly realm: Realm;
  readonly name: string;
  readonly fields: LayeredFields;
  /** By output; the first is `out`. */
  readonly packages: ReadonlyMap<string, Package>;
  readonly #splits: ReadonlyMap<string, DeclaredSplit>;
  readonly #read = new Map<string, unknown>();
  /** Set by `instantiate`. */
  derived: Derived | undefined;

  constructor(realm: Realm, name: string, layers: readonly Layer[], splits: ReadonlyMap<string, DeclaredSplit>) {
    this.realm = realm;
    this.name = name;
    this.#splits = splits;
    const subject = `package '${name}'`;
    this.fields = new LayeredFields(realm, 'package', subject, layers, new Map([['name', name]]));
    const packages = new Map([['out', new Package(this, 'out', name, this.fields)]]);
    for (const split of splits.values()) {
      const fields = new LayeredFields(
        realm,
        'split',
        `split '${split.output}' of ${subject}`,
        split.layers,
        new Map([['name', split.name]]),
        this.fields.ownNames,
      );
      packages.set(split.output, new Package(this, split.output, split.name, fields));
    }
    this.packages = packages;
  }

  /** The same with one more layer. Nothing of the tree refers to it. */
  override(attrs: Attrs): Recipe {
    return new Recipe(this.realm, this.name, [...this.fields.layers, { kind: 'value', attrs }], this.#splits);
  }

  get main(): Package {
    return this.packages.get('out')!;
  }
  get version(): string {
    return this.#get('version', readVersion, '0');
  }
  get release(): number {
    return this.#get('release', readRelease, 1);
  }
  get build(): readonly Package[] {
    return this.#get('build', readPackages, []);
  }
  get host(): readonly Package[] {
    return this.#get('host', readPackages, []);
  }
  get style(): ReadStyle {
    return this.#get('style', readStyle, CUSTOM);
  }

  /** Store paths of sources and patches; what they depend on goes to `context`. */
  sources(context: Set<string>): readonly ReadFile<SourcePlace>[] {
    return this.#fresh('source', (reading) => readSources(reading, context), []);
  }
  /** The same without copying any into the store. */
  get origins(): readonly Origin[] {
    return this.#fresh('source', readOrigins, []);
  }
  patches(context: Set<string>): readonly ReadFile<PatchPlace>[] {
    return this.#fresh('patches', (reading) => readPatches(reading, context), []);
  }

  /** What the package says of its tests; `default` where it leaves that to the tier and the style. */
  get check(): CheckPolicy {
    return this.#get('check', readCheck, { kind: 'default' });
  }

  /** The phases that run: the style's, and over them those written by hand. The check phase only where it is asked for. */
  phases(context: Set<string>): PhaseTexts {
    const byHand = this.#fresh<PhaseTexts>('phases', (reading) => readPhases(reading, context), {});
    const { style } = this;
    const byStyle = style.kind === 'phases' ? style.phases(context) : {};
    const { check, ...all } = { ...byStyle, ...byHand };
    return check !== undefined && this.#isChecked(byHand.check !== undefined) ? { ...all, check } : all;
  }

  #isChecked(isByHand: boolean): boolean {
    const { kind } = this.check;
    if (kind !== 'default') return kind !== 'off';
    return isByHand || (this.main.tier.check ?? (this.style.kind === 'phases' && this.style.isChecked));
  }

  get #compiler(): Compiler | undefined {
    return this.style.kind === 'phases' ? this.style.compiler : undefined;
  }

  /** Whether debug information is made: where it is asked for, or has a split to go to. */
  get hasDebug(): boolean {
    return this.#get('debugInfo', readBool, this.packages.has('debug'));
  }

  get strip(): 'never' | 'if-there' | 'always' {
    const asked = this.#get<boolean | undefined>('strip', readBool, undefined);
    if (asked !== undefined) return asked ? 'always' : 'never';
    return this.hasDebug ? 'always' : this.#compiler === undefined ? 'never' : 'if-there';
  }

  /** What the build may need, in bytes, where the package says so. */
  get memoryBytes(): number | undefined {
    return this.#get<number | undefined>('memory', readMemory, undefined);
  }

  /** What the builder does with the outputs, as far as it is not what it always does. */
  get outputRules(): OutputRules {
    const verify = this.#get('verifyPaths', readPatterns, []);
    const references = this.#get('references', (reading) => readWord(reading, REFERENCES), 'report');
    return {
      ...(verify.length === 0 ? {} : { verify }),
      ...(this.#get('tidy', readBool, true) ? {} : { tidy: false }),
      ...(references === 'report' ? {} : { references }),
    };
  }

  /** What is declared, and the flags that the style's compiler gets. */
  environment(context: Set<string>): ReadonlyMap<string, string> {
    const declared = this.#fresh<ReadonlyMap<string, string | null>>(
      'env',
      (reading) => readEnvironment(reading, context),
      new Map(),
    );
    const given = [...declared].filter((entry): entry is [string, string] => entry[1] !== null);
    return new Map([...given, ...compilerFlags(this.#compiler, this.hasDebug, declared)]);
  }

  /** What moves to each split. */
  get splits(): readonly { readonly output: string; readonly files: readonly string[] }[] {
    return [...this.packages.values()]
      .filter((each) => each.output !== 'out')
      .map(({ output, fields }) => ({
        output,
        files: fields.has('files')
          ? readPatterns({ realm: this.realm, place: fields.place('files'), slot: fields.slot('files')! })
          : DEBUG_FILES,
      }));
  }

  /** The derivation's set: `drvPath`, and a set per output. @throws Fault whatever is wrong with the recipe or what it needs */
  instantiate(): Derived {
    return derive(this);
  }

  #get<T>(name: string, read: (reading: Reading) => T, orElse: T): T {
    if (this.#read.has(name)) return this.#read.get(name) as T;
    const value = this.#fresh(name, read, orElse);
    this.#read.set(name, value);
    return value;
  }

  /** Not remembered: reading also fills a context. */
  #fresh<T>(name: string, read: (reading: Reading) => T, orElse: T): T {
    const slot = this.fields.slot(name);
    return slot === undefined ? orElse : read({ realm: this.realm, place: this.fields.place(name), slot });
  }
}

/** As JSON in the derivation: docs/decisions/0002. */
export interface OutputRules {
  readonly verify?: readonly string[];
  readonly tidy?: boolean;
  readonly references?: (typeof REFERENCES)[number];
}

const REFERENCES = ['report', 'fail', 'allow'] as const;

/** Only a split of the name `debug` can do without `files`. */
const DEBUG_FILES = ['usr/lib/debug'];

const CUSTOM: ReadStyle = { kind: 'phases', name: 'custom', compiler: undefined, isChecked: false, phases: () => ({}) };
