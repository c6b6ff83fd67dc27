/** Which packages come along with others: to run, and into a build. Iterative throughout: a chain of ten thousand packages is no deeper than one. */
import { compareBytes, dependencyOrder } from '../../base/index.ts';
import type { Package } from './package.ts';
import type { Recipe } from './recipe.ts';
import type { Tier } from './tier.ts';

/** What comes along with a package. */
export type Needs = (each: Package) => readonly Package[];

const toRun: Needs = (each) => each.runtime;

/** In a tier that accumulates, what a package was built with comes along as well. */
export const needsInBuilds = (tier: Tier): Needs =>
  tier.accumulates
    ? (each) => (each.recipe.main.tier.accumulates ? [...each.runtime, ...each.recipe.build, ...each.recipe.host] : each.runtime)
    : toRun;

/** A package in the root of a build. What is on a higher level wins where two have the same file. */
export interface RootLayer {
  readonly package: Package;
  readonly level: number;
}

/**
 * What a build has as its root, in the order in which it lies there: what the tier builds on at the bottom, and then what the package
 * names with all that comes along; where the tier accumulates, that of earlier tiers under that of later ones.
 */
export function rootLayers(recipe: Recipe): RootLayer[] {
  const { tier } = recipe.main;
  const inputs = dependencyOrder([...recipe.build, ...recipe.host], needsInBuilds(tier));
  const named = new Set(inputs);
  const below = tier.buildsOn.length === 0 ? [] : runtimeClosure(tier.buildsOn).filter((each) => !named.has(each));
  const levels = tier.accumulates
    ? [...Map.groupBy(inputs, (each) => each.tier.depth)].sort(([a], [b]) => a - b).map(([, packages]) => packages)
    : [inputs];
  return [below, ...levels]
    .filter((packages) => packages.length > 0)
    .flatMap((packages, level) => layerOrder(packages).map((each) => ({ package: each, level })));
}

/**
 * The packages and all they need to run, each behind what it needs (where packages need each other, in the order they were met).
 * Cost: linear in packages and their `runtime` entries.
 */
export const runtimeClosure = (roots: Iterable<Package>): Package[] => dependencyOrder(roots, toRun);

/**
 * The order in which layers lie in a root: by name, but what is superseded under what supersedes it. By name and not by place in
 * the tree, so that moving a declaration to another file rebuilds nothing.
 */
export function layerOrder(packages: readonly Package[]): Package[] {
  const sorted = [...packages].sort((a, b) => compareBytes(a.name, b.name) || compareBytes(a.output, b.output));
  const byName = Map.groupBy(sorted, (each) => each.name);
  const before = (each: Package): Package[] => each.supersedes.flatMap((name) => byName.get(name) ?? []);
  return dependencyOrder(sorted, before, ([first]) => first!.checkSupersedes());
}

/** A way from some of the `roots` over what comes along to a package that `isGoal`, both ends included. */
export function pathTo(roots: readonly Package[], isGoal: (each: Package) => boolean, needs: Needs): Package[] {
  const from = new Map<Package, Package | undefined>(roots.map((root) => [root, undefined]));
  for (const each of from.keys()) {
    if (isGoal(each)) {
      const path = [each];
      for (let at = from.get(each); at !== undefined; at = from.get(at)) path.unshift(at);
      return path;
    }
    for (const next of needs(each)) if (!from.has(next)) from.set(next, each);
  }
  return [];
}
