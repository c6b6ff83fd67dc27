import { Fault } from '../../base/index.ts';
import { checkPackageName, checkVersion, printable } from '../names.ts';
import { compareVersions } from '../versions.ts';

/** `name`, or `name>=1.2`: a package, or what a package provides or supersedes, and which versions of it will do. */
export interface Requirement {
  readonly text: string;
  readonly name: string;
  readonly relation: '<' | '<=' | '=' | '>=' | '>' | undefined;
  /** '' without a relation. */
  readonly version: string;
}

const known = new Map<string, Requirement>();

/** @throws Fault E-PKM-001 neither a name nor a name with a version */
export function parseRequirement(text: string): Requirement {
  const before = known.get(text);
  if (before !== undefined) return before;
  const match = /^([^<>=\s]*)\s*(?:(<=|>=|=|<|>)\s*(\S+))?$/.exec(text);
  if (match === null) {
    throw new Fault('E-PKM-001', `'${printable(text)}' is neither a package name nor a name with a version`, {
      hints: ["write 'zlib', or 'zlib>=1.3' with one of < <= = >= >"],
    });
  }
  const name = checkPackageName(match[1]!);
  const relation = match[2] as Requirement['relation'];
  const version = relation === undefined ? '' : checkVersion(name, match[3]!);
  const parsed = { text: `${name}${relation ?? ''}${version}`, name, relation, version };
  known.set(text, parsed);
  return parsed;
}

/** Whether a version will do. One that is not known does only where any will: an unversioned `provides` meets no bound. */
export function accepts(requirement: Requirement, version: string | undefined): boolean {
  const { relation } = requirement;
  if (relation === undefined) return true;
  if (version === undefined) return false;
  const order = compareVersions(version, requirement.version);
  if (order === 0) return relation === '=' || relation === '<=' || relation === '>=';
  return order < 0 ? relation === '<' || relation === '<=' : relation === '>' || relation === '>=';
}

/** What says which names a package stands for. */
export interface Offering {
  readonly name: string;
  readonly version: string;
  /** `name`, or `name=version`. */
  readonly provides: readonly string[];
  readonly supersedes: readonly string[];
}

/** Name → version that a package provides it in. */
export function providedBy(item: Offering): Map<string, string | undefined> {
  const provided = new Map<string, string | undefined>();
  for (const text of item.provides) {
    const { name, relation, version } = parseRequirement(text);
    provided.set(name, relation === undefined ? undefined : version);
  }
  return provided;
}

/**
 * Name → version that a package stands for it in: its own, what it provides, and (at its own version) what it took the place of.
 * @param ancestors  the names of those; default: what it supersedes itself, which is all that is known of one that is not there
 */
export function offersOf(item: Offering, ancestors: Iterable<string> = item.supersedes): Map<string, string | undefined> {
  const offers = new Map<string, string | undefined>();
  for (const name of ancestors) offers.set(name, item.version);
  for (const [name, version] of providedBy(item)) if (version !== undefined || !offers.has(name)) offers.set(name, version);
  return offers.set(item.name, item.version);
}

/** Whether `about` says that it cannot be together with `other`. */
export function excludes(about: { readonly conflicts: readonly string[] }, other: Offering): boolean {
  const offers = offersOf(other);
  return about.conflicts.some((text) => {
    const requirement = parseRequirement(text);
    return offers.has(requirement.name) && accepts(requirement, offers.get(requirement.name));
  });
}
