import { type Bytes, Fault, type Span } from '../../base/index.ts';
import type { StorePath } from '../../store/index.ts';
import { ContextString, type Slot } from '../value.ts';
import type { Package } from './package.ts';
import type { CheckPolicy } from './read-check.ts';
import type { PlainData } from './read-data.ts';
import type { Probe, Waiver } from './read-policy.ts';
import type { DeclaredTrigger } from './read-trigger.ts';

/** A path of this machine, or a path in the store: of a fetch, that of the derivation that fetches it as well. */
export type SourceOrigin =
  | { readonly kind: 'local'; readonly path: Bytes }
  | { readonly kind: 'store'; readonly path: StorePath; readonly drvPath: StorePath | undefined };

/**
 * What commands know of a package. Every property is evaluated, and checked, when it is first read; reading metadata never makes
 * a derivation, reading `drvPath` or `outPath` does.
 */
export class PackageInfo {
  readonly package: Package;
  constructor(package_: Package) {
    this.package = package_;
  }

  get name(): string {
    return this.package.name;
  }
  get version(): string {
    return this.#ask(() => this.package.version);
  }
  get release(): number {
    return this.#ask(() => this.package.release);
  }
  /** The tier's name. */
  get tier(): string {
    return this.#ask(() => this.package.tier.name);
  }
  get summary(): string {
    return this.#ask(() => this.package.summary);
  }
  get license(): string | undefined {
    return this.#ask(() => this.package.license);
  }
  get homepage(): string | undefined {
    return this.#ask(() => this.package.homepage);
  }
  /** Names of what it says it needs to run; `Tree.runtimeClosure` has all of it. */
  get runtime(): readonly string[] {
    return this.#ask(() => this.package.runtime.map((each) => each.name));
  }
  get supersedes(): readonly string[] {
    return this.#ask(() => {
      this.package.checkSupersedes();
      return this.package.supersedes;
    });
  }
  get provides(): readonly string[] {
    return this.#ask(() => this.package.provides);
  }
  get conflicts(): readonly string[] {
    return this.#ask(() => this.package.conflicts);
  }
  /** Patterns below the root. */
  get config(): readonly string[] {
    return this.#ask(() => this.package.config);
  }
  /** Path below the root → octal mode, four digits. */
  get modes(): ReadonlyMap<string, string> {
    return this.#ask(() => this.package.modes);
  }
  /** Path below the root → file capabilities, as setcap takes them. */
  get capabilities(): ReadonlyMap<string, string> {
    return this.#ask(() => this.package.capabilities);
  }
  get triggers(): readonly DeclaredTrigger[] {
    return this.#ask(() => this.package.triggers);
  }
  /** Service → whether it is switched on. */
  get services(): ReadonlyMap<string, boolean> {
    return this.#ask(() => this.package.services);
  }
  /** Other names by which configure steps look for it. */
  get foundAs(): readonly Probe[] {
    return this.#ask(() => this.package.foundAs);
  }
  /** What upstream requires and it does without → why. */
  get divergences(): ReadonlyMap<string, string> {
    return this.#ask(() => this.package.divergences);
  }
  /** What it is said to need, and the tree does not have. */
  get lacks(): readonly string[] {
    return this.#ask(() => this.package.lacks);
  }
  /** Why its source is not there yet. */
  get pending(): string | undefined {
    return this.#ask(() => this.package.pending);
  }
  /** Gate → why it need not pass it, and until when. */
  get waivers(): ReadonlyMap<string, Waiver> {
    return this.#ask(() => this.package.waivers);
  }
  /** Names of what the build sees. */
  get build(): readonly string[] {
    return this.#ask(() => this.package.recipe.build.map((each) => each.name));
  }
  get host(): readonly string[] {
    return this.#ask(() => this.package.recipe.host.map((each) => each.name));
  }
  /** What only other tools read, by name. */
  get meta(): Readonly<Record<string, PlainData>> {
    return this.#ask(() => this.package.meta);
  }
  /** One of the lists of dependencies, as far as it can be read: a name that the tree lacks is a fault beside those it has. */
  edges(kind: 'build' | 'host' | 'runtime'): { readonly names: readonly string[]; readonly faults: readonly Fault[] } {
    const faults: Fault[] = [];
    const names: string[] = [];
    const attempt = (run: () => void): void => {
      try {
        this.#ask(run);
      } catch (error) {
        if (error instanceof Fault) faults.push(error);
        else throw error;
      }
    };
    attempt(() => {
      for (const read of this.package.edges(kind)) attempt(() => names.push(read().name));
    });
    return { names, faults };
  }
  /** Where its sources come from; nothing is copied, fetched or built. */
  get origins(): readonly SourceOrigin[] {
    return this.#ask(() =>
      this.package.recipe.origins.map((origin): SourceOrigin => {
        if (origin.kind === 'local') return origin;
        const drvPath = [...origin.context]
          .find((entry) => entry.startsWith('!'))
          ?.split('!')
          .at(-1);
        return { kind: 'store', path: origin.path as StorePath, drvPath: drvPath as StorePath | undefined };
      }),
    );
  }
  /** `autotools`, …, `hostTools`. */
  get style(): string {
    return this.#ask(() => this.package.recipe.style.name);
  }
  /** What is said of upstream's tests, with the reason where they are left out or may fail. */
  get check(): CheckPolicy {
    return this.#ask(() => this.package.recipe.check);
  }
  /** Paths and patterns that must be in what is built. */
  get verifyPaths(): readonly string[] {
    return this.#ask(() => this.package.recipe.outputRules.verify ?? []);
  }
  /** `out`, or the name of the split. */
  get outputName(): string {
    return this.package.output;
  }
  /** Where it is declared. */
  get span(): Span | undefined {
    return this.package.span;
  }

  /** The derivation, written to the store where that is not read-only; `undefined` where nothing is built (host tools). */
  get drvPath(): StorePath | undefined {
    return this.#ask(() => storePath(this.package.recipe.instantiate().drvPath, this));
  }

  /** Known before the build only where nothing is built; of others the realisation of `drvPath` and `outputName` tells. */
  get outPath(): StorePath | undefined {
    const { drvPath, outPaths } = this.#ask(() => this.package.recipe.instantiate());
    return drvPath === undefined ? storePath(outPaths.get(this.package.output), this) : undefined;
  }

  #ask<T>(read: () => T): T {
    return this.package.recipe.realm.guard(read);
  }
}

function storePath(slot: Slot | undefined, info: PackageInfo): StorePath | undefined {
  if (slot === undefined) return undefined;
  const value = info.package.recipe.realm.evaluator.force(slot);
  return (value instanceof ContextString ? value.text : value) as StorePath;
}
