/** What an installation or upgrade came to, in a line for the list of generations: what changed, not all that was looked at. */
import type { PackageChange } from './types.ts';

const MAX_NAMES = 5;
/** In the order in which they are told. */
const VERBS = ['install', 'upgrade', 'downgrade', 'renew', 'change', 'supersede', 'remove', 'mark'] as const;

/** `install b 1.0; upgrade a 1.0 -> 2.0`; empty where no package changes. */
export function summaryOf(changes: readonly PackageChange[]): string {
  const parts: string[] = [];
  let nShown = 0;
  for (const verb of VERBS) {
    const those = changes.filter(({ action }) => action === verb);
    const shown = those.slice(0, MAX_NAMES - nShown).map(({ name, from, to }) => {
      const isBetween = from !== undefined && to !== undefined && from !== to;
      return `${name} ${isBetween ? `${from} -> ${to}` : (to ?? from ?? '')}`.trimEnd();
    });
    if (shown.length > 0) parts.push(`${verb} ${shown.join(', ')}`);
    nShown += shown.length;
  }
  return changes.length > nShown ? `${parts.join('; ')} and ${changes.length - nShown} more` : parts.join('; ');
}
