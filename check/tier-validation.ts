/** Gate 3: each package sits in the tier it belongs to, and builds with nothing of a later one. */
import { compareBytes, count } from '../base/index.ts';
import type { PackageFacts, TreeFacts } from './facts.ts';
import { naturalTiers } from './natural-tier.ts';
import type { Finding, Inspection } from './report.ts';

export function inspectTiers(tree: TreeFacts): Inspection {
  const findings: Finding[] = [];
  const isCurated = tree.tiers.some((tier) => tier.holds.length > 0);
  const natural = naturalTiers(tree);
  const before = new Map(tree.tiers.map((tier) => [tier.name, tier.before]));
  const packages = [...tree.packages.values()].sort((a, b) => compareBytes(a.name, b.name));
  const counts = { ok: 0, move: 0, unclear: 0, pending: 0 };
  for (const each of packages) {
    if (isCurated && each.tier !== undefined) placed(each);
    if (tree.tierProblem === undefined) crossing(each);
  }
  const crossed = new Set(findings.filter((each) => each.kind === 'CROSS-TIER-DEP').map((each) => each.package)).size;
  const notes = [
    `scanned ${count(packages.length, 'package')}; tier ordering: ${tree.tiers.map((tier) => tier.name).join(' → ')}`,
    ...(isCurated
      ? [`OK=${counts.ok} MOVE=${counts.move} UNCLEAR=${counts.unclear} CROSS-TIER-DEP=${crossed} PENDING=${counts.pending}`]
      : []),
  ];
  return {
    notes,
    findings,
    ...(isCurated ? {} : { notRun: 'no tier says what it holds: natural tiers are not known' }),
  };

  function placed(each: PackageFacts): void {
    const { tier, by, claims } = natural.get(each.name)!;
    if (each.pending !== undefined) counts.pending++;
    else if (tier === undefined) {
      counts.unclear++;
      const text =
        claims.length > 1
          ? `declares ${each.tier}: held by ${claims.join(' and by ')}`
          : `declares ${each.tier}: no natural tier could be determined${usersOf(each)}`;
      findings.push({ kind: 'UNCLEAR', package: each.name, text, place: each.place });
    } else if (tier !== each.tier) {
      counts.move++;
      const why = by === 'consumers' ? `the earliest tier that builds with it` : `held by ${tier}`;
      findings.push({ kind: `MOVE→${tier}`, package: each.name, text: `declares ${each.tier}: ${why}`, place: each.place });
    } else counts.ok++;
  }

  /** What is only needed to run has no consumer that could place it. */
  function usersOf({ name }: PackageFacts): string {
    const users = packages.filter((each) => each.runtime.includes(name)).length;
    return users === 0 ? '' : ` (needed to run by ${count(users, 'package')}, which places nothing)`;
  }

  /** By nature where that is known of both, else as both declare. */
  function crossing(each: PackageFacts): void {
    for (const kind of ['build', 'host'] as const) {
      for (const name of each[kind]) {
        const dependency = tree.packages.get(name);
        if (dependency === undefined) continue;
        const [byNature, itsNature] = [natural.get(each.name)?.tier, natural.get(name)?.tier];
        const isKnown = byNature !== undefined && itsNature !== undefined;
        const [own, its] = isKnown ? [byNature, itsNature] : [each.tier, dependency.tier];
        if (own === undefined || its === undefined || its === own || before.get(own)?.has(its) !== false) continue;
        findings.push({
          kind: 'CROSS-TIER-DEP',
          package: each.name,
          text: `${kind}-dep on ${name} (tier:${its}), which is not built before tier:${own}`,
          place: each.place,
        });
      }
    }
  }
}
