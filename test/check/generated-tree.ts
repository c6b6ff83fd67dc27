/** A tree of the size and shape of a real distribution: 857 packages in six tiers, each built with a handful of earlier ones. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compareBytes } from '../../base/index.ts';
import { type AuditRecord, aggregate, writeRecord } from '../../check/index.ts';

const TIERS = { toolchain: 28, core: 272, base: 23, desktop: 420, extra: 112, ai: 2 } as const;
const AFTER = {
  toolchain: [],
  core: ['toolchain'],
  base: ['core'],
  desktop: ['base'],
  extra: ['desktop'],
  ai: ['desktop'],
} as const;

/** Writes declarations, one file a package, and audits of all of them; every gate that has its input passes. */
export function writeGeneratedTree(folder: string): { readonly packages: number } {
  const known: string[] = [];
  let seed = 1;
  const random = (below: number): number => {
    seed = (seed * 1103515245 + 12345) % 2 ** 31;
    return Math.floor((seed / 2 ** 31) * below);
  };
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'tree.igos'), 'tree { name = "generated"; }\n');
  const tiers: string[] = [];
  for (const [tier, count] of Object.entries(TIERS)) {
    mkdirSync(join(folder, tier));
    const own: string[] = [];
    // nothing of a tier builds with a peer that is not before it
    const below = tier === 'ai' ? known.filter((name) => !name.startsWith('extra-')) : [...known];
    for (let index = 0; index < count; index++) {
      const name = `${tier}-p${index}`;
      const choice = [...below, ...own];
      const pick = (most: number): string[] =>
        choice.length === 0
          ? []
          : [...new Set(Array.from({ length: random(most) }, () => choice[random(choice.length)]!))].sort(compareBytes);
      const [build, host, runtime] = [pick(6), pick(3), pick(2)];
      writeFileSync(join(folder, tier, `${name}.igos`), declaration(name, tier, { build, host, runtime }));
      if (tier !== 'toolchain') writeRecord(join(folder, 'audits'), record(name, tier, { build, host, runtime }));
      own.push(name);
    }
    known.push(...own);
    const after = AFTER[tier as keyof typeof AFTER];
    const sequence = tier === 'core' ? `  sequence = [ ${own.join(' ')} ];\n` : '';
    const unaudited = tier === 'toolchain' ? '  unaudited = [ "*" ];\n' : '';
    tiers.push(
      `tier ${tier} {\n  summary = "Tier ${tier}";\n  after = [ ${after.join(' ')} ];\n  holds = [ ${tier}-p0 "${tier}-*" ];\n${sequence}${unaudited}}\n`,
    );
  }
  writeFileSync(join(folder, 'tiers.igos'), tiers.join('\n'));
  aggregate(join(folder, 'audits'));
  return { packages: known.length };
}

type Edges = Readonly<Record<'build' | 'host' | 'runtime', readonly string[]>>;

const declaration = (name: string, tier: string, { build, host, runtime }: Edges): string => `package ${name} "1.0" {
  tier = ${tier};
  summary = "Package ${name}";
  license = "MIT";
  homepage = "https://example.org/${name}";
  source = fetchurl {
    url = "https://example.org/${name}-\${version}.tar.xz";
    sha256 = "${'0'.repeat(64)}";
  };
  build = [ ${build.join(' ')} ];
  host = [ ${host.join(' ')} ];
  runtime = [ ${runtime.join(' ')} ];
  style = autotools { flags = [ "--disable-static" "--sysconfdir=/etc" ]; };
  phases.prepare = "sed -i 's/a/b/' configure";
}
`;

const record = (name: string, tier: string, edges: Edges): AuditRecord => ({
  format: 1,
  name,
  version: '1.0',
  tier,
  ...edges,
  source: { path: `/igos/store/${'0'.repeat(32)}-${name}`, isThere: true, files: 300 },
  buildSystem: 'autotools',
  bundled: [],
  requires: [],
  offers: [{ kind: 'pkgconfig', name }],
  needsReview: [],
  reviewed: [],
  mismatches: [],
  auditedAt: '2026-11-21T12:00:00Z',
  auditedBy: 'the generator',
  notes: [],
});
