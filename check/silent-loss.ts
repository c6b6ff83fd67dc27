/**
 * Gate 5: no feature is lost in silence. A configure step that no longer finds a library goes on without it; the log tells. Compared
 * with a reference: what the logs of a build that was good said.
 */
import { compareBytes, count } from '../base/index.ts';
import type { PackageFacts, TreeFacts } from './facts.ts';
import { type Features, subjectOf } from './features.ts';
import type { Reference } from './reference.ts';
import type { Finding, Inspection } from './report.ts';

/** What the newest log of a package says. */
export interface LoggedFeatures {
  readonly version: string;
  readonly features: Features;
}

/** @param logs  by package; `undefined` where there is no store */
export function inspectFeatures(
  tree: TreeFacts,
  reference: Reference | undefined,
  logs: ReadonlyMap<string, LoggedFeatures>,
): Inspection {
  if (reference === undefined)
    return {
      notes: [],
      findings: [],
      notRun: 'no prior reference to compare (a first build has none): igos audit reference TREE',
    };
  const findings: Finding[] = [];
  const packages = [...tree.packages.values()].sort((a, b) => compareBytes(a.name, b.name));
  const compared: string[] = [];
  const without: string[] = [];
  const known = new Map<string, string>();
  for (const each of packages) {
    const logged = logs.get(each.name);
    if (logged === undefined) {
      if (reference.has(each.name)) without.push(each.name);
      continue;
    }
    compared.push(each.name);
    findings.push(...lost(each, logged, reference.get(each.name)), ...failed(each, subjectsOf(logged.features, known), tree));
  }
  const notes = [
    `${count(compared.length, 'package')} compared with the reference`,
    ...(without.length === 0 ? [] : [`${count(without.length, 'package')} of the reference have no build log: not compared`]),
  ];
  if (compared.length === 0) return { notes, findings, notRun: 'the store has no build log of these packages' };
  return { notes, findings };
}

function lost(each: PackageFacts, now: LoggedFeatures, then: { version: string; met: readonly string[] } | undefined): Finding[] {
  if (then === undefined) return [];
  const findings: Finding[] = [];
  const meant = new Set([...each.divergences.keys()].flatMap(spellings));
  for (const feature of then.met) {
    if (meant.size > 0 && meant.has(subjectOf(feature).toLowerCase())) continue;
    const answer = now.features.get(feature);
    const text = `${feature}: yes in the reference (${then.version})`;
    if (answer === false) findings.push({ kind: 'FEATURE-LOST', package: each.name, text: `${text}, no now`, place: each.place });
    else if (answer === undefined && now.version === then.version)
      findings.push({
        kind: 'FEATURE-GONE',
        package: each.name,
        text: `${text}, not asked for now`,
        place: each.place,
        isAdvice: true,
      });
  }
  return findings;
}

/** What is asked about, over all checks of a package: whether any was met, and the first that was asked. */
type Subjects = ReadonlyMap<string, { readonly isMet: boolean; readonly feature: string }>;

/** @param known  what checks are about, of the packages before: they ask for much the same */
function subjectsOf(features: Features, known: Map<string, string>): Subjects {
  const subjects = new Map<string, { isMet: boolean; feature: string }>();
  for (const [feature, isMet] of features) {
    let subject = known.get(feature);
    if (subject === undefined) {
      subject = subjectOf(feature).toLowerCase();
      known.set(feature, subject);
    }
    const before = subjects.get(subject);
    if (before === undefined) subjects.set(subject, { isMet, feature });
    else if (isMet) before.isMet = true;
  }
  return subjects;
}

/** A dependency that is declared, and still was not found. */
function failed(each: PackageFacts, subjects: Subjects, tree: TreeFacts): Finding[] {
  const findings: Finding[] = [];
  for (const name of new Set([...each.build, ...each.host])) {
    if (each.divergences.has(name)) continue;
    const names = new Set([name, ...(tree.packages.get(name)?.foundAs.map((probe) => probe.name) ?? [])].flatMap(spellings));
    const about = [...names].flatMap((spelling) => subjects.get(spelling) ?? []);
    if (about.length === 0 || about.some(({ isMet }) => isMet)) continue;
    const text = `${about[0]!.feature}: no, though ${name} is declared`;
    findings.push({ kind: 'DECLARED-FAILED', package: each.name, text, place: each.place });
  }
  return findings;
}

/** How configure steps may call a package. At least three letters: shorter ones are words of everything. */
function spellings(name: string): string[] {
  const base = name
    .toLowerCase()
    .replace(/-(pass\d+|bootstrap|core|tmp|static)$/, '')
    .replace(/\.h$/, '');
  const bare = base.replace(/^lib/, '');
  const forms = [base, bare, `lib${bare}`, base.replace(/[-.\d]+$/, ''), bare.replace(/[-.\d]+$/, '')];
  return [...new Set(forms)].filter((form) => form.length >= 3);
}
