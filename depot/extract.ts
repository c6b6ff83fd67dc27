import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { dependencyOrder, Fault, never, removedAtEnd, sys, temporaryName, writeFileAtomic } from '../base/index.ts';
import { archiveHash } from './archive-hash.ts';
import { type ArchiveName, formatArchiveName, type VersionedName } from './archive-name.ts';
import type { DepotCode } from './codes.ts';
import { isBackup, makeContent } from './content.ts';
import { inParallel } from './in-parallel.ts';
import { depotPath, type Layout } from './layout.ts';
import { formatApi, formatHashFile, parseRecipeArchives } from './lists.ts';
import { nextVersion } from './next-version.ts';
import { putInPlace } from './put-in-place.ts';
import {
  apiNames,
  findRecipe,
  isRecipeType,
  type Recipe,
  type RecipeType,
  recipeFile,
  recipeNeeds,
  type SourceTree,
} from './recipe.ts';
import { problemOfRuntime } from './runtime-file.ts';

export interface ExtractOptions {
  /** Absolute. */
  readonly depot: string;
  readonly layout: Layout;
  /** Make again what is there. */
  readonly force?: boolean;
  /** Give a new version to what changed, also of what is there, and write it into the recipe. */
  readonly updateVersions?: boolean;
  /** `YYYY-MM-DD`: what new versions are made of. */
  readonly today: string;
  /** How many recipes run at once. */
  readonly jobs: number;
  readonly onExtracted?: (archive: ExtractedArchive) => void;
}

export interface ExtractedArchive {
  readonly archive: VersionedName;
  readonly hash: string;
  /** `present`: it was there; what its recipe makes now was looked at with `updateVersions` only. */
  readonly outcome: 'created' | 'new version' | 'present';
  /** Sources without a file at their top that says under which license they may be used. */
  readonly lacksLicense: boolean;
}

/**
 * Makes archives from their recipes, and before them those that they need of the same source tree: APIs, then sources and raw data, then
 * packages. An archive stands in the depot whole or not at all.
 *
 * @returns all of them, those that were needed too, in that order
 * @throws Fault E-DEPOT-004 to E-DEPOT-009; what was made before stays
 */
export async function extractArchives(
  wanted: readonly ArchiveName[],
  tree: SourceTree,
  options: ExtractOptions,
): Promise<ExtractedArchive[]> {
  const done: ExtractedArchive[] = [];
  for (const group of inOrder(wanted, tree)) {
    // Packages may need each other, and cost little.
    const jobs = group[0]?.type === 'pkg' ? 1 : options.jobs;
    done.push(...(await inParallel(group, jobs, (item) => extractOne(item, tree, options))));
  }
  return done;
}

interface Item {
  readonly user: string;
  readonly type: RecipeType;
  readonly name: string;
}

// Three groups: APIs; sources and raw data; packages, each after those that it lists.
function inOrder(wanted: readonly ArchiveName[], tree: SourceTree): readonly (readonly Item[])[] {
  const groups: [Item[], Item[], Item[]] = [[], [], []];
  const items = new Map<string, Item>();
  const pathOf = (item: Item): string => {
    const path = `${item.user}/${item.type}/${item.name}`;
    if (!items.has(path)) items.set(path, item);
    return path;
  };
  const needsOf = (path: string): string[] => {
    const { user, type, name } = items.get(path)!;
    const recipe = findRecipe(tree, type, name);
    if (type === 'src') checkImplements(recipe);
    return recipeNeeds(recipe).map((need) => {
      if (need.type === 'api') findApi(recipe, need.name, tree);
      return pathOf({ user, type: need.type, name: need.name });
    });
  };
  const starts = wanted.map(({ user, type, name }) => pathOf({ user, type: recipeTypeOf(type, user, name), name }));
  const order = dependencyOrder(starts, needsOf, (circle) => {
    throw new Fault('E-DEPOT-003' satisfies DepotCode, `the recipe of '${circle[0]}' needs itself`, {
      notes: [[...circle, circle[0]].join(' → ')],
      hints: ["take one of these lines out of the 'archives' files"],
    });
  });
  for (const path of order) {
    const item = items.get(path)!;
    groups[item.type === 'api' ? 0 : item.type === 'pkg' ? 2 : 1].push(item);
  }
  return groups;
}

// Whoever replaces one implementation of an API by another counts on it.
function checkImplements(recipe: Recipe): void {
  const names = apiNames(recipe, 'api');
  if (names.length <= 1) return;
  throw new Fault(
    'E-DEPOT-004' satisfies DepotCode,
    `the source '${recipe.name}' implements ${names.length} APIs: a source has one`,
    {
      notes: [`its file 'api' names ${names.join(', ')}`],
      hints: [`leave one name in '${join(recipe.folder, 'api')}'; an API may hold several libraries`],
    },
  );
}

