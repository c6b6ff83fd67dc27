import { type ExtractedArchive, extractArchives, extractedLine, formatArchiveName } from '../../depot/index.ts';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { type DepotWords, depotWords, saysWhatItIs, todayOf } from '../depot-words.ts';

export async function run(context: Context, args: Arguments): Promise<undefined> {
  const words = depotWords(context, args);
  if (await saysWhatItIs(context, words, 'extract')) return;
  const made = await extract(context, words);
  if (context.isJson) context.out.json({ archives: made.map(recordOf) });
}

export const recordOf = ({ archive, hash, outcome, lacksLicense }: ExtractedArchive) => ({
  archive: formatArchiveName(archive),
  hash,
  outcome,
  ...(lacksLicense ? { lacksLicense } : {}),
});

/** Extracts what the words name, and says each archive that was made. */
export async function extract(context: Context, words: DepotWords): Promise<ExtractedArchive[]> {
  const { depot, jobs } = words;
  return extractArchives(words.archives('current'), words.tree(), {
    depot: depot.folder,
    layout: depot.layout,
    force: words.has('force'),
    updateVersions: words.has('update-versions'),
    today: todayOf(words),
    jobs,
    onExtracted: (one) => {
      if (!context.isJson && one.outcome !== 'present') context.out.line(extractedLine(one));
      if (one.lacksLicense && !context.isQuiet)
        context.out.talk(`warning: ${formatArchiveName(one.archive)} has no LICENSE at its top: nobody knows how it may be used`);
    },
  });
}
