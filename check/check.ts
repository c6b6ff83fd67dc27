/** `igos check`: all gates over what is known of a tree. Pure: the same facts give the same result. */

import type { AuditDatabase } from './audit/store.ts';
import { inspectAudits } from './audit-coverage.ts';
import { inspectBuildOrder } from './build-order.ts';
import type { TreeFacts } from './facts.ts';
import { inspectReachability } from './reachability.ts';
import { type ReportRow, reconcile } from './reconciliation.ts';
import type { Reference } from './reference.ts';
import { type Finding, type GateName, type GateResult, type Inspection, settle, UNREADABLE } from './report.ts';
import { inspectFeatures, type LoggedFeatures } from './silent-loss.ts';
import { inspectTiers } from './tier-validation.ts';
import { inspectRequirements, type KnownSource } from './undeclared-deps.ts';

export interface CheckInputs {
  readonly tree: TreeFacts;
  /** `undefined` where nothing was aggregated. */
  readonly audits: AuditDatabase | undefined;
  readonly reference: Reference | undefined;
  readonly logs: ReadonlyMap<string, LoggedFeatures>;
  readonly sources: ReadonlyMap<string, KnownSource>;
  /** `2026-11-21`: overrides end by it. */
  readonly today: string;
}

export interface CheckResult {
  readonly gates: readonly GateResult[];
  /** The advisory report; `undefined` where there are no audits to reconcile. */
  readonly report: readonly ReportRow[] | undefined;
}

interface GateSpec {
  readonly gate: GateName;
  readonly title: string;
  readonly inspect: (inputs: CheckInputs) => Inspection;
}

/** In the order in which they run. */
export const gateSpecs: readonly GateSpec[] = [
  { gate: 'tier-reachability', title: 'tier reachability', inspect: ({ tree }) => inspectReachability(tree) },
  { gate: 'audit-coverage', title: 'audit coverage', inspect: ({ tree, audits }) => inspectAudits(tree, audits) },
  { gate: 'tier-validation', title: 'tier validation', inspect: ({ tree }) => inspectTiers(tree) },
  { gate: 'build-order', title: 'scan A: build order', inspect: ({ tree }) => inspectBuildOrder(tree) },
  {
    gate: 'silent-loss',
    title: 'scan B: silent feature loss',
    inspect: ({ tree, reference, logs }) => inspectFeatures(tree, reference, logs),
  },
  {
    gate: 'undeclared-deps',
    title: 'scan A.2: undeclared build dependencies',
    inspect: ({ tree, sources }) => inspectRequirements(tree, sources),
  },
];

/** No gate passes on what could not be read: the first that runs tells it. */
const withUnreadable = (inspection: Inspection, tree: TreeFacts): Inspection => {
  const findings = tree.problems.flatMap(({ kind, package: name, field, message, place }): Finding[] =>
    kind === 'unreadable' ? [{ kind: UNREADABLE, package: name, text: `${field} cannot be evaluated: ${message}`, place }] : [],
  );
  return { ...inspection, findings: [...inspection.findings, ...findings] };
};

/** @param only  gates by name; the report comes with all of them */
export function check(inputs: CheckInputs, ...only: readonly GateName[]): CheckResult {
  const gates = gateSpecs
    .map((spec, index) => ({ ...spec, number: index + 1 }))
    .filter(({ gate }) => only.length === 0 || only.includes(gate))
    .map((spec, index) => {
      const inspection = spec.inspect(inputs);
      return settle(spec, index === 0 ? withUnreadable(inspection, inputs.tree) : inspection, inputs.tree, inputs.today);
    });
  const { audits } = inputs;
  return { gates, report: audits === undefined || only.length > 0 ? undefined : reconcile(inputs.tree, audits) };
}
