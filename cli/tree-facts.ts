/** A tree as the gates see it: every field that they ask for, evaluated once; what cannot be evaluated is a problem, not the end. */
import { Fault, Faults } from '../base/index.ts';
import type { PackageFacts, Problem, TierFacts, TreeFacts } from '../check/index.ts';
import type { PackageInfo, Tier, Tree } from '../eval/index.ts';
import { NeedsWriting } from './session.ts';

/** Codes of faults that mean a dependency which the tree does not have. */
const MISSING = new Set(['E-EVAL-002', 'E-DECL-006']);

/** Cost: the metadata of all packages; no derivation is made. */
export function treeFacts(tree: Tree): TreeFacts {
  const problems: Problem[] = [];
  const packages = new Map<string, PackageFacts>();
  const owners = new Map<string, string>();
  const infos = [...tree.packages.values()];
  for (const info of infos) if (info.outputName !== 'out') owners.set(info.name, info.package.recipe.name);
  for (const info of infos) {
    if (info.outputName === 'out') packages.set(info.name, packageFacts(info, owners, problems));
    else askingFor(info, problems).rest();
  }
  for (const system of tree.systems.values()) {
    const note = noting(`system ${system.name}`, placeOf(system), problems);
    for (const field of OF_A_SYSTEM) attempt(note, field, undefined, () => unlessItBuilds(() => system[field]));
  }
  return { name: tree.name, ...tierFacts(tree), packages, owners, problems };
}

function packageFacts(info: PackageInfo, owners: ReadonlyMap<string, string>, problems: Problem[]): PackageFacts {
  const { note, ask, rest } = askingFor(info, problems);
  const edges = (kind: 'build' | 'host' | 'runtime'): readonly string[] => {
    const { names, faults } = info.edges(kind);
    for (const fault of faults) note(kind, fault);
    return [...new Set(names.map((name) => owners.get(name) ?? name))];
  };
  rest();
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
    place: placeOf(info),
  };
}

type Note = (field: string, fault: Fault) => void;

/** What no gate asks for, and an installation will: wrong values are found now. */
const REST = [
  ...(['release', 'summary', 'license', 'homepage', 'provides', 'conflicts', 'config', 'modes', 'capabilities'] as const),
  ...(['triggers', 'services', 'meta', 'check', 'verifyPaths'] as const),
];

const OF_A_SYSTEM = ['summary', 'packages', 'etc', 'services', 'boot'] as const;

/** What only a build could tell is not worth one. */
function unlessItBuilds(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof NeedsWriting)) throw error;
  }
}

function askingFor(info: PackageInfo, problems: Problem[]) {
  const note = noting(info.name, placeOf(info), problems);
  const ask = <T>(field: string, orElse: T, read: () => T): T => attempt(note, field, orElse, read);
  const rest = (): void => {
    for (const field of REST) ask<unknown>(field, undefined, () => unlessItBuilds(() => info[field]));
  };
  return { note, ask, rest };
}

/** A fault of a field that splits take from their package is one problem. */
const noting =
  (name: string, place: string | undefined, problems: Problem[]): Note =>
  (field, fault) => {
    const at = fault.labels[0];
    const problem: Problem = {
      kind: MISSING.has(fault.code) && ['build', 'host', 'runtime'].includes(field) ? 'missing' : 'unreadable',
      package: name,
      field,
      message: [fault.message, ...fault.hints.slice(0, 1)].join('; '),
      place: at === undefined ? place : `${at.source.name}:${at.source.position(at.start).line}`,
    };
    const isSame = (other: Problem): boolean => other.message === problem.message && other.place === problem.place;
    if (!REST.some((each) => each === field) || !problems.some(isSame)) problems.push(problem);
  };

function attempt<T>(note: Note, field: string, orElse: T, read: () => T): T {
  try {
    return read();
  } catch (error) {
    for (const fault of faultsOf(error)) note(field, fault);
    return orElse;
  }
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

function placeOf({ span }: Pick<PackageInfo, 'span'>): string | undefined {
  return span === undefined ? undefined : `${span.source.name}:${span.source.position(span.start).line}`;
}
