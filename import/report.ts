/** What an import found, and what the declarations do not say the way the other tree does. */
import { count } from '../base/index.ts';

/**
 * `dangling`: a name that the tree does not have. `unknown`: a field that nobody reads. `odd`: means something else than it looks.
 * `missing`: a file that the tree names and does not hold. `changed`: said in another way, with what differs.
 * `lost`: cannot be expressed.
 */
export type FindingKind = 'dangling' | 'unknown' | 'odd' | 'missing' | 'changed' | 'lost';

export interface Finding {
  readonly kind: FindingKind;
  /** Of the tree that is written: a package or a tier; absent for the tree as a whole. */
  readonly name?: string;
  /** A field, a phase or a file, as the other tree calls it. */
  readonly about: string;
  readonly text: string;
}

export interface ImportReport {
  readonly from: 'intergenos' | 'pi-gen';
  readonly nPackages: number;
  readonly tiers: readonly { readonly name: string; readonly nPackages: number }[];
  /** Edges between packages of the tree, by the field that they stand in. */
  readonly edges: { readonly build: number; readonly host: number; readonly runtime: number; readonly supersedes: number };
  /** How many packages have each style. */
  readonly styles: Readonly<Record<string, number>>;
  readonly nFiles: number;
  readonly findings: readonly Finding[];
}

const TITLES: Readonly<Record<FindingKind, string>> = {
  dangling: 'Names that the tree does not have',
  missing: 'Files that the tree does not hold',
  unknown: 'Fields and files that nobody reads',
  odd: 'What means something else than it looks',
  lost: 'What cannot be expressed',
  changed: 'What is said in another way',
};

export const FINDING_KINDS: readonly FindingKind[] = ['dangling', 'missing', 'unknown', 'odd', 'lost', 'changed'];

/** Of the same kind, about the same, in the same words: one entry for all of them. */
function groupFindings(findings: readonly Finding[]): readonly (Finding & { readonly names: readonly string[] })[] {
  const groups = new Map<string, Finding & { names: string[] }>();
  for (const finding of findings) {
    const key = JSON.stringify([finding.kind, finding.about, finding.text]);
    const group = groups.get(key) ?? { ...finding, names: [] };
    if (finding.name !== undefined) group.names.push(finding.name);
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** `IMPORT.md`: the same bytes for the same tree, wherever it lies. */
export function renderReport(report: ImportReport): string {
  const lines = [
    `# Imported from ${report.from === 'intergenos' ? 'InterGenOS' : 'pi-gen'}`,
    '',
    `\`igos import ${report.from}\` wrote this tree. ${count(report.nPackages, 'package')} in ${count(report.tiers.length, 'tier')}, ${report.edges.build} build, ${report.edges.host} host and ${count(report.edges.runtime, 'runtime edge')}, ${count(report.edges.supersedes, 'succession')}. Another import replaces it: keep changes as overrides in a tree of your own that is laid over this one.`,
    '',
    '| tier | packages |',
    '| --- | --- |',
    ...report.tiers.map(({ name, nPackages }) => `| ${name} | ${nPackages} |`),
    '',
    '| style | packages |',
    '| --- | --- |',
    ...Object.entries(report.styles).map(([name, count]) => `| ${name} | ${count} |`),
  ];
  for (const kind of FINDING_KINDS) {
    const groups = groupFindings(report.findings.filter((finding) => finding.kind === kind));
    if (groups.length === 0) continue;
    lines.push('', `## ${TITLES[kind]}`, '');
    for (const { about, text, names } of groups) {
      lines.push(`- **${about}**: ${text}${names.length === 0 ? '' : ` — ${names.join(', ')}`}`);
    }
  }
  return `${lines.join('\n')}\n`;
}
