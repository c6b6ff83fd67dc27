/** A checkout of InterGenOS as a tree of declarations: `TIER/NAME.igos`, with the files of a package in `TIER/NAME/`. */
import { createHash } from 'node:crypto';
import { Fault, Faults, SourceFile } from '../../base/index.ts';
import { format } from '../../lang/index.ts';
import { Folder } from '../folder.ts';
import type { Imported } from '../imported.ts';
import type { Finding, ImportReport } from '../report.ts';
import { renderReport } from '../report.ts';
import { readShellScript } from '../shell-script.ts';
import { toFile, writeData, writePath } from '../written.ts';
import { declare } from './declaration.ts';
import { writePolicy } from './policy.ts';
import { EDGES, type Recipe, readRecipe, TIERS } from './recipe.ts';
import { writeTiers } from './tiers.ts';
import { overOf, TOOLCHAIN_LOCK, type Toolchain, writeToolchain } from './toolchain.ts';

/** Of the recipe's own files, what a declaration has no use for. */
const OWN = new Set(['package.yml', 'build.sh']);

/**
 * Reads a checkout. Nothing of it is run, and nothing is written. Cost: a few milliseconds a package.
 *
 * @throws Fault, Faults  E-IMPORT-001 to 005, 007: what is wrong with any recipe, all together
 */
