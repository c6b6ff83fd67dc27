import { dependenciesOf, formatArchiveName } from '../../depot/index.ts';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { depotWords, saysWhatItIs } from '../depot-words.ts';

export async function run(context: Context, args: Arguments): Promise<number> {
  const words = depotWords(context, args);
  if (await saysWhatItIs(context, words, 'dependencies')) return 0;
  const { archives, missing } = dependenciesOf(words.archives('versioned'), words.depot, { withDebug: words.has('debug') });
  if (context.isJson) {
    context.out.json({ archives: archives.map(formatArchiveName), missing: missing.map(formatArchiveName) });
  } else {
    for (const archive of archives) context.out.line(formatArchiveName(archive));
    if (missing.length > 0) {
      context.out.talk('missing in the depot:');
      for (const archive of missing) context.out.talk(`  ${formatArchiveName(archive)}`);
    }
  }
  return missing.length > 0 ? 1 : 0;
}
