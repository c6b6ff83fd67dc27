/** The result as people read it: each gate's own lines, then one line a gate. */
import { count } from '../base/index.ts';
import type { CheckResult } from './check.ts';
import { type Finding, type GateName, type GateResult, tally, UNREADABLE } from './report.ts';

interface Wording {
  /** What stands before each line of a gate. */
  readonly tag: string;
  /** The way out. */
  readonly resolve: string;
}

const WORDING: Readonly<Record<GateName, Wording>> = {
  'tier-reachability': {
    tag: 'preflight',
    resolve: 'add the package to the sequence of its tier; a tier says what a package is, so never move it to be reached',
  },
  'audit-coverage': {
    tag: 'audit-preflight',
    resolve: 'igos audit TREE#NAME for each, igos audit aggregate TREE, then check again',
  },
  'tier-validation': {
    tag: 'tiers',
    resolve:
      'move the package, or let its tier hold it where it belongs there by what it is; mend a CROSS-TIER-DEP at the dependency, never by moving its consumer',
  },
  'build-order': { tag: 'build-order', resolve: 'build the dependency earlier, or take it out where it is none' },
  'silent-loss': { tag: 'silent-loss', resolve: 'declare what the check looks for, or record the divergence' },
  'undeclared-deps': {
    tag: 'undeclared-deps',
    resolve: 'add the package to build or host, or record the divergence with its reason',
  },
};

/** The way out of what no gate can read. */
const READABLE = "mend the field that cannot be evaluated: 'igos help package' says what each one takes";

/** Findings of a kind that are shown, unless all are. */
const SHOWN = 25;

/** Lines without line ends. */
export function renderCheck(result: CheckResult, options: { readonly all: boolean }): string[] {
  const lines = result.gates.flatMap((gate) => [...renderGate(gate, options), '']);
  const width = Math.max(...result.gates.map(({ title }) => title.length));
  for (const gate of result.gates) lines.push(`${gate.number} ${gate.title.padEnd(width)}  ${verdict(gate)}`);
  if (result.report !== undefined) {
    const counts = tally(result.report.map(({ category }) => ({ kind: category, package: undefined, text: '' })));
    lines.push(`  reconciliation report (advisory)  ${count(result.report.length, 'row')}${summary(counts)}`);
  }
  return lines;
}

/** The advisory report, tab-separated, with a head. */
export const renderReport = (result: CheckResult): string[] => [
  'package\tcategory\tissue\tdetail',
  ...(result.report ?? []).map((row) => [row.package, row.category, row.issue, row.detail].join('\t')),
];

function renderGate(gate: GateResult, { all }: { readonly all: boolean }): string[] {
  const { tag, resolve } = WORDING[gate.gate];
  const say = (text: string): string => `[${tag}] ${text}`;
  const lines = [say(`gate ${gate.number}: ${gate.title}`), ...gate.notes.map(say)];
  if (gate.gate === 'audit-coverage' && gate.notRun === undefined) lines.push(...auditCounts(gate).map(say));
  for (const kind of new Set([...gate.findings, ...gate.advice].map((finding) => finding.kind))) {
    const own = [...gate.findings, ...gate.advice].filter((finding) => finding.kind === kind);
    lines.push(...own.slice(0, all ? own.length : SHOWN).map((finding) => `  ${findingLine(finding)}`));
    if (!all && own.length > SHOWN) lines.push(`  … and ${own.length - SHOWN} more ${kind} (--all shows them)`);
  }
  for (const each of gate.waived)
    lines.push(`  overridden until ${each.expires} by ${each.approver} (${each.reason}): ${findingLine(each)}`);
  if (gate.status === 'passed')
    lines.push(say(gate.gate === 'audit-coverage' ? 'PASS: every in-scope package has a current audit record' : 'PASS'));
  else if (gate.status === 'not run') lines.push(say(`NOT RUN: ${gate.notRun}`));
  else {
    lines.push(say(`FAIL: ${failure(gate)}`));
    if (gate.findings.some(({ kind }) => kind !== UNREADABLE)) lines.push(`  resolve: ${resolve}`);
    if (gate.findings.some(({ kind }) => kind === UNREADABLE)) lines.push(`  resolve: ${READABLE}`);
    if (gate.notRun !== undefined) lines.push(say(`the rest was NOT RUN: ${gate.notRun}`));
  }
  return lines;
}

function auditCounts({ findings, waived }: GateResult): string[] {
  const counts = tally(findings);
  const number = (kind: string): number => counts.get(kind) ?? 0;
  return [
    `missing audit: ${number('missing')}`,
    `stale (version): ${number('stale')}`,
    `drift (deps): ${number('drift')}`,
    `overridden: ${new Set(waived.map((each) => each.package)).size}`,
  ];
}

function failure({ gate, findings }: GateResult): string {
  const packages = new Set(findings.filter(({ kind }) => kind !== UNREADABLE).map((finding) => finding.package)).size;
  if (gate === 'audit-coverage' && packages > 0)
    return `${count(packages, 'package')} need${packages === 1 ? 's' : ''} audit work.`;
  return `${count(findings.length, 'finding')}${summary(tally(findings))}`;
}

/** A finding on one line. */
export const findingLine = ({ kind, package: name, text, place }: Finding): string =>
  `${kind}${name === undefined ? '' : `  ${name}`}  ${text}${place === undefined ? '' : `  (${place})`}`;

function verdict(gate: GateResult): string {
  const overridden = gate.waived.length === 0 ? '' : `, ${gate.waived.length} overridden`;
  if (gate.status === 'not run') return `not run  ${gate.notRun}${overridden}`;
  if (gate.status === 'passed') return `passed${overridden === '' ? '' : `   ${overridden.slice(2)}`}`;
  return `failed   ${count(gate.findings.length, 'finding')}${summary(tally(gate.findings))}${overridden}`;
}

const summary = (counts: ReadonlyMap<string, number>): string =>
  counts.size === 0 ? '' : `: ${[...counts].map(([kind, number]) => `${number} ${kind}`).join(', ')}`;
