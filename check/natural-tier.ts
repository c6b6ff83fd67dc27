/**
 * The tier that a package belongs to by what it is and who builds with it: lists that people keep, first names, then patterns;
 * for the rest the earliest tier of those that build with it or link against it.
 */
import { isAmong, type TreeFacts } from './facts.ts';

export interface NaturalTier {
  /** `undefined`: nobody says, or two tiers do. */
  readonly tier: string | undefined;
  readonly by: 'name' | 'pattern' | 'consumers' | 'nobody';
  /** Tiers that name it, where they are several. */
  readonly claims: readonly string[];
}

/** Cost: linear in packages and edges, times the tiers; each package against each pattern once. */
export function naturalTiers(tree: TreeFacts): Map<string, NaturalTier> {
  const natural = new Map<string, NaturalTier>();
  const byName = new Map<string, string[]>();
  for (const tier of tree.tiers)
    for (const held of new Set(tier.holds)) if (!held.includes('*')) byName.set(held, [...(byName.get(held) ?? []), tier.name]);
  const patterns = tree.tiers.map((tier) => ({ name: tier.name, globs: tier.holds.filter((held) => held.includes('*')) }));
  for (const name of tree.packages.keys()) {
    const claims = byName.get(name) ?? [];
    if (claims.length > 0) {
      natural.set(name, { tier: claims.length === 1 ? claims[0] : undefined, by: 'name', claims });
      continue;
    }
    const fits = patterns.find(({ globs }) => isAmong(name, globs));
    if (fits !== undefined) natural.set(name, { tier: fits.name, by: 'pattern', claims: [fits.name] });
  }
  inferFromConsumers(tree, natural);
  return natural;
}

/** Tier by tier, earliest first: what a package of it builds with belongs there, unless it is placed already. So the order of packages does not matter. */
function inferFromConsumers(tree: TreeFacts, natural: Map<string, NaturalTier>): void {
  for (const { name: tier } of tree.tiers) {
    const open = [...natural].filter(([, found]) => found.tier === tier).map(([name]) => name);
    for (let name = open.pop(); name !== undefined; name = open.pop()) {
      const { build, host } = tree.packages.get(name)!;
      for (const dependency of [...build, ...host]) {
        if (natural.has(dependency) || !tree.packages.has(dependency)) continue;
        natural.set(dependency, { tier, by: 'consumers', claims: [] });
        open.push(dependency);
      }
    }
  }
  for (const name of tree.packages.keys())
    if (!natural.has(name)) natural.set(name, { tier: undefined, by: 'nobody', claims: [] });
}
