import { count } from '../../base/index.ts';
import { collectDepot, formatArchiveName, parseArchiveName } from '../../depot/index.ts';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { depotWords } from '../depot-words.ts';

export function run(context: Context, args: Arguments): undefined {
  const words = depotWords(context, args);
  const isDryRun = words.has('dry-run');
  const { removed, leftovers } = collectDepot(words.depot, {
    keep: args.all('keep').map(([name]) => parseArchiveName(name!, 'versioned')),
    keepNewest: !words.has('only-kept'),
    publicFolder: words.publicFolder,
    isDryRun,
  });
  if (context.isJson) context.out.json({ removed: removed.map(formatArchiveName), leftovers, isDryRun });
  else {
    for (const archive of removed) context.out.line(formatArchiveName(archive));
    context.out.talk(
      `${isDryRun ? 'would remove' : 'removed'} ${count(removed.length, 'archive')}, ${count(leftovers.length, 'leftover')}`,
    );
  }
}
