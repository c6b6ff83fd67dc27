import { dependenciesOf, formatArchiveName } from '../../depot/index.ts';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { depotWords, someNames } from '../depot-words.ts';

export function run(context: Context, args: Arguments): number {
  const words = depotWords(context, args);
  someNames(words, 'dependencies');
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
