/** The phases of a whole build in their fixed order, and where the tiers of a tree have their place among them. */
import type { ImagePhase } from './images.ts';

/**
 * `tier`: its packages are built. `image`, `squashfs`, `uki`, `iso`: files that machines start from, where they are asked for. `other`: a step of
 * builds in one root that is changed from package to package; builds of igos make a root each.
 */
export type PhaseKind =
  | 'validate'
  | 'verify-sources'
  | 'setup'
  | 'tier'
  | 'config'
  | 'manifest'
  | 'publish'
  | ImagePhase
  | 'other';

export interface Phase {
  readonly name: string;
  readonly kind: PhaseKind;
  /** Of a tier it is empty. */
  readonly about: string;
}

/** @source docs/phases.md */
const ORDER: readonly Phase[] = [
  { name: 'validate', kind: 'validate', about: 'the declarations are checked, and pass the gates' },
  { name: 'verify-sources', kind: 'verify-sources', about: 'every source is here and has its hash' },
  { name: 'setup', kind: 'setup', about: 'the store is there and builds can be sandboxed' },
  { name: 'toolchain', kind: 'tier', about: '' },
  { name: 'chroot-prep', kind: 'other', about: 'every build composes a root of its own' },
  { name: 'chroot-tools', kind: 'tier', about: '' },
  { name: 'core', kind: 'tier', about: '' },
  { name: 'config', kind: 'config', about: 'the files under /etc that systems declare' },
  { name: 'core-extra', kind: 'tier', about: '' },
  { name: 'base', kind: 'tier', about: '' },
  { name: 'kernel', kind: 'tier', about: '' },
  { name: 'desktop', kind: 'tier', about: '' },
  { name: 'ai', kind: 'tier', about: '' },
  { name: 'extra', kind: 'tier', about: '' },
  { name: 'bootloader', kind: 'tier', about: '' },
  { name: 'image', kind: 'image', about: 'each system, as pkm installs it: with --images DIR' },
  { name: 'manifest', kind: 'manifest', about: 'every output with its hash' },
  { name: 'squashfs', kind: 'squashfs', about: 'its root file system: with --images DIR' },
  { name: 'ukis-verity', kind: 'uki', about: 'its hash tree, and the kernel image that names it: with --images DIR' },
  { name: 'iso', kind: 'iso', about: 'the medium that starts it: with --images DIR' },
  { name: 'publish', kind: 'publish', about: 'archives and a signed index, for others: with --publish DIR' },
];

/**
 * The phases for a tree with these tiers. A tier that has the name of a phase is that phase; another stands behind the one before it
 * in the tree, the first behind `setup`.
 *
 * @param tiers  in the tree's order
 */
export function phasesOf(tiers: readonly string[]): Phase[] {
  const phases = [...ORDER];
  let at = phases.findIndex((phase) => phase.name === 'setup');
  for (const tier of tiers) {
    const place = phases.findIndex((phase) => phase.name === tier);
    if (place !== -1) at = Math.max(at, place);
    else {
      at++;
      phases.splice(at, 0, { name: tier, kind: 'tier', about: '' });
    }
  }
  // A tier that is called like another phase is that phase: what it builds comes first.
  return phases.map((phase) => (tiers.includes(phase.name) ? { ...phase, kind: 'tier' } : phase));
}

export interface Selection {
  readonly from?: string | undefined;
  readonly until?: string | undefined;
  readonly skip: readonly string[];
}

/** The phases between `from` and `until`, both included, without those to skip. All names are of phases. */
export function selectPhases(phases: readonly Phase[], { from, until, skip }: Selection): ReadonlySet<string> {
  const place = (name: string): number => phases.findIndex((phase) => phase.name === name);
  const first = from === undefined ? 0 : place(from);
  const last = until === undefined ? phases.length - 1 : place(until);
  return new Set(
    phases
      .slice(first, last + 1)
      .map((phase) => phase.name)
      .filter((name) => !skip.includes(name)),
  );
}
