/** Audits one package: what its declaration says, beside what its source says. */
import { compareBytes } from '../../base/index.ts';
import type { PackageFacts, Probe, TreeFacts } from '../facts.ts';
import { Providers } from '../providers.ts';
import type { BuildSystem } from '../source/requirement.ts';
import type { SourceScan } from '../source/scan.ts';
import { undeclaredOf, undeclaredText } from '../undeclared-deps.ts';
import type { AuditRecord, Mismatch } from './record.ts';

export interface AuditedSource {
  /** Its store path. */
  readonly path: string;
  /** `undefined`: it is not in the store. A text: why it cannot be read. */
  readonly scan: SourceScan | string | undefined;
  readonly systems: ReadonlySet<BuildSystem>;
}

export interface AuditInputs {
  readonly tree: TreeFacts;
  readonly facts: PackageFacts;
  /** `undefined` for a package without sources. */
  readonly source: AuditedSource | undefined;
  /** What others are found as, so that requirements find them. */
  readonly others: ReadonlyMap<string, readonly Probe[]>;
  /** The record before this one: what people wrote into it stays. */
  readonly before: AuditRecord | undefined;
  readonly auditedAt: string;
  readonly auditedBy: string;
}

export function auditPackage({ tree, facts, source, others, before, auditedAt, auditedBy }: AuditInputs): AuditRecord {
  const scan = typeof source?.scan === 'object' ? source.scan : undefined;
  const needsReview: string[] = [];
  if (typeof source?.scan === 'string') needsReview.push(`source-unreadable: ${source.scan}`);
  if (scan !== undefined && scan.buildSystems.length === 0) needsReview.push('build-system-undetected');
  const isKnownStyle = ['autotools', 'cmake', 'meson', 'make'].includes(facts.style);
  if (scan !== undefined && isKnownStyle && !scan.buildSystems.includes(facts.style))
    needsReview.push(`style ${facts.style}, source looks like ${scan.buildSystems.join(' or ') || 'none of the known'}`);
  for (const folder of scan?.bundled ?? []) needsReview.push(`bundled libraries in ${folder}: used, or the system's?`);
  const sorted = (names: readonly string[]): string[] => [...new Set(names)].sort(compareBytes);
  return {
    format: 1,
    name: facts.name,
    version: facts.version,
    tier: facts.tier ?? '',
    build: sorted(facts.build),
    host: sorted(facts.host),
    runtime: sorted(facts.runtime),
    source: source === undefined ? null : { path: source.path, isThere: source.scan !== undefined, files: scan?.files ?? 0 },
    buildSystem: scan?.buildSystems.find((system) => system === facts.style) ?? scan?.buildSystems[0] ?? null,
    bundled: scan?.bundled ?? [],
    requires: scan?.requires ?? [],
    offers: scan?.offers ?? [],
    needsReview,
    reviewed: (before?.reviewed ?? []).filter((issue) => needsReview.includes(issue)),
    mismatches: scan === undefined ? [] : mismatches(tree, facts, scan, source!.systems, others),
    auditedAt,
    auditedBy,
    notes: before?.notes ?? [],
  };
}

function mismatches(
  tree: TreeFacts,
  facts: PackageFacts,
  scan: SourceScan,
  systems: ReadonlySet<BuildSystem>,
  others: ReadonlyMap<string, readonly Probe[]>,
): Mismatch[] {
  const providers = new Providers(tree, new Map([...others, [facts.name, scan.offers]]));
  return undeclaredOf(
    facts,
    scan.requires.filter(({ by }) => systems.has(by)),
    providers,
  ).map((each) => ({ dependency: each.candidates[0] ?? null, issue: undeclaredText(each) }));
}
