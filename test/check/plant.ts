/** A small tree that passes every gate, and ways to plant one fault in it. */

import type { AuditRecord, GateName, PackageFacts, TierFacts } from '../../check/index.ts';
import { type CheckInputs, type CheckResult, check, renderCheck } from '../../check/index.ts';

type Packages = Record<string, Partial<PackageFacts>>;

/** Facts with defaults filled in. */
export const facts = (name: string, given: Partial<PackageFacts> = {}): PackageFacts => ({
  name,
  version: '1.0',
  tier: 'core',
  build: [],
  host: [],
  runtime: [],
  supersedes: [],
  style: 'autotools',
  lacks: [],
  pending: undefined,
  foundAs: [],
  divergences: new Map(),
  waivers: new Map(),
  place: `tree/${name}.igos:1`,
  ...given,
});

export const tier = (name: string, before: readonly string[], given: Partial<TierFacts> = {}): TierFacts => ({
  name,
  before: new Set(before),
  holds: [],
  sequence: undefined,
  unaudited: [],
  ...given,
});

/** What an audit of the package as it is now would have written. */
export const audited = (each: PackageFacts, given: Partial<AuditRecord> = {}): AuditRecord => ({
  format: 1,
  name: each.name,
  version: each.version,
  tier: each.tier ?? '',
  build: each.build,
  host: each.host,
  runtime: each.runtime,
  source: { path: 'source', isThere: true, files: 10 },
  buildSystem: 'autotools',
  bundled: [],
  requires: [],
  offers: [],
  needsReview: [],
  reviewed: [],
  mismatches: [],
  auditedAt: '2026-11-01T00:00:00Z',
  auditedBy: 'test',
  notes: [],
  ...given,
});

const PACKAGES: Packages = {
  cc: { tier: 'toolchain' },
  zlib: { build: ['cc'] },
  curl: { build: ['cc'], host: ['zlib'] },
  gtk: { tier: 'desktop', build: ['cc'], host: ['zlib'] },
  clock: { tier: 'extra', build: ['cc'], host: ['gtk'] },
  chat: { tier: 'ai', build: ['cc'], host: ['gtk', 'curl'] },
};

const TIERS: readonly TierFacts[] = [
  tier('toolchain', [], { holds: ['cc'], unaudited: ['*'] }),
  tier('core', ['toolchain'], { holds: ['zlib', 'curl'], sequence: ['zlib', 'curl'] }),
  tier('desktop', ['toolchain', 'core'], { holds: ['gtk', 'gtk-*'] }),
  tier('extra', ['toolchain', 'core', 'desktop'], { holds: ['clock'] }),
  tier('ai', ['toolchain', 'core', 'desktop'], { holds: ['chat'] }),
];

export interface Plant {
  readonly packages?: Packages;
  readonly without?: readonly string[];
  readonly tiers?: readonly TierFacts[];
  /** Package → what its record says other than the package as it is without the plant; `null`: no record. */
  readonly audits?: Record<string, Partial<AuditRecord> | null>;
  readonly inputs?: Partial<CheckInputs>;
  readonly today?: string;
}

/** The inputs of a check with one fault planted; without a plant every gate passes. */
export function inputsWith({
  packages = {},
  tiers = TIERS,
  audits = {},
  inputs = {},
  without = [],
  today = '2026-11-21',
}: Plant = {}): CheckInputs {
  const all = {
    ...PACKAGES,
    ...Object.fromEntries(Object.entries(packages).map(([name, each]) => [name, { ...PACKAGES[name], ...each }])),
  };
  const found = new Map(
    Object.entries(all).flatMap(([name, each]) => (without.includes(name) ? [] : [[name, facts(name, each)] as const])),
  );
  const records = new Map<string, AuditRecord>();
  for (const [name, each] of Object.entries(PACKAGES)) {
    const change = audits[name];
    if (change !== null && each.tier !== 'toolchain') records.set(name, audited(facts(name, each), change));
  }
  for (const [name, change] of Object.entries(audits))
    if (change !== null && !(name in PACKAGES)) records.set(name, audited(facts(name), change));
  return {
    tree: { name: 'tree', tiers, tierProblem: undefined, packages: found, owners: new Map(), problems: [] },
    audits: records,
    reference: new Map([['curl', { version: '1.0', met: ['checking for zlib'] }]]),
    logs: new Map([['curl', { version: '1.0', features: new Map([['checking for zlib', true]]) }]]),
    sources: new Map([
      ['zlib', { kind: 'scanned', requires: [], offers: [{ kind: 'pkgconfig', name: 'zlib' }], systems: new Set(['autotools']) }],
      [
        'curl',
        {
          kind: 'scanned',
          requires: [{ kind: 'pkgconfig', name: 'zlib', others: [], isRequired: true, by: 'autotools', where: 'configure.ac:9' }],
          offers: [],
          systems: new Set(['autotools']),
        },
      ],
    ]),
    today,
    ...inputs,
  };
}

export interface Ran {
  readonly result: CheckResult;
  /** As it is printed. */
  readonly text: string;
  /** `failed: MISSING zlib`, … of the one gate. */
  readonly kinds: readonly string[];
  readonly status: string;
}

export function run(plant: Plant, gate: GateName): Ran {
  const result = check(inputsWith(plant), gate);
  const [only] = result.gates;
  return {
    result,
    text: renderCheck(result, { all: true }).join('\n'),
    kinds: only!.findings.map((finding) => `${finding.kind} ${finding.package ?? ''}`.trim()),
    status: only!.status,
  };
}