// A binary is made of its source.
function recipeTypeOf(type: ArchiveName['type'], user: string, name: string): RecipeType {
  if (type === 'bin' || type === 'dbg') return 'src';
  if (isRecipeType(type)) return type;
  throw new Fault('E-DEPOT-004' satisfies DepotCode, `an archive of type '${type}' has no recipe: '${user}/${type}/${name}'`, {
    hints: ['recipes make raw, api, src and pkg archives'],
  });
}

async function extractOne(item: Item, tree: SourceTree, options: ExtractOptions): Promise<ExtractedArchive> {
  const recipe = findRecipe(tree, item.type, item.name);
  const stated: VersionedName = { ...item, version: recipe.version };
  const place = join(options.depot, depotPath(stated, options.layout));
  const isKept = existsSync(place) && !options.force;
  const present: ExtractedArchive = { archive: stated, hash: recipe.hash, outcome: 'present', lacksLicense: false };
  if (isKept && !options.updateVersions) return report(present, options);
  const folder = temporaryName(place);
  sys('make the folder', folder, () => mkdirSync(folder, { recursive: true }));
  using _ = removedAtEnd(folder);
  const hash = await fill(recipe, item.user, tree, folder, options);
  const lacksLicense = (item.type === 'api' || item.type === 'src') && !readdirSync(folder).some(isLicense);
  if (hash === recipe.hash) {
    if (isKept) return report(present, options);
    putWithHash(folder, place, hash);
    return report({ archive: stated, hash, outcome: 'created', lacksLicense }, options);
  }
  const version = nextVersion(recipe.version, options.today);
  if (!options.updateVersions) throw outOfDate(recipe, version, hash);
  const archive = { ...item, version };
  putWithHash(folder, join(options.depot, depotPath(archive, options.layout)), hash);
  // The archive first: a recipe never names a version that is nowhere.
  writeFileAtomic(join(recipe.folder, 'hash'), formatHashFile(version, hash));
  if (item.type === 'src') removeStaleBinaries(archive, options);
  return report({ archive, hash, outcome: 'new version', lacksLicense }, options);
}

// LICENSE, LICENSE.txt, LICENCE: whatever a person looks for.
const isLicense = (name: string): boolean => /^(LICEN[CS]E|COPYING)/i.test(name);

function report(archive: ExtractedArchive, options: ExtractOptions): ExtractedArchive {
  options.onExtracted?.(archive);
  return archive;
}

// Fills the folder; returns the hash that the recipe is compared with.
async function fill(recipe: Recipe, user: string, tree: SourceTree, folder: string, options: ExtractOptions): Promise<string> {
  const layout = options.layout;
  switch (recipe.type) {
    case 'pkg':
      return fillPackage(recipe, user, tree, folder, layout);
    case 'api':
    case 'raw':
    case 'src':
      await makeContent(recipe, tree, folder);
      removeBackups(folder);
      if (recipe.type === 'api') addLibraryDescription(recipe, folder);
      if (recipe.type === 'src')
        for (const file of ['used_apis', 'api'] as const) writeApis(recipe, user, file, tree, folder, layout);
      return archiveHash(folder, layout);
    default:
      return never(recipe.type);
  }
}

function removeBackups(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (isBackup(entry.name)) rmSync(join(entry.parentPath, entry.name), { recursive: true, force: true });
  }
}

// Genode's build system finds a library by this file.
function addLibraryDescription({ name }: Recipe, folder: string): void {
  const file = join(folder, 'lib', 'mk', `${name}.mk`);
  if (existsSync(file)) return;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, '');
}

function writeApis(
  recipe: Recipe,
  user: string,
  file: 'used_apis' | 'api',
  tree: SourceTree,
  folder: string,
  layout: Layout,
): void {
  const lines = apiNames(recipe, file).map((name) =>
    formatApi({ user, type: 'api', name, version: findApi(recipe, name, tree).version }, user, layout),
  );
  if (lines.length > 0) writeFileSync(join(folder, file), lines.map((line) => `${line}\n`).join(''));
}

function findApi(recipe: Recipe, name: string, tree: SourceTree): Recipe {
  try {
    return findRecipe(tree, 'api', name);
  } catch (cause) {
    if (!(cause instanceof Fault) || cause.code !== 'E-DEPOT-004') throw cause;
    throw new Fault(
      'E-DEPOT-006' satisfies DepotCode,
      `the source '${recipe.name}' uses the API '${name}', of which there is no recipe`,
      {
        hints: cause.hints,
        cause,
      },
    );
  }
}

