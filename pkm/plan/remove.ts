import { didYouMean, Fault } from '../../base/index.ts';
import { newlyUnmet, type Unmet } from './dependencies.ts';
import type { Draft } from './draft.ts';

/**
 * Takes packages, and with `cascade` all that need them, out of the draft.
 * @param options.isLate  plain files are looked at when they are removed
 * @returns the names taken out, in the order of removal: dependants before what they need
 * @throws Fault E-PKM-015 · E-PKM-014 something that stays needs one of them
 */
export function removePackages(
  draft: Draft,
  names: readonly string[],
  options: { cascade?: boolean; isLate?: boolean },
): string[] {
  const before = draft.records();
  const known = before.map((record) => record.name);
  for (const name of names) {
    if (!known.includes(name)) throw notInstalled(name, known);
  }
  const gone = [...new Set(names)];
  for (;;) {
    const broken = newlyUnmet(
      before,
      before.filter((record) => !gone.includes(record.name)),
    );
    if (broken.length === 0) break;
    if (options.cascade !== true) throw dependants(names, broken);
    gone.push(...new Set(broken.map((unmet) => unmet.package)));
  }
  draft.dropPackages(gone, options.isLate === true);
  return gone.reverse();
}

export const notInstalled = (name: string, known: readonly string[]): Fault =>
  new Fault('E-PKM-015', `package '${name}' is not installed`, {
    hints: [...didYouMean(name, known), "see what is with 'pkm list'"],
  });

function dependants(names: readonly string[], broken: readonly Unmet[]): Fault {
  const shown = broken.slice(0, 20).map((unmet) => `'${unmet.package}' needs '${unmet.needs}'`);
  if (broken.length > 20) shown.push(`and ${broken.length - 20} more`);
  const what = names.length === 1 ? `'${names[0]}'` : `${names.length} packages`;
  return new Fault('E-PKM-014', `cannot remove ${what}: other packages need it`, {
    notes: shown,
    hints: ['remove these too with --cascade', 'or keep it'],
  });
}
