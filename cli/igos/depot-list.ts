import { existsSync } from 'node:fs';
import {
  type Depot,
  findRecipe,
  formatArchiveName,
  listDepot,
  listPublished,
  listRecipes,
  type VersionedName,
} from '../../depot/index.ts';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { type DepotWords, depotWords } from '../depot-words.ts';

export function run(context: Context, args: Arguments): undefined {
  const words = depotWords(context, args);
  if (words.has('recipes')) return listOfRecipes(context, words);
  const all = words.has('published') ? listPublished(words.publicFolder, words.depot.layout) : listDepot(words.depot);
  const published = new Set(listPublished(words.publicFolder, words.depot.layout).map(formatArchiveName));
  const shown = all.filter((archive) => matches(formatArchiveName(archive), words.names));
  if (context.isJson) {
    context.out.json({ archives: shown.map((archive) => recordOf(archive, words.depot, published)) });
    return;
  }
  for (const archive of shown) context.out.line(formatArchiveName(archive));
}

const recordOf = (archive: VersionedName, depot: Depot, published: ReadonlySet<string>) => ({
  archive: formatArchiveName(archive),
  ...archive,
  hash: depot.hash(archive),
  isPublished: published.has(formatArchiveName(archive)),
});

// Each operand is the beginning of a name, up to a slash: alan, alan/src, alan/src/zlib.
const matches = (name: string, beginnings: readonly string[]): boolean =>
  beginnings.length === 0 ||
  beginnings.some((beginning) => name === beginning || name.startsWith(`${beginning.replace(/\/+$/, '')}/`));

function listOfRecipes(context: Context, words: DepotWords): undefined {
  const tree = words.tree();
  const rows = (['api', 'raw', 'src', 'pkg'] as const).flatMap((type) =>
    listRecipes(tree, type)
      .filter((name) => matches(`${type}/${name}`, words.names))
      .map((name) => {
        const hashFiles = tree.repositories.filter((repository) => existsSync(`${repository}/recipes/${type}/${name}/hash`));
        return hashFiles.length === 1 ? { type, name, version: findRecipe(tree, type, name).version } : { type, name };
      }),
  );
  if (context.isJson) context.out.json({ recipes: rows });
  else
    for (const { type, name, version } of rows) context.out.line(`${type}/${name}${version === undefined ? '' : ` ${version}`}`);
}
