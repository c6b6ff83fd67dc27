/** Gate 6: what the configure steps of a source cannot do without is declared. */
import { compareBytes, count } from '../base/index.ts';
import type { PackageFacts, Probe, TreeFacts } from './facts.ts';
import { Providers } from './providers.ts';
import type { Finding, Inspection } from './report.ts';
import { type BuildSystem, probeText, type Requirement } from './source/requirement.ts';

/** What is known of the source of a package. */
export type KnownSource =
  | {
      readonly kind: 'scanned';
      readonly requires: readonly Requirement[];
      readonly offers: readonly Probe[];
      /** Those that its phases use, where the source has several. */
      readonly systems: ReadonlySet<BuildSystem>;
    }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unreadable'; readonly reason: string };

/** @param sources  by package; packages without sources are not in it */
export function inspectRequirements(tree: TreeFacts, sources: ReadonlyMap<string, KnownSource>): Inspection {
  const scanned = [...sources].flatMap(([name, source]) => (source.kind === 'scanned' ? [{ name, source }] : []));
  const absent = [...sources].filter(([, source]) => source.kind === 'absent').length;
  const unreadable = [...sources].flatMap(([name, source]) =>
    source.kind === 'unreadable' ? [`${name}: ${source.reason}`] : [],
  );
  const notes = [
    `${count(scanned.length, 'source')} read`,
    ...(absent === 0 ? [] : [`${count(absent, 'source')} not in the store: not looked at`]),
    ...unreadable.map((text) => `not looked at: ${text}`),
  ];
  if (scanned.length === 0) {
    const notRun =
      sources.size === 0
        ? 'no package has a source'
        : `no source is in the store (${count(absent, 'package')}): igos realize fetches them`;
    return { notes, findings: [], notRun };
  }
  const providers = new Providers(tree, new Map(scanned.map(({ name, source }) => [name, source.offers])));
  const findings: Finding[] = [];
  for (const { name, source } of scanned.sort((a, b) => compareBytes(a.name, b.name))) {
    const each = tree.packages.get(name);
    const requires = source.requires.filter(({ by }) => source.systems.has(by));
    if (each !== undefined) findings.push(...undeclaredOf(each, requires, providers).map((one) => findingOf(each, one)));
  }
  return { notes, findings };
}

/** A requirement that nothing which the build sees meets. */
export interface Undeclared {
  readonly requirement: Requirement;
  /** Packages that would meet it; empty where nobody knows one. */
  readonly candidates: readonly string[];
}

/** Once for each package that is missing, and for each name that nobody knows. */
export function undeclaredOf(each: PackageFacts, requires: readonly Requirement[], providers: Providers): Undeclared[] {
  const found = new Map<string, Undeclared>();
  const seen = providers.seenBy(each);
  for (const requirement of requires) {
    if (!requirement.isRequired) continue;
    const probes = [requirement.name, ...requirement.others].map((name) => ({ kind: requirement.kind, name }));
    if (probes.some((probe) => providers.isGiven(probe))) continue;
    const candidates = [...new Set(probes.flatMap((probe) => providers.of(probe)))];
    if (candidates.some((name) => name === each.name || seen.has(name))) continue;
    if ([...candidates, ...probes.map(({ name }) => name)].some((name) => each.divergences.has(name))) continue;
    const key = candidates[0] ?? `${requirement.kind} ${requirement.name}`;
    if (!found.has(key)) found.set(key, { requirement, candidates });
  }
  return [...found.values()];
}

/** `meson.build:12 requires pkgconfig(x11): libX11 is not among its build and host`. */
export function undeclaredText({ requirement, candidates }: Undeclared): string {
  const what = `${requirement.where} requires ${probeText(requirement)}`;
  return candidates.length === 0
    ? `${what}, which no package is found as`
    : `${what}: ${candidates.join(' or ')} is not among its build and host`;
}

function findingOf(each: PackageFacts, undeclared: Undeclared): Finding {
  const finding = { package: each.name, text: undeclaredText(undeclared), place: each.place };
  return undeclared.candidates.length === 0
    ? { kind: 'UNRESOLVED-NAME', ...finding, isAdvice: true }
    : { kind: kindOf(undeclared.requirement), ...finding };
}

function kindOf({ kind, by }: Requirement): string {
  if (kind === 'library') return 'UNDECLARED-LIB-REQUIRED';
  if (kind === 'header') return 'UNDECLARED-HEADER-REQUIRED';
  if (kind === 'program') return 'UNDECLARED-MESON-PROGRAM';
  if (by === 'meson') return 'UNDECLARED-MESON-DEP-REQUIRED';
  return kind === 'cmake' ? 'UNDECLARED-CMAKE-DEP-REQUIRED' : 'UNDECLARED-PKG-CONFIG-REQUIRED';
}
