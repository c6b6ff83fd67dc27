/** Gate 2: every package in scope has an audit record, of its version, that saw the dependencies it has now. */
import { compareBytes, count } from '../base/index.ts';
import type { AuditDatabase } from './audit/store.ts';
import { isAmong, type PackageFacts, type TreeFacts } from './facts.ts';
import type { Finding, Inspection } from './report.ts';

/** @param audits  `undefined` where nothing was aggregated yet */
export function inspectAudits(tree: TreeFacts, audits: AuditDatabase | undefined): Inspection {
  const scope = inScope(tree);
  const notes = [`${count(scope.length, 'package')} in scope`];
  if (audits === undefined)
    return { notes, findings: [], notRun: 'there is no audit database: igos audit TREE, then igos audit aggregate TREE' };
  const findings: Finding[] = [];
  for (const each of scope) {
    const record = audits.get(each.name);
    const found = (kind: string, text: string): void => {
      findings.push({ kind, package: each.name, text, place: each.place });
    };
    if (record === undefined) found('missing', 'no audit record at all');
    else if (record.version !== each.version) found('stale', `audit=${record.version}, declared=${each.version}`);
    else {
      const changes = [...changesOf('', record.build, each.build), ...changesOf('host:', record.host, each.host)];
      if (changes.length > 0) found('drift', changes.join(' '));
    }
  }
  return { notes, findings };
}

/** `+name` for what the declaration has and the audit did not see, `-name` for what is gone. */
function changesOf(kind: string, audited: readonly string[], declared: readonly string[]): string[] {
  const added = declared.filter((name) => !audited.includes(name)).sort(compareBytes);
  const removed = audited.filter((name) => !declared.includes(name)).sort(compareBytes);
  return [...added.map((name) => `${kind}+${name}`), ...removed.map((name) => `${kind}-${name}`)];
}

/** Those that need a record: not pending, and of no tier that lets them off. By name. */
export function inScope(tree: TreeFacts): PackageFacts[] {
  const unaudited = new Map(tree.tiers.map((tier) => [tier.name, tier.unaudited]));
  return [...tree.packages.values()]
    .filter((each) => each.pending === undefined && !isAmong(each.name, unaudited.get(each.tier ?? '') ?? []))
    .sort((a, b) => compareBytes(a.name, b.name));
}
