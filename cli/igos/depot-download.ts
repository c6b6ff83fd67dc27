import { downloadArchives, formatArchiveName, publicPath } from '../../depot/index.ts';
import type { Arguments } from '../arguments.ts';
import { stoppable } from '../caches.ts';
import type { Context } from '../context.ts';
import { depotWords, saysWhatItIs } from '../depot-words.ts';

export async function run(context: Context, args: Arguments): Promise<undefined> {
  const words = depotWords(context, args);
  if (await saysWhatItIs(context, words, 'download')) return;
  const imported = await stoppable((signal) =>
    downloadArchives(words.archives('versioned'), {
      depot: words.depot,
      publicFolder: words.publicFolder,
      ...(words.treeFolder === undefined ? {} : { tree: words.treeFolder }),
      jobs: words.jobs,
      withDebug: words.has('debug'),
      needsPath: words.has('require-path'),
      now: new Date(),
      signal,
      onEvent: (event) => {
        if (event.kind === 'fetch' && !context.isJson)
          context.out.line(`download ${publicPath(event.archive, words.depot.layout)}`);
      },
    }),
  );
  if (context.isJson) context.out.json({ imported: imported.map(formatArchiveName) });
}
