import { findRecipe, formatArchiveName } from '../../depot/index.ts';
import { type Arguments, UsageError } from '../arguments.ts';
import type { Context } from '../context.ts';
import { depotWords, saysWhatItIs } from '../depot-words.ts';
import { build } from './depot-build.ts';
import { extract, recordOf } from './depot-extract.ts';

export async function run(context: Context, args: Arguments): Promise<undefined> {
  const words = depotWords(context, args);
  if (await saysWhatItIs(context, words, 'create')) return;
  const ofTrees = words.names.filter((name) => name.includes('#'));
  if (ofTrees.length > 0) {
    if (ofTrees.length < words.names.length) {
      throw new UsageError('packages of a tree and archives of recipes are made apart', ['run igos depot create twice']);
    }
    const { createFromTrees } = await import('../depot-packages.ts');
    const packages = await createFromTrees(context, args, words, ofTrees);
    if (context.isJson) context.out.json({ archives: packages.map((archive) => ({ archive: formatArchiveName(archive) })) });
    return;
  }
  const made = await extract(context, words);
  const tree = words.tree();
  // Their versions are those of the recipes as they are now.
  const wanted = words
    .archives('current')
    .filter(({ arch }) => arch !== undefined)
    .map((archive) => ({ ...archive, version: findRecipe(tree, archive.type === 'pkg' ? 'pkg' : 'src', archive.name).version }));
  const built = wanted.length === 0 ? [] : await build(context, words, wanted, rebuilds(args, words.has('force')));
  if (context.isJson) context.out.json({ archives: made.map(recordOf), built: built.map(formatArchiveName) });
}

// FORCE=1 builds anew what it extracts anew, unless REBUILD= says that it shall not.
function rebuilds(args: Arguments, isForced: boolean): boolean {
  if (args.operands.includes('REBUILD=') || args.has('no-rebuild')) return false;
  return isForced || args.has('rebuild') || args.operands.some((word) => /^REBUILD=./.test(word));
}
