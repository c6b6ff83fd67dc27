/** What happens to a configuration file. One pure function: the tables of docs/pkm.md are this code. */

/** Contents as fingerprints: SHA-256 of a file, `link:<target>` of a symlink, `other` for anything else; `undefined`: nothing there. */
export interface ConfigFacts {
  /** On the disk now. */
  readonly live: string | undefined;
  /** What the live file descends from. */
  readonly original: string | undefined;
  /** What the package offered last; `undefined` where no package did. */
  readonly upstream: string | undefined;
  /** What the package offers now; `undefined` where it offers nothing any more. */
  readonly next: string | undefined;
  /** The file belongs to an installed package now (not left over from one). */
  readonly isOwned: boolean;
}

export type ConfigDecision =
  /** Nothing to write: the bytes are there, or the user's stay, or nothing is there to remove. */
  | 'equal'
  | 'keep'
  | 'stays-deleted'
  | 'gone'
  /** Write the next version: over the live one, where nothing is, or beside it. */
  | 'place'
  | 'merge'
  | 'beside-deleted'
  /** Remove it; leave it without an owner; move it aside. */
  | 'remove'
  | 'leave'
  | 'save';

/** The package offers a version: install, upgrade, supersede, rollback. */
export function decideOffered(facts: ConfigFacts & { next: string }): ConfigDecision {
  const { live, original, upstream, next, isOwned } = facts;
  // The version that the user changed, or deleted: what they think of it is known.
  const isKnown = next === upstream || next === original;
  if (live === undefined) {
    if (!isOwned) return 'place';
    return isKnown ? 'stays-deleted' : 'beside-deleted';
  }
  if (live === next) return 'equal';
  if (live === upstream || live === original) return 'place';
  return isKnown ? 'keep' : 'merge';
}

/** The package goes, or the new version has no such file. */
export function decideWithdrawn(facts: ConfigFacts, rule: 'remove' | 'remove-by-force' | 'replace'): ConfigDecision {
  const { live, original, upstream } = facts;
  if (live === undefined) return 'gone';
  if (rule === 'remove') return 'leave';
  if (live === upstream || live === original) return 'remove';
  return rule === 'replace' ? 'leave' : 'save';
}
