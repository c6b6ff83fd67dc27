/** What the gates know of a tree: plain data, so that they need no evaluator and tests need no files. */

/** A place in a file of the tree: `core/zlib.igos:12`. */
export type Place = string;

export interface TierFacts {
  readonly name: string;
  /** All that comes before it, not only what it names; empty where the order is circular. */
  readonly before: ReadonlySet<string>;
  /** Names and patterns of packages that belong here by what they are. */
  readonly holds: readonly string[];
  /** The order in which its packages are built, where people keep one. */
  readonly sequence: readonly string[] | undefined;
  /** Names and patterns of packages that need no audit record. */
  readonly unaudited: readonly string[];
}

/** A gate that a package need not pass until the end of a day (`2027-01-31`). */
export interface WaiverFacts {
  readonly reason: string;
  readonly approver: string;
  readonly expires: string;
}

export type ProbeKind = 'pkgconfig' | 'library' | 'header' | 'program' | 'cmake';

/** A name that a configure step looks for. */
export interface Probe {
  readonly kind: ProbeKind;
  readonly name: string;
}

export interface PackageFacts {
  readonly name: string;
  readonly version: string;
  /** Absent where it cannot be evaluated. */
  readonly tier: string | undefined;
  readonly build: readonly string[];
  readonly host: readonly string[];
  readonly runtime: readonly string[];
  readonly supersedes: readonly string[];
  /** `autotools`, …, `custom`, `hostTools`. */
  readonly style: string;
  /** What it is said to need, and the tree does not have. */
  readonly lacks: readonly string[];
  /** Why its source is not there yet. */
  readonly pending: string | undefined;
  readonly foundAs: readonly Probe[];
  /** What upstream requires and it does without → why. */
  readonly divergences: ReadonlyMap<string, string>;
  readonly waivers: ReadonlyMap<string, WaiverFacts>;
  readonly place: Place | undefined;
}

/** What could not be evaluated. `missing`: a dependency that the tree does not have. */
export interface Problem {
  readonly kind: 'missing' | 'unreadable';
  readonly package: string;
  readonly field: string;
  readonly message: string;
  readonly place: Place | undefined;
}

export interface TreeFacts {
  readonly name: string;
  /** In their order. */
  readonly tiers: readonly TierFacts[];
  /** Why the tiers have no order. */
  readonly tierProblem: string | undefined;
  readonly packages: ReadonlyMap<string, PackageFacts>;
  /** Split → the package that it is a part of. */
  readonly owners: ReadonlyMap<string, string>;
  readonly problems: readonly Problem[];
}

/** Whether a name is one of these, or fits a pattern of these. */
export function isAmong(name: string, globs: readonly string[]): boolean {
  return globs.some((glob) => (glob.includes('*') ? matches(glob, name) : glob === name));
}

/** `*` stands for any characters. Cost: linear in the name for each star, without backtracking into earlier stars. */
export function matches(pattern: string, name: string): boolean {
  const parts = pattern.split('*');
  const first = parts.shift()!;
  const last = parts.pop();
  if (last === undefined) return name === first;
  if (name.length < first.length + last.length || !name.startsWith(first) || !name.endsWith(last)) return false;
  let at = first.length;
  for (const part of parts) {
    at = name.indexOf(part, at);
    if (at === -1) return false;
    at += part.length;
  }
  return at <= name.length - last.length;
}
