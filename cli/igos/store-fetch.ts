import { type Fault, withoutSecrets } from '../../base/index.ts';
import { type Download, type DownloadOptions, type DownloadRequest, download } from '../../builder/index.ts';
import { formatHash, type ObjectStore, parseStoreName } from '../../store/index.ts';
import { type Arguments, UsageError } from '../arguments.ts';
import { stoppable } from '../caches.ts';
import type { Context } from '../context.ts';
import { FetchedFolder, isFresh } from '../fetched.ts';
import { openContextStore } from '../open-store.ts';
import { openProgress } from '../progress/open.ts';

export async function run(context: Context, args: Arguments): Promise<undefined> {
  const isTree = args.has('unpack');
  const given = args.value('name');
  if (given !== undefined && args.operands.length > 1)
    throw new UsageError('--name is the name of one file', ['fetch them one by one']);
  const maxAgeSeconds = args.has('max-age') ? args.number('max-age', 0, 0) : 0;
  const requests = args.operands.map((url) => ({ url, name: parseStoreName(given ?? nameOf(url, isTree)), isTree }));
  using store = openContextStore(context);
  const folder = new FetchedFolder(context.home, store);
  const rows = [];
  const progress = await openProgress(context);
  try {
    for (const request of requests) {
      const { url } = request;
      const shown = withoutSecrets(url);
      let isStarted = false;
      const onProgress = (done: number, total: number | undefined): void => {
        if (!isStarted) progress.start(url, `fetching ${shown}`);
        isStarted = true;
        progress.detail(url, 'received', { done, total });
      };
      const found = await stoppable((signal) =>
        fetchAnew(store, folder, request, {
          maxAgeSeconds,
          signal,
          onProgress,
          ...(maxAgeSeconds > 0 ? { onOld: ({ message, notes }) => progress.note(oldText(message, notes)) } : {}),
        }),
      );
      if (isStarted) progress.finish(url, 'done');
      const { path, digest, lastModified } = found;
      rows.push({ url, path, hash: formatHash(digest, 'sri'), ...(lastModified === undefined ? {} : { lastModified }) });
    }
  } finally {
    progress.stop();
  }
  if (context.isJson) context.out.json({ paths: rows });
  else for (const { path, hash } of rows) context.out.line(`${path}  ${hash}`);
}

interface FetchAnew extends DownloadOptions {
  /** What was fetched so recently is taken as it is. */
  readonly maxAgeSeconds: number;
  /** Told why a server could not be asked whether it has something new; without it that fails. */
  readonly onOld?: (reason: Fault) => void;
}

/** What stands at an address, in the store and held. @throws as `download` */
async function fetchAnew(
  store: ObjectStore,
  folder: FetchedFolder,
  request: DownloadRequest,
  options: FetchAnew,
): Promise<Download> {
  const known = folder.find(request);
  if (known !== undefined && isFresh(known, options.maxAgeSeconds)) return known;
  let found: Download;
  try {
    found = (await download(store, { ...request, known: known?.version }, options)) ?? known!;
  } catch (error) {
    if (known === undefined || options.onOld === undefined || options.signal.aborted) throw error;
    options.onOld(error as Fault);
    return known;
  }
  folder.keep(request, found);
  return found;
}

const oldText = (message: string, notes: readonly string[]): string =>
  `warning: ${[message, ...notes].join(': ')}; what was fetched before is taken`;

/** As Nix calls them. */
function nameOf(url: string, isTree: boolean): string {
  if (isTree) return 'source';
  const path = URL.parse(url)?.pathname ?? url;
  const name = path.replace(/\/+$/, '').split('/').at(-1)!;
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
