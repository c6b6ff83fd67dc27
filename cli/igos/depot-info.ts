import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '../../base/index.ts';
import {
  dependenciesOf,
  formatArchiveName,
  listDepot,
  loadOpenPgp,
  publicPath,
  readDownloadLocation,
  readPublicKeyFile,
  type VersionedName,
} from '../../depot/index.ts';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { type DepotWords, depotWords, saysWhatItIs } from '../depot-words.ts';

export async function run(context: Context, args: Arguments): Promise<undefined> {
  const words = depotWords(context, args);
  if (await saysWhatItIs(context, words, 'info')) return;
  const records = [];
  for (const archive of words.archives('versioned')) records.push(await recordOf(archive as VersionedName, words));
  if (context.isJson) return void context.out.json({ archives: records });
  records.forEach((record, i) => {
    if (i > 0) context.out.line('');
    for (const [key, value] of Object.entries(record)) {
      const texts = Array.isArray(value) ? value : [value];
      texts.forEach((text, j) => {
        if (text !== undefined) context.out.line(`${(j === 0 ? `${LABELS[key] ?? key}:` : '').padEnd(16)}${text}`);
      });
    }
  });
}

const LABELS: Readonly<Record<string, string>> = {
  archive: 'archive',
  path: 'path',
  isThere: 'in the depot',
  hash: 'hash',
  needs: 'needs',
  neededBy: 'needed by',
  published: 'published',
  key: 'key',
  download: 'download from',
};

async function recordOf(archive: VersionedName, words: DepotWords) {
  const { depot } = words;
  const name = formatArchiveName(archive);
  const file = join(words.publicFolder, publicPath(archive, depot.layout));
  const isThere = depot.has(archive);
  const others = listDepot(depot).filter(
    (other) => (other.type === 'pkg' || other.type === 'src') && formatArchiveName(other) !== name,
  );
  const places = { depot: depot.folder, ...(words.treeFolder === undefined ? {} : { tree: words.treeFolder }) };
  return {
    archive: name,
    path: depot.path(archive),
    isThere: isThere ? 'yes' : 'no',
    hash: depot.hash(archive),
    needs: isThere
      ? dependenciesOf([archive], depot)
          .archives.map(formatArchiveName)
          .filter((each) => each !== name)
      : [],
    neededBy: others
      .filter((other) => dependenciesOf([other], depot).archives.some((each) => formatArchiveName(each) === name))
      .map(formatArchiveName),
    published: existsSync(`${file}.sig`) ? `${file} (${statSync(file).size} bytes)` : 'no',
    key: await orReason(async () => {
      const { bytes, path } = readPublicKeyFile(archive.user, places);
      const { keys } = await (await loadOpenPgp()).readPublicKeys(bytes, path);
      return keys.map((key) => key.getFingerprint()).join(', ');
    }),
    download: await orReason(async () => readDownloadLocation(archive.user, places)),
  };
}

async function orReason(find: () => Promise<string>): Promise<string> {
  try {
    return await find();
  } catch (error) {
    if (error instanceof Fault) return `none: ${error.message}`;
    throw error;
  }
}
