/** A tree as the gates see it: every field that they ask for, evaluated once; what cannot be evaluated is a problem, not the end. */
import { Fault, Faults } from '../base/index.ts';
import type { PackageFacts, Problem, TierFacts, TreeFacts } from '../check/index.ts';
import type { PackageInfo, Tier, Tree } from '../eval/index.ts';

/** Codes of faults that mean a dependency which the tree does not have. */
const MISSING = new Set(['E-EVAL-002', 'E-DECL-006']);

/** Cost: the metadata of all packages; no derivation is made. */
export function treeFacts(tree: Tree): TreeFacts {
  const problems: Problem[] = [];
  const packages = new Map<string, PackageFacts>();
  const owners = new Map<string, string>();
  const infos = [...tree.packages.values()];
  for (const info of infos) if (info.outputName !== 'out') owners.set(info.name, info.package.recipe.name);
  for (const info of infos) if (info.outputName === 'out') packages.set(info.name, packageFacts(info, owners, problems));
  return { name: tree.name, ...tierFacts(tree), packages, owners, problems };
}

function packageFacts(info: PackageInfo, owners: ReadonlyMap<string, string>, problems: Problem[]): PackageFacts {
  const place = placeOf(info);
  const note = (field: string, fault: Fault): void => {
    const at = fault.labels[0];
    problems.push({
      kind: MISSING.has(fault.code) && ['build', 'host', 'runtime'].includes(field) ? 'missing' : 'unreadable',
      package: info.name,
      field,
      message: [fault.message, ...fault.hints.slice(0, 1)].join('; '),
      place: at === undefined ? place : `${at.source.name}:${at.source.position(at.start).line}`,
    });
  };
  const ask = <T>(field: string, orElse: T, read: () => T): T => {
    try {
      return read();
    } catch (error) {
      for (const fault of faultsOf(error)) note(field, fault);
      return orElse;
    }
  };
  const edges = (kind: 'build' | 'host' | 'runtime'): readonly string[] => {
    const { names, faults } = info.edges(kind);
    for (const fault of faults) note(kind, fault);
    return [...new Set(names.map((name) => owners.get(name) ?? name))];
  };
  return {
    name: info.name,
    version: ask('version', '', () => info.version),
    tier: ask('tier', undefined, () => info.tier),
    build: edges('build'),
    host: edges('host'),
    runtime: edges('runtime'),
    supersedes: ask('supersedes', [], () => info.supersedes),
    style: ask('style', 'custom', () => info.style),
    lacks: ask('lacks', [], () => info.lacks),
    pending: ask('pending', undefined, () => info.pending),
    foundAs: ask('foundAs', [], () => info.foundAs),
    divergences: ask<ReadonlyMap<string, string>>('divergences', new Map(), () => info.divergences),
    waivers: ask<PackageFacts['waivers']>('waivers', new Map(), () => info.waivers),
    place,
  };
}

function tierFacts(tree: Tree): Pick<TreeFacts, 'tiers' | 'tierProblem'> {
  let tiers: Tier[];
  let tierProblem: string | undefined;
  try {
    tiers = [...tree.tiers.values()];
  } catch (error) {
    tierProblem = faultsOf(error)
      .map((fault) => fault.message)
      .join('; ');
    tiers = tiersInUse(tree);
  }
  const before = new Map<string, ReadonlySet<string>>();
  const facts = tiers.map((tier): TierFacts => {
    const all = new Set<string>();
    if (tierProblem === undefined) {
      // those in `after` stand before it in the order, so theirs are known
      for (const each of tier.after) for (const name of [each.name, ...(before.get(each.name) ?? [])]) all.add(name);
      before.set(tier.name, all);
    }
    return { name: tier.name, before: all, holds: tier.holds, sequence: tier.sequence, unaudited: tier.unaudited };
  });
  return { tiers: facts, tierProblem };
}

/** Where the tiers have no order, those that packages name still have what they hold. */
function tiersInUse(tree: Tree): Tier[] {
  const found = new Map<string, Tier>();
  for (const info of tree.packages.values()) {
    try {
      const { tier } = info.package;
      found.set(tier.name, tier);
    } catch (error) {
      // told with the package
      faultsOf(error);
    }
  }
  return [...found.values()];
}

/** @throws what is no fault of the user's */
function faultsOf(error: unknown): readonly Fault[] {
  if (error instanceof Fault) return [error];
  if (error instanceof Faults) return error.faults;
  throw error;
}

function placeOf({ span }: PackageInfo): string | undefined {
  return span === undefined ? undefined : `${span.source.name}:${span.source.position(span.start).line}`;
}
