/** What the packages of the model need and exclude, and which of them nobody needs: said anew, as simply as it can be. */
import { compareBytes } from '../../base/index.ts';
import { type ModelImage, modelImage } from './model-packages.ts';

export interface ModelPackage {
  readonly version: number;
  readonly supersededBy: readonly string[];
  readonly reason: 'explicit' | 'dependency';
  /** When it was installed. */
  readonly at: number;
  /** When it was superseded first; 0: it is not. */
  readonly supersededAt: number;
  /** The generation since which the record says this. */
  readonly from: number;
}

export type Packages = ReadonlyMap<string, ModelPackage>;

const isActive = ({ supersededBy }: ModelPackage): boolean => supersededBy.length === 0;

/**
 * Who took the place of a package, who took theirs, and so on: those that are superseded too, and those at the ends.
 * @param coming  what is to be installed, in the place of what it supersedes
 */
export function waysFrom(
  packages: Packages,
  name: string,
  coming: readonly ModelImage[] = [],
): { readonly passed: ReadonlySet<string>; readonly ends: ReadonlySet<string> } {
  const images = [...[...packages].map(([one, record]) => modelImage(one, record.version)), ...coming];
  const isEnd = (one: string): boolean =>
    coming.some((image) => image.name === one) ||
    (packages.get(one)?.supersededBy.length === 0 && !coming.some((image) => image.supersedes.includes(one)));
  const passed = new Set([name]);
  const ends = new Set<string>();
  for (const one of passed) {
    const declared = images.flatMap((image) => (image.supersedes.includes(one) ? [image.name] : []));
    for (const next of [...(packages.get(one)?.supersededBy ?? []), ...declared]) (isEnd(next) ? ends : passed).add(next);
  }
  ends.delete(name);
  return { passed, ends };
}

/** Active packages that stand for what a requirement asks. */
function providers(packages: Packages, requirement: string): string[] {
  const [wanted, relation, bound] = requirement.split(/(<|>=)/) as [string, string?, string?];
  const heirs = waysFrom(packages, wanted).ends;
  return [...packages].flatMap(([name, record]) => {
    const isRight =
      relation === undefined || (relation === '<' ? record.version < Number(bound) : record.version >= Number(bound));
    return isActive(record) && (name === wanted || heirs.has(name)) && isRight ? [name] : [];
  });
}

/** `package requirement` of all that is not met. */
export const unmet = (packages: Packages): string[] =>
  [...packages].flatMap(([name, record]) =>
    isActive(record)
      ? modelImage(name, record.version)
          .runtime.filter((text) => providers(packages, text).length === 0)
          .map((text) => `${name} ${text}`)
      : [],
  );

export function newlyUnmet(before: Packages, after: Packages): string[] {
  const old = unmet(before);
  return unmet(after).filter((one) => !old.includes(one));
}

export const isInConflict = (packages: Packages): boolean =>
  [...packages].some(
    ([name, record]) =>
      isActive(record) &&
      modelImage(name, record.version).conflicts.some((text) => providers(packages, text).some((other) => other !== name)),
  );

/** Those that somebody asked for or pinned stay, what they need, and who has taken their place; and what one of these superseded. */
export function orphans(packages: Packages, held: ReadonlySet<string>): string[] {
  const needed = new Set([...packages].flatMap(([name, { reason }]) => (reason === 'explicit' || held.has(name) ? [name] : [])));
  for (const name of needed) {
    const record = packages.get(name)!;
    for (const successor of record.supersededBy) if (packages.has(successor)) needed.add(successor);
    if (!isActive(record)) continue;
    for (const text of modelImage(name, record.version).runtime)
      for (const provider of providers(packages, text)) needed.add(provider);
  }
  const stays = new Set(needed);
  for (const name of stays)
    for (const [predecessor, { supersededBy }] of packages) if (supersededBy.includes(name)) stays.add(predecessor);
  return [...packages.keys()].filter((name) => !stays.has(name)).sort(compareBytes);
}
