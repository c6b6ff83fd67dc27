import { type ArchiveName, buildArchives, formatArchiveName, type VersionedName } from '../../depot/index.ts';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { type DepotWords, depotWords, saysWhatItIs } from '../depot-words.ts';

export async function run(context: Context, args: Arguments): Promise<undefined> {
  const words = depotWords(context, args);
  if (await saysWhatItIs(context, words, 'build')) return;
  // In 2017 FORCE=1 was what REBUILD=1 is.
  const built = await build(context, words, words.archives('versioned'), words.has('rebuild') || words.has('force'));
  if (context.isJson) context.out.json({ built: built.map(formatArchiveName) });
}

/** Builds the binaries of archives, and says each one. */
export async function build(
  context: Context,
  words: DepotWords,
  archives: readonly ArchiveName[],
  rebuild: boolean,
): Promise<VersionedName[]> {
  return buildArchives(archives, words.tree(), {
    depot: words.depot,
    rebuild,
    keepBuildDir: words.has('keep-build-dir'),
    withDebug: words.has('debug'),
    ccache: words.has('ccache'),
    jobs: words.jobs,
    settings: words.others,
    onWait: (archive, pid) => context.out.talk(`waiting for process ${pid}, which builds ${formatArchiveName(archive)}`),
    onBuilt: (archive) => {
      if (!context.isJson) context.out.line(`created ${formatArchiveName(archive)}`);
    },
  });
}
