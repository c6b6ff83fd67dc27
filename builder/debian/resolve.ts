/**
 * Which Debian packages a seed is made of: those that are wanted, and whatever they depend on. One version of each name. The same
 * lists give the same answer, and what is locked already stays as long as it is offered and fits.
 */
import { compareBytes, didYouMean } from '../../base/index.ts';
import { buildFault } from '../build-fault.ts';
import type { IndexedPackage, PackageIndex } from './package-index.ts';
import { type Alternative, satisfies, showAlternative } from './relations.ts';

/** One part of a seed: some packages, and what they depend on. */
export interface SeedPart {
  readonly packages: readonly string[];
  /** What does not come along, nor what only it needs: what only maintainer scripts would call. */
  readonly without: readonly string[];
}

export interface SeedRequest {
  /** They share one lock, and one version of each package. */
  readonly parts: readonly SeedPart[];
  /** Name → version and hash that are locked now. */
  readonly locked: ReadonlyMap<string, { readonly version: string; readonly sha256: string }>;
}

/** A package of the seed: where it is, what it is, and which others of the seed it needs. */
export interface SeedPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  readonly file: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly needs: readonly string[];
}

/**
 * Sorted by name. Cost: linear in the packages chosen, after the index.
 *
 * @throws Fault E-BUILD-050 a wanted package is not offered · E-BUILD-051 a dependency is not · E-BUILD-052 a bad entry
 */
export function resolveSeed(index: PackageIndex, request: SeedRequest): SeedPackage[] {
  const pinned = new Map(request.locked);
  for (;;) {
    const found = attempt(index, { ...request, locked: pinned });
    if (Array.isArray(found)) return prune(found, request.parts);
    // What was locked no longer fits to something newer: it goes along.
    pinned.delete(found.unpin);
  }
}

function attempt(index: PackageIndex, request: SeedRequest): SeedPackage[] | { unpin: string } {
  const { locked, parts } = request;
  const isLeftOut = (name: string): boolean => parts.every(({ without }) => without.includes(name));
  const wanted = new Set(parts.flatMap(({ packages }) => packages).sort(compareBytes));
  const chosen = new Map<string, IndexedPackage>();
  const needs = new Map<string, Set<string>>();
  const waiting: IndexedPackage[] = [];

  const choose = (name: string, relation: Alternative['relation']): IndexedPackage | undefined => {
    const known = chosen.get(name);
    if (known !== undefined) return satisfies(known.version, relation) ? known : undefined;
    const fitting = index.versions(name).filter(({ version }) => satisfies(version, relation));
    const pin = locked.get(name);
    const found = fitting.find(({ version, sha256 }) => version === pin?.version && sha256 === pin.sha256) ?? fitting[0];
    if (found === undefined) return undefined;
    chosen.set(name, found);
    waiting.push(found);
    return found;
  };

  for (const name of wanted) if (choose(name, undefined) === undefined) throw notOffered(index, name);
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const own = new Set<string>();
    needs.set(next.name, own);
    for (const group of next.depends) {
      if (group.some(({ name }) => isLeftOut(name))) continue;
      const candidates = group.flatMap((each) => candidatesFor(index, each, wanted));
      const taken =
        candidates.find(({ name, relation }) => chosen.has(name) && satisfies(chosen.get(name)!.version, relation)) ??
        candidates.find(({ name, relation }) => choose(name, relation) !== undefined);
      if (taken !== undefined) {
        if (taken.name !== next.name) own.add(taken.name);
        continue;
      }
      const stale = [...candidates.map(({ name }) => name), next.name].find((name) => locked.has(name) && chosen.has(name));
      if (stale !== undefined) return { unpin: stale };
      throw notSatisfied(next, group, chosen);
    }
  }
  return [...chosen.values()]
    .sort((a, b) => compareBytes(a.name, b.name))
    .map(({ depends: _, ...each }) => ({ ...each, needs: [...needs.get(each.name)!].sort(compareBytes) }));
}

/** Without what no part reaches: what one of them leaves out may have been all that needed it. */
function prune(found: readonly SeedPackage[], parts: readonly SeedPart[]): SeedPackage[] {
  const byName = new Map(found.map((each) => [each.name, each]));
  const reached = new Set<string>();
  for (const { packages, without } of parts) {
    const own = new Set<string>();
    const waiting = [...packages];
    for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
      if (own.has(name) || without.includes(name)) continue;
      own.add(name);
      reached.add(name);
      waiting.push(...byName.get(name)!.needs);
    }
  }
  return found.filter(({ name }) => reached.has(name));
}

/** The package itself, then those that provide it (a version that is asked for is asked of the package itself). Wanted ones first. */
function candidatesFor(index: PackageIndex, { name, relation }: Alternative, wanted: ReadonlySet<string>): Alternative[] {
  const providers = relation === undefined ? index.providers(name) : [];
  return [
    { name, relation },
    ...providers.filter((each) => wanted.has(each)).map((each) => ({ name: each, relation: undefined })),
    ...providers.filter((each) => !wanted.has(each)).map((each) => ({ name: each, relation: undefined })),
  ];
}

function notOffered(index: PackageIndex, name: string) {
  const providers = index.providers(name);
  return buildFault('E-BUILD-050', `no list of packages offers '${name}'`, {
    hints:
      providers.length > 0
        ? [`it is provided by others, name one of them: ${providers.slice(0, 8).join(', ')}`]
        : [...didYouMean(name, index.names()), 'refresh the lists (apt-get update), or name a mirror: --mirror "URL SUITE main"'],
  });
}

function notSatisfied(by: IndexedPackage, group: readonly Alternative[], chosen: ReadonlyMap<string, IndexedPackage>) {
  const text = group.map(showAlternative).join(' | ');
  const notes = group.flatMap(({ name }) => {
    const other = chosen.get(name);
    return other === undefined ? [] : [`'${name}' is ${other.version} here`];
  });
  return buildFault('E-BUILD-051', `'${by.name}' ${by.version} depends on '${text}', which no list offers`, {
    notes,
    hints: [
      'refresh the lists (apt-get update): they may be of different ages',
      `if only its maintainer scripts call it, leave it out: without = [ "${group[0]!.name}" ];`,
    ],
  });
}
