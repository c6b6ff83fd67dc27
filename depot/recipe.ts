import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compareBytes, Fault, suggest, sys } from '../base/index.ts';
import type { ArchiveType } from './archive-name.ts';
import type { DepotCode } from './codes.ts';
import { parseHashFile, parseRecipeArchives, words } from './lists.ts';

/** Where recipes are: a Genode source tree, or any folder with `repos/<repository>/recipes/<type>/<name>/`. */
export interface SourceTree {
  /** Absolute. */
  readonly folder: string;
  /** Absolute; those of `repos/` unless said. */
  readonly repositories: readonly string[];
}

export type RecipeType = Extract<ArchiveType, 'raw' | 'api' | 'src' | 'pkg'>;

/** What makes one archive. `version` and `hash` are what the recipe's `hash` file says now. */
export interface Recipe {
  readonly type: RecipeType;
  readonly name: string;
  readonly folder: string;
  /** The repository that it is in. */
  readonly repository: string;
  readonly version: string;
  readonly hash: string;
}

/** @throws SystemFault no such folder · Fault E-DEPOT-004 without repositories */
export function openSourceTree(folder: string, repositories?: readonly string[]): SourceTree {
  if (repositories !== undefined) return { folder, repositories };
  const repos = join(folder, 'repos');
  if (!existsSync(repos)) {
    throw new Fault('E-DEPOT-004' satisfies DepotCode, `there are no recipes in '${folder}': it has no folder 'repos'`, {
      hints: ['go to the top of the source tree, or name it with --tree DIR'],
    });
  }
  const found = sys('read the folder', repos, () => readdirSync(repos)).sort(compareBytes);
  return { folder, repositories: found.map((name) => join(repos, name)).filter((path) => existsSync(join(path, 'recipes'))) };
}

/** @throws Fault E-DEPOT-004 missing or incomplete · E-DEPOT-005 several repositories have it */
export function findRecipe(tree: SourceTree, type: RecipeType, name: string): Recipe {
  const candidates = tree.repositories.filter((repository) => existsSync(join(repository, 'recipes', type, name, 'hash')));
  const [repository, ...more] = candidates;
  if (repository === undefined) throw noRecipe(tree, type, name);
  if (more.length > 0) {
    throw new Fault('E-DEPOT-005' satisfies DepotCode, `the recipe of '${type}/${name}' is ambiguous`, {
      notes: candidates.map((candidate) => join(candidate, 'recipes', type, name)),
      hints: ['remove all but one of them, or name the repositories to use with --repositories'],
    });
  }
  const folder = join(repository, 'recipes', type, name);
  const stated = parseHashFile(readText(join(folder, 'hash')));
  if (stated === undefined) {
    throw new Fault(
      'E-DEPOT-004' satisfies DepotCode,
      `the recipe of '${type}/${name}' is incomplete: its file 'hash' is empty`,
      {
        hints: [`begin with: echo "- -" > ${join(folder, 'hash')}, and --update-versions`],
      },
    );
  }
  return { type, name, folder, repository, ...stated };
}

function noRecipe(tree: SourceTree, type: RecipeType, name: string): Fault {
  const withoutHash = tree.repositories.map((repository) => join(repository, 'recipes', type, name)).find(existsSync);
  if (withoutHash !== undefined) {
    return new Fault(
      'E-DEPOT-004' satisfies DepotCode,
      `the recipe of '${type}/${name}' is incomplete: '${withoutHash}' has no file 'hash'`,
      {
        hints: [`begin with: echo "- -" > ${join(withoutHash, 'hash')}, and --update-versions`],
      },
    );
  }
  const near = suggest(name, listRecipes(tree, type));
  return new Fault('E-DEPOT-004' satisfies DepotCode, `there is no recipe of '${type}/${name}'`, {
    notes: [`looked in ${tree.repositories.length} repositories of ${tree.folder}`],
    hints: near === undefined ? ["'igos depot list --recipes' shows what there is"] : [`did you mean '${type}/${near}'?`],
  });
}

/** Names of all recipes of a type, sorted. Cost: one `readdir` a repository. */
export function listRecipes(tree: SourceTree, type: RecipeType): string[] {
  const names = new Set<string>();
  for (const repository of tree.repositories) {
    const folder = join(repository, 'recipes', type);
    if (existsSync(folder))
      for (const entry of readdirSync(folder, { withFileTypes: true })) if (entry.isDirectory()) names.add(entry.name);
  }
  return [...names].sort(compareBytes);
}

/** Names of the recipes that a recipe needs, of its own source tree: APIs of a source; parts of a package, other packages first. */
export function recipeNeeds(recipe: Recipe): readonly { readonly type: RecipeType; readonly name: string }[] {
  switch (recipe.type) {
    case 'src':
      return [...apiNames(recipe, 'api'), ...apiNames(recipe, 'used_apis')].map((name) => ({ type: 'api' as const, name }));
    case 'pkg':
      return parseRecipeArchives(recipeFile(recipe, 'archives') ?? '').flatMap((entry) =>
        'own' in entry && isRecipeType(entry.own.type) ? [{ type: entry.own.type, name: entry.own.name }] : [],
      );
    default:
      return [];
  }
}

export const isRecipeType = (type: ArchiveType): type is RecipeType => ['raw', 'api', 'src', 'pkg'].includes(type);

/** Names in a source recipe's `used_apis` or `api`, which there have no versions. */
export const apiNames = (recipe: Recipe, file: 'used_apis' | 'api'): string[] => words(recipeFile(recipe, file) ?? '');

export function recipeFile(recipe: Recipe, file: string): string | undefined {
  const path = join(recipe.folder, file);
  return existsSync(path) ? readText(path) : undefined;
}

const readText = (path: string): string => sys('read', path, () => readFileSync(path, 'utf8'));
