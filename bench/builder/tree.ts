/** A tree as large as a real distribution, of packages that take no time to build. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const TIERS = ['toolchain', 'core', 'base', 'desktop', 'ai', 'extra'];

/** Writes `nPackages` packages in six tiers, each of which needs up to three of those before it. @returns the folder */
export function writeTree(folder: string, nPackages: number): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'tree.igos'), 'tree {\n  name = "large";\n  version = "1";\n}\n');
  const tiers = TIERS.map(
    (tier, index) =>
      `tier ${tier} {\n  summary = "the ${tier} tier";\n${index === 0 ? '  ships = false;\n' : `  after = [ ${TIERS.slice(0, index).join(' ')} ];\n`}}\n`,
  );
  writeFileSync(join(folder, 'tiers.igos'), tiers.join('\n'));
  const tools = `package shell "1" {
  tier = toolchain;
  summary = "a shell and mkdir of this machine";
  style = hostTools { tools = [ "sh" "mkdir" ]; };
}
`;
  const nBuilt = nPackages - 1;
  for (const [index, tier] of TIERS.entries()) {
    const first = Math.floor((nBuilt * index) / TIERS.length);
    const last = Math.floor((nBuilt * (index + 1)) / TIERS.length);
    const packages = Array.from({ length: last - first }, (_, i) => packageText(first + i, tier));
    writeFileSync(join(folder, `${tier}.igos`), [...(index === 0 ? [tools] : []), ...packages].join('\n'));
  }
  return folder;
}

function packageText(number: number, tier: string): string {
  const inputs = [...new Set([number - 1, Math.floor(number / 2), Math.floor(number / 3)])].filter(
    (each) => each >= 0 && each < number,
  );
  return `package p${number} "1.${number}" {
  tier = ${tier};
  summary = "number ${number} of many";
  license = "MIT";
  build = [ shell ${inputs.map((each) => `p${each}`).join(' ')} ];
  phases.install = ''
    mkdir -p "$out/usr/share/p"
    echo ${number} >"$out/usr/share/p/${number}"
  '';
}
`;
}
