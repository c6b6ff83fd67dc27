/** What the bundle evaluates before it is finished, so that its cache has the compiled code of what most evaluations run. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Texts in cli/. */
export const WARM_UP_TEXTS: readonly string[] = ['warm-up.nix', 'warm-up-sources.nix'];

const text = (name: string): string => readFileSync(join(import.meta.dirname, name), 'utf8');

/** Fixed points, overrides, derivations, and what gets hot. */
export function packagesAsOneText(folder: string): string {
  const file = join(folder, 'packages.nix');
  writeFileSync(file, text('warm-up.nix'));
  return file;
}

/** The same as most have it: in files, of which one is so large that it is only parsed where it has to be, the second time. */
export function packagesInFiles(folder: string): string {
  const tree = join(folder, 'sources');
  mkdirSync(tree);
  for (const [name, content] of Object.entries({
    'builder.sh': BUILDER,
    'lib.nix': LIB,
    'large.nix': large(),
    'fix.patch': '--- a\n',
  }))
    writeFileSync(join(tree, name), content);
  const file = join(tree, 'default.nix');
  writeFileSync(file, text('warm-up-sources.nix'));
  return file;
}

const BUILDER = 'mkdir -p $out\n';

const LIB = `{ optional ? false }:
rec {
  versionOf = name: (builtins.parseDrvName name).version; # of a name
  optionals = condition: items: if condition then items else [ ];
}
`;

const large = (): string => `{ make, fetch, lib, self }:
with lib;
rec {
${Array.from({ length: 200 }, (_, i) => `  package${i} = make { name = "package-${i}"; src = self.first; };\n`).join('')}
  first = make rec {
    name = "first-\${version}";
    version = "1.0";
    src = fetch { url = "mirror://example/\${name}.tar.gz"; md5 = "00000000000000000000000000000000"; };
    patches = [ ./fix.patch ];
    meta = { description = "the first"; license = [ "MIT" ]; };
  };
  second = (f: args: f (args // { buildInputs = [ self.first package7 ]; })) make { name = "second"; src = first; };
  last = lib.optionals (second ? drvPath && !(first.missing or false)) (make { name = "last"; src = second; builder = ./builder.sh; });
}
`;
