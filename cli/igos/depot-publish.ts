import { existsSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { makeDirectory, writeFileAtomic } from '../../base/index.ts';
import { formatArchiveName, indexPage, type PublishedArchive, publishArchives } from '../../depot/index.ts';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { signerFor } from '../depot-keys.ts';
import { type DepotWords, depotWords, saysWhatItIs } from '../depot-words.ts';
import { whileOurs } from '../locked-folder.ts';

export async function run(context: Context, args: Arguments): Promise<undefined> {
  const words = depotWords(context, args);
  if (await saysWhatItIs(context, words, 'publish')) return;
  const isNew = !existsSync(words.publicFolder);
  makeDirectory(words.publicFolder);
  const published = await whileOurs(context, words.publicFolder, () => publish(context, args, words)).catch((error) => {
    if (isNew) removeEmpty(words.publicFolder);
    throw error;
  });
  if (context.isJson)
    context.out.json({ published: published.map(({ archive, file }) => ({ archive: formatArchiveName(archive), file })) });
}

/** Nothing was published: whoever looks for what was would find a folder. */
function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // something is in it
  }
}

async function publish(context: Context, args: Arguments, words: DepotWords): Promise<PublishedArchive[]> {
  const published = await publishArchives(words.archives('versioned'), {
    depot: words.depot,
    publicFolder: words.publicFolder,
    signerOf: (user) => signerFor(user, context, args, words),
    jobs: words.jobs,
    withDebug: words.has('debug'),
    allowBeyondGenode: words.has('beyond-genode'),
    onPublished: ({ file }) => {
      if (!context.isJson) context.out.line(`publish ${file}`);
    },
  });
  if (words.has('page')) {
    const page = indexPage({ publicFolder: words.publicFolder, layout: words.depot.layout, depot: words.depot });
    writeFileAtomic(join(words.publicFolder, 'index.html'), page);
  }
  return published;
}
