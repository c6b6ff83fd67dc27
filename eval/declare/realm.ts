/** What all parts of one evaluated tree share. */
import type { Attrs } from '../attrs.ts';
import type { Evaluator } from '../evaluator.ts';
import type { DynamicScope, Scope, Scoping } from '../scope.ts';
import type { Slot } from '../value.ts';
import type { DeclarationsFile } from './load-tree.ts';
import type { Package } from './package.ts';
import type { Recipe } from './recipe.ts';
import type { Tier } from './tier.ts';

export interface Realm {
  readonly evaluator: Evaluator;
  readonly scoping: Scoping;
  /** Runs what commands ask for; faults that leave get their trace. */
  readonly guard: <T>(run: () => T) => T;
  /** The scope of a file's declarations: globals, library, tree, the file's own `let`. Made once per file. */
  scopeOf(file: DeclarationsFile): Scope;
  /** Names of styles, and of tiers: first in the fields that hold such. */
  readonly styleNames: DynamicScope;
  readonly tierNames: DynamicScope;

  /** By name, in tree order. */
  readonly packages: ReadonlyMap<string, Package>;
  readonly tiers: ReadonlyMap<string, Tier>;

  /** What a set is the value of; sets made from it with `//` are not. */
  readonly packageOf: WeakMap<Attrs, Package>;
  readonly tierOf: WeakMap<Attrs, Tier>;
  /** Recipes whose derivation is being made, outermost first: how cycles are seen. */
  readonly instantiating: Recipe[];
}

/** The supplies of names that make a scope, asked in order. */
export const namesOf = (
  lookup: (name: string) => Slot | undefined,
  names: () => Iterable<string>,
  hintsFor: (name: string) => readonly string[] = () => [],
): DynamicScope => ({ lookup, names, hintsFor });
