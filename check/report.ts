/** What gates say: findings, the lines that people read, and whether it stands. */
import { compareBytes } from '../base/index.ts';
import type { PackageFacts, Place, TreeFacts } from './facts.ts';

export type GateName =
  | 'tier-reachability'
  | 'audit-coverage'
  | 'tier-validation'
  | 'build-order'
  | 'silent-loss'
  | 'undeclared-deps';

/** A finding of any gate: a field that it asks for cannot be evaluated. */
export const UNREADABLE = 'UNREADABLE';

/** One thing that is wrong. */
export interface Finding {
  /** `missing`, `MOVE`, `CROSS-TIER-DEP`, `DEP-NOT-FOUND`, …: the gate's words. */
  readonly kind: string;
  readonly package: string | undefined;
  readonly text: string;
  readonly place?: Place | undefined;
  /** Told, and no reason to stop. */
  readonly isAdvice?: true;
}

/** A finding that a waiver covers. */
export interface Waived extends Finding {
  readonly reason: string;
  readonly approver: string;
  readonly expires: string;
}

/** What a gate found, before waivers are looked at. */
export interface Inspection {
  /** Why there was nothing to look at; then it has not passed. */
  readonly notRun?: string;
  /** What it looked at, and what of that it could not: `gcc: no source in the store`. */
  readonly notes: readonly string[];
  readonly findings: readonly Finding[];
}

export interface GateResult {
  readonly gate: GateName;
  readonly number: number;
  readonly title: string;
  readonly status: 'passed' | 'failed' | 'not run';
  readonly notRun: string | undefined;
  readonly notes: readonly string[];
  /** Those that count. */
  readonly findings: readonly Finding[];
  readonly advice: readonly Finding[];
  readonly waived: readonly Waived[];
}

/**
 * Takes out what waivers cover. A waiver that has run out covers nothing and is a finding itself; one that covers nothing is advice.
 *
 * @param today  `2026-11-21`
 */
export function settle(
  { gate, number, title }: Pick<GateResult, 'gate' | 'number' | 'title'>,
  inspection: Inspection,
  tree: TreeFacts,
  today: string,
): GateResult {
  const findings: Finding[] = [];
  const advice: Finding[] = [];
  const waived: Waived[] = [];
  const covered = new Set<string>();
  for (const finding of inspection.findings) {
    if (finding.isAdvice) {
      advice.push(finding);
      continue;
    }
    const waiver = finding.package === undefined ? undefined : tree.packages.get(finding.package)?.waivers.get(gate);
    if (waiver === undefined || waiver.expires < today) findings.push(finding);
    else {
      covered.add(finding.package!);
      waived.push({ ...finding, reason: waiver.reason, approver: waiver.approver, expires: waiver.expires });
    }
  }
  for (const each of waiving(tree, gate)) {
    const { reason, approver, expires } = each.waivers.get(gate)!;
    if (expires < today) {
      const text = `its override ran out on ${expires} (${approver}: ${reason})`;
      findings.push({ kind: 'EXPIRED-OVERRIDE', package: each.name, text, place: each.place });
    } else if (!covered.has(each.name) && inspection.notRun === undefined) {
      const text = `its override until ${expires} covers nothing: take it out`;
      advice.push({ kind: 'UNUSED-OVERRIDE', package: each.name, text, place: each.place, isAdvice: true });
    }
  }
  const status = findings.length > 0 ? 'failed' : inspection.notRun === undefined ? 'passed' : 'not run';
  return { gate, number, title, status, notRun: inspection.notRun, notes: inspection.notes, findings, advice, waived };
}

const waiving = (tree: TreeFacts, gate: GateName): PackageFacts[] =>
  [...tree.packages.values()].filter((each) => each.waivers.has(gate)).sort((a, b) => compareBytes(a.name, b.name));

/** How often each kind occurs. */
export function tally(findings: readonly Finding[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { kind } of findings) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}
