/** Gate 1: every tier can be reached and built, and so can every package of it. */
import { compareBytes, count } from '../base/index.ts';
import type { TreeFacts } from './facts.ts';
import type { Finding, Inspection } from './report.ts';

/** An orphan belongs to a tier whose order of builds is kept by hand, and is not in that order: it would be skipped in silence. */
export function inspectReachability(tree: TreeFacts): Inspection {
  const findings: Finding[] = [];
  const notes = [`scanned ${count(tree.packages.size, 'package')} across all tiers`];
  if (tree.tierProblem !== undefined) findings.push({ kind: 'UNREACHABLE-TIER', package: undefined, text: tree.tierProblem });
  const packages = [...tree.packages.values()].sort((a, b) => compareBytes(a.name, b.name));
  for (const tier of tree.tiers) {
    const own = packages.filter((each) => each.tier === tier.name);
    const orphans: string[] = [];
    let pending = 0;
    if (tier.sequence !== undefined) {
      const wired = new Set(tier.sequence);
      for (const each of own) {
        if (wired.has(each.name)) continue;
        if (each.pending !== undefined) pending++;
        else {
          orphans.push(each.name);
          const text = `declares tier ${tier.name} and is not in its sequence: nothing builds it`;
          findings.push({ kind: 'ORPHAN', package: each.name, text, place: each.place });
        }
      }
    }
    notes.push(
      tier.sequence === undefined
        ? `tier:${tier.name} ${count(own.length, 'package')}, built in the order of their dependencies`
        : `tier:${tier.name} ${count(own.length, 'package')}, ${own.length - orphans.length - pending} reachable in its sequence, ${orphans.length} unreachable, ${pending} pending acquisition`,
    );
  }
  return { notes, findings };
}