export function importIntergenos(path: string, shown: string = path, toolchain: Toolchain = { kind: 'seed' }): Imported {
  const folder = new Folder(path, shown);
  const findings: Finding[] = [];
  const places = findPlaces(folder, findings);
  if (places.length === 0) {
    throw new Fault('E-IMPORT-001', `'${shown}' has no packages/TIER/NAME/package.yml`, {
      hints: ['name the checkout of InterGenOS itself'],
    });
  }
  const { packages, places: placeOf } = readRecipes(folder, places, findings);
  const files = new Map<string, { data: Uint8Array; isExecutable?: boolean }>();
  const styles = new Map<string, number>();
  for (const recipe of packages.values()) writePackage(recipe);
  files.set('tree.igos', {
    data: formatted(
      'tree.igos',
      `tree {\n  name = "intergenos";\n${overOf(toolchain)}  include = [ "*.igos" ${TIERS.map((tier) => `"${tier}/*.igos"`).join(' ')} ];\n}\n`,
    ),
  });
  files.set('tiers.igos', { data: formatted('tiers.igos', writeTiers()) });
  files.set('toolchain.igos', { data: formatted('toolchain.igos', writeToolchain(toolchain)) });
  if (toolchain.kind === 'seed' && toolchain.lock !== undefined) files.set(TOOLCHAIN_LOCK, { data: toolchain.lock });
  files.set('environment.nix', { data: formatted('environment.nix', ENVIRONMENT) });
  const policy = writePolicy(folder, packages, (kind, about, text) => findings.push({ kind, about, text }));
  if (policy !== undefined) files.set('policy.igos', { data: formatted('policy.igos', policy) });
  noteAll();
  const report: ImportReport = {
    from: 'intergenos',
    nPackages: packages.size,
    tiers: TIERS.map((name) => ({ name, nPackages: [...packages.values()].filter((each) => each.tier === name).length })),
    edges: countEdges(packages),
    styles: Object.fromEntries([...styles].sort(([a], [b]) => (a < b ? -1 : 1))),
    nFiles: files.size + 1,
    findings,
  };
  files.set('IMPORT.md', { data: toFile(renderReport(report)) });
  return { files, report };

  function writePackage(recipe: Recipe): void {
    const place = placeOf.get(recipe.name)!;
    const others: string[] = [];
    const extra = folder.filesBelow(place, others).filter((file) => !OWN.has(file));
    const find = (kind: Finding['kind'], about: string, text: string): void => {
      findings.push({ kind, name: recipe.name, about, text });
    };
    for (const file of others) find('missing', file, 'is a link or a special file, which is not followed');
    const take = (file: string, from: string): void => {
      files.set(`${recipe.tier}/${recipe.name}/${file}`, { data: folder.data(from), isExecutable: folder.isExecutable(from) });
    };
    const hasScript = folder.kindOf(`${place}/build.sh`) === 'file';
    const script = hasScript ? readShellScript(folder.text(`${place}/build.sh`)) : undefined;
    for (const file of extra) take(file, `${place}/${file}`);
    if (script?.problem !== undefined) take('build.sh', `${place}/build.sh`);
    const { text, style } = declare({
      recipe,
      ...(script === undefined ? {} : { script }),
      packages,
      findings,
      context: {
        hasFiles: extra.length > 0,
        takePatch: (file) => {
          const from = [`${place}/${file}`, `build/patches/${file}`].find((each) => folder.kindOf(each) === 'file');
          if (from === undefined) return false;
          take(file, from);
          const declared = recipe.patches.find((patch) => patch.file === file)?.sha256;
          const found = createHash('sha256').update(folder.data(from)).digest('hex');
          if (declared !== undefined && declared !== found) {
            find('odd', 'patches', `'${file}' has not the hash that the recipe says; the file of the checkout is taken`);
          }
          return true;
        },
        takeFromCheckout,
      },
    });
    styles.set(style, (styles.get(style) ?? 0) + 1);
    // A folder with a tree.igos is a tree of its own.
    let base = recipe.name;
    while (base === 'tree' || (base !== recipe.name && packages.has(base))) base += '_';
    const file = `${recipe.tier}/${base}.igos`;
    files.set(file, { data: formatted(file, text) });
  }

  /** What scripts read from the checkout itself lies in `files/`, at the same place. */
  function takeFromCheckout(from: string): string | undefined {
    const inside = from.replace(/^\/+|\/+$/g, '');
    const kind = inside === '' ? undefined : folder.kindOf(inside);
    if (kind !== 'file' && kind !== 'folder') return undefined;
    const names = kind === 'file' ? [inside] : folder.filesBelow(inside).map((name) => `${inside}/${name}`);
    for (const name of names) {
      if (!files.has(`files/${name}`)) {
        files.set(`files/${name}`, { data: folder.data(name), isExecutable: folder.isExecutable(name) });
      }
    }
    return names.length === 0 ? undefined : writePath(`../files/${inside}`);
  }

  function noteAll(): void {
    const find = (kind: Finding['kind'], about: string, text: string): void => {
      findings.push({ kind, about, text });
    };
    find(
      'changed',
      'chroot',
      'InterGenOS builds in one chroot that has all earlier packages; a recipe names only some of what it uses. Here a build has what toolchain.igos says, what its package names, and what that was built with; a package of a later tier wins over one of an earlier tier, and two of one tier with the same file are an error unless one supersedes the other',
    );
    find(
      'changed',
      'build.sh',
      'phases run in /bin/sh of the build, which must be bash, as in InterGenOS; every phase stops at the first error',
    );
    find('changed', 'build.sh', '`set -e`, $IGOS_JOBS, $PKG_VERSION are said in our words: phases stop anyway, $jobs, $version');
    find(
      'changed',
      'environment',
      'CFLAGS and the other variables of igos-build are in environment.nix; MAKEFLAGS is not, and /etc/profile.d is not read: PATH holds /opt/rustc/bin',
    );
    find(
      'changed',
      'build_style',
      'where build.sh does what a style does, the style stands instead; it puts configuration into /etc and state into /var also where the recipe says no --sysconfdir and --localstatedir and they would lie below /usr; meson adds --libdir=/usr/lib --wrap-mode=nodownload, cmake -DCMAKE_POLICY_VERSION_MINIMUM=3.5 -DCMAKE_INSTALL_LIBDIR=lib',
    );
    find(
      'changed',
      'fixup',
      'after the build igos strips what a style compiled, where the build has `strip`, and removes libtool archives and the like (`strip`, `tidy`)',
    );
    find(
      'changed',
      'supersedes',
      'the successor is laid over the old package; igos-build adds no edge for it, and may build it first',
    );
  }
}