/** The hash of a package archive is taken with `_` in place of the user, so that everybody's is the same. */
function fillPackage(recipe: Recipe, user: string, tree: SourceTree, folder: string, layout: Layout): string {
  const files = readdirSync(recipe.folder, { withFileTypes: true }).filter(
    ({ name }) => !name.startsWith('.') && !isBackup(name) && name !== 'archives' && name !== 'hash',
  );
  const problem = packageProblem(recipe, files);
  if (problem !== undefined) throw problem;
  for (const { name } of files) copyFileSync(join(recipe.folder, name), join(folder, name));
  const lines = parseRecipeArchives(recipeFile(recipe, 'archives') ?? '').map((entry) => {
    if ('foreign' in entry) return entry.foreign;
    const { type, name } = entry.own;
    if (!isRecipeType(type)) return `_/${type}/${name}`;
    return depotPath({ user: '_', type, name, version: findRecipe(tree, type, name).version }, layout);
  });
  const withoutUser = join(folder, '_archives');
  writeFileSync(withoutUser, lines.map((line) => `${line}\n`).join(''));
  const hash = archiveHash(folder, layout);
  rmSync(withoutUser);
  writeFileSync(join(folder, 'archives'), lines.map((line) => `${line.replace(/^_(?=\/)/, user)}\n`).join(''));
  return hash;
}

function packageProblem(recipe: Recipe, files: readonly { readonly name: string; isDirectory(): boolean }[]): Fault | undefined {
  const name = `pkg/${recipe.name}`;
  if (!files.some((file) => file.name === 'README')) {
    return new Fault('E-DEPOT-004' satisfies DepotCode, `the recipe of '${name}' has no README`, {
      hints: [`say in '${join(recipe.folder, 'README')}' what the package is for`],
    });
  }
  const runtime = recipeFile(recipe, 'runtime');
  const wrong = runtime === undefined ? undefined : problemOfRuntime(runtime);
  if (wrong !== undefined) {
    return new Fault('E-DEPOT-004' satisfies DepotCode, `the file 'runtime' of '${name}' could not start anything: ${wrong}`, {
      hints: [
        `mend '${join(recipe.folder, 'runtime')}'; it begins with a line like: runtime | ram: 12M | caps: 350 | binary: init`,
      ],
    });
  }
  const subfolder = files.find((file) => file.isDirectory());
  if (subfolder !== undefined) {
    return new Fault(
      'E-DEPOT-004' satisfies DepotCode,
      `the recipe of '${name}' has a folder '${subfolder.name}', and package archives have none`,
      {
        hints: ['put files into a raw archive, and list that'],
      },
    );
  }
  return undefined;
}

function putWithHash(folder: string, place: string, hash: string): void {
  putInPlace(folder, place);
  writeFileAtomic(`${place}.hash`, `${hash}\n`);
}

// A version that is made anew may have been built under the same name before.
function removeStaleBinaries(source: VersionedName, { depot, layout }: ExtractOptions): void {
  const folder = join(depot, source.user, 'bin');
  if (!existsSync(folder)) return;
  for (const arch of readdirSync(folder)) {
    const binary = join(depot, depotPath({ ...source, type: 'bin', arch }, layout));
    rmSync(`${binary}.hash`, { force: true });
    rmSync(binary, { recursive: true, force: true });
  }
}

function outOfDate(recipe: Recipe, version: string, hash: string): Fault {
  const file = join(recipe.folder, 'hash');
  const what = `${recipe.type}/${recipe.name}`;
  // What begins with `- -`.
  const isNew = recipe.version === '-';
  return new Fault(
    'E-DEPOT-008' satisfies DepotCode,
    isNew ? `'${what}' has no version yet` : `the content of '${what}' changed since version ${recipe.version}`,
    {
      notes: isNew ? [] : [`its recipe says ${recipe.hash}`, `its content has ${hash}`],
      hints: [
        `--update-versions gives it a ${isNew ? 'first' : 'new'} version`,
        `or say it yourself: echo "${version} ${hash}" > ${file}`,
      ],
    },
  );
}

/** For messages: `genodelabs/src/zlib/2024-02-01`, and whether it is new. */
export const extractedLine = ({ archive, outcome }: ExtractedArchive): string =>
  `created ${formatArchiveName(archive)}${outcome === 'new version' ? ' (new version)' : ''}`;
