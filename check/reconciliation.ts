/** The reconciliation report: what audits saw that a person should weigh. It stops nothing. */
import { compareBytes } from '../base/index.ts';
import type { AuditRecord } from './audit/record.ts';
import type { AuditDatabase } from './audit/store.ts';
import type { TreeFacts } from './facts.ts';

export interface ReportRow {
  readonly package: string;
  readonly category: 'needs-review' | 'mismatch' | 'bundled-libs' | 'blocker';
  readonly issue: string;
  readonly detail: string;
}

/** Sorted by package, category, issue. Only packages that the tree has. */
export function reconcile(tree: TreeFacts, audits: AuditDatabase): ReportRow[] {
  const rows: ReportRow[] = [];
  for (const record of audits.values()) {
    const declared = tree.packages.get(record.name);
    if (declared !== undefined) rows.push(...rowsOf(record, declared.divergences));
  }
  const key = (row: ReportRow): string => `${row.package}\0${row.category}\0${row.issue}\0${row.detail}`;
  return rows.sort((a, b) => compareBytes(key(a), key(b)));
}

function rowsOf(record: AuditRecord, divergences: ReadonlyMap<string, string>): ReportRow[] {
  const row = (category: ReportRow['category'], issue: string, detail = ''): ReportRow => ({
    package: record.name,
    category,
    issue,
    detail,
  });
  return [
    ...record.needsReview.filter((issue) => !record.reviewed.includes(issue)).map((issue) => row('needs-review', issue)),
    ...record.mismatches
      .filter(({ dependency }) => dependency === null || !divergences.has(dependency))
      .map(({ dependency, issue }) => row('mismatch', dependency ?? '', issue)),
    ...(record.bundled.length > 0 ? [row('bundled-libs', 'bundled libraries', record.bundled.join(', '))] : []),
    ...(record.source !== null && !record.source.isThere
      ? [row('blocker', 'source archive missing', [record.source.path, ...record.notes].filter((part) => part !== '').join('; '))]
      : []),
  ];
}