/** The folders with a recipe; of others that lie beside them something is said. */
function findPlaces(folder: Folder, findings: Finding[]): { tier: string; name: string; path: string }[] {
  const places = [];
  const leave = (about: string, text: string): void => void findings.push({ kind: 'missing', about, text });
  for (const tier of folder.names('packages')) {
    const kind = folder.kindOf(`packages/${tier}`);
    if (kind === 'other') leave(`packages/${tier}`, 'is a link or a special file, which is not followed');
    if (kind !== 'folder') continue;
    for (const name of folder.names(`packages/${tier}`)) {
      const path = `packages/${tier}/${name}`;
      const recipe = folder.kindOf(`${path}/package.yml`);
      if (recipe === 'file') places.push({ tier, name, path });
      else if (recipe === undefined && folder.kindOf(path) === 'folder')
        leave(path, 'has no package.yml: nothing of it is taken');
      else if (recipe !== undefined) leave(`${path}/package.yml`, 'is no ordinary file: nothing of the package is taken');
      else if (folder.kindOf(path) === 'other') leave(path, 'is a link or a special file, which is not followed');
    }
  }
  return places;
}

function readRecipes(
  folder: Folder,
  places: readonly { readonly tier: string; readonly name: string; readonly path: string }[],
  findings: Finding[],
): { packages: Map<string, Recipe>; places: Map<string, string> } {
  const packages = new Map<string, Recipe>();
  const placeOf = new Map<string, string>();
  const problems: Fault[] = [];
  for (const place of places) {
    try {
      const recipe = readRecipe(folder.source(`${place.path}/package.yml`), place, findings);
      const before = placeOf.get(recipe.name);
      if (before !== undefined) {
        throw new Fault('E-IMPORT-005', `'${recipe.name}' is the name of two packages: in '${before}' and '${place.path}'`);
      }
      if (recipe.tier !== place.tier) {
        findings.push({ kind: 'odd', name: recipe.name, about: 'tier', text: `lies in packages/${place.tier}` });
      }
      packages.set(recipe.name, recipe);
      placeOf.set(recipe.name, place.path);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      problems.push(error);
    }
  }
  if (problems.length > 0) throw problems.length === 1 ? problems[0] : new Faults(problems);
  return { packages, places: placeOf };
}

function countEdges(packages: ReadonlyMap<string, Recipe>): ImportReport['edges'] {
  const edges = { build: 0, host: 0, runtime: 0, supersedes: 0 };
  for (const recipe of packages.values()) {
    for (const kind of EDGES) edges[kind] += recipe.dependencies[kind].filter(({ name }) => packages.has(name)).length;
    edges.supersedes += recipe.supersedes.length;
  }
  return edges;
}

/** In the layout of `igos fmt`. */
function formatted(name: string, text: string): Buffer {
  const source = new SourceFile(name, Buffer.from(text, 'utf8').toString('latin1'));
  const { text: out, diagnostics } = format(source, name.endsWith('.nix') ? 'nix' : 'igos');
  if (diagnostics.length > 0) throw diagnostics[0]!;
  return Buffer.from(out, 'latin1');
}

/** @source igos-build's environment of a phase, as far as it does not depend on the machine */
const ENVIRONMENT = `# What igos-build sets for every phase.\n${writeData(
  {
    CFLAGS: '-march=x86-64-v2 -mtune=generic -O2 -pipe',
    CXXFLAGS: '-march=x86-64-v2 -mtune=generic -O2 -pipe',
    GI_TYPELIB_PATH: '/usr/lib/girepository-1.0',
    LC_ALL: 'POSIX',
    PATH: '/opt/rustc/bin:/tools/bin:/usr/bin:/usr/sbin',
    PKG_CONFIG_LIBDIR: '/usr/lib/pkgconfig:/usr/lib64/pkgconfig:/usr/share/pkgconfig',
    XML_CATALOG_FILES: '/etc/xml/catalog',
  },
  '',
)}\n`;
