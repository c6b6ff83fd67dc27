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
export function writeGeneratedTree(
  folder: string,
  sourceHash: (name: string) => string = () => '0'.repeat(64),
): { readonly packages: number } {
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
      writeFileSync(join(folder, tier, `${name}.igos`), declaration(name, tier, sourceHash(name), { build, host, runtime }));
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

const declaration = (
  name: string,
  tier: string,
  hash: string,
  { build, host, runtime }: Edges,
): string => `package ${name} "1.0" {
  tier = ${tier};
  summary = "Package ${name}";
  license = "MIT";
  homepage = "https://example.org/${name}";
  source = fetchurl {
    url = "https://example.org/${name}-\${version}.tar";
    sha256 = "${hash}";
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

/** The source of a package: a configure.ac of 30 kB that requires what is there, and 200 other files. */
export function generatedSource(name: string): Buffer {
  const checks = Array.from(
    { length: 40 },
    (_, index) => `AC_CHECK_HEADERS([h${index}.h])\nAC_CHECK_LIB([l${index}], [f${index}])\n`,
  );
  const filler = Array.from(
    { length: 400 },
    (_, index) => `AC_DEFINE([D${index}], [${index}], [what a person wrote about it, at length])`,
  );
  const configure = `AC_INIT([${name}], [1.0])\n${checks.join('')}${filler.join('\n')}\nPKG_CHECK_MODULES([SELF], [${name}])\n`;
  const files = [
    { path: `${name}-1.0/configure.ac`, text: configure },
    { path: `${name}-1.0/${name}.pc.in`, text: `Name: ${name}\n` },
    ...Array.from({ length: 200 }, (_, index) => ({ path: `${name}-1.0/src/f${index}.c`, text: 'int x;\n' })),
  ];
  return Buffer.concat([...files.map(({ path, text }) => ustar(path, Buffer.from(text))), Buffer.alloc(1024)]);
}

/** One file of a tar archive. */
export function ustar(path: string, data: Buffer): Buffer {
  const header = Buffer.alloc(512);
  header.write(path, 0, 100, 'latin1');
  header.write('0000644\x000000000\x000000000\x00', 100, 'latin1');
  header.write(`${data.length.toString(8).padStart(11, '0')}\x0000000000000\x00        0`, 124, 'latin1');
  header.write('ustar\x0000', 257, 'latin1');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\x00 `, 148, 'latin1');
  return Buffer.concat([header, data, Buffer.alloc((512 - (data.length % 512)) % 512)]);
}
