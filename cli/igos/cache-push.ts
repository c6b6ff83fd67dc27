import { tmpdir } from 'node:os';
import { count } from '../../base/index.ts';
import { isWrittenCompression, loadCaches } from '../../store/index.ts';
import type { Arguments } from '../arguments.ts';
import { assertCacheFirst, s3Credentials, secretKeys, stoppable } from '../caches.ts';
import type { Context } from '../context.ts';
import { openContextStore } from '../open-store.ts';
import { openProgress } from '../progress/open.ts';
import { validPaths } from '../valid-paths.ts';

export async function run(context: Context, args: Arguments): Promise<undefined> {
  const { openTransport, push } = await loadCaches();
  using store = openContextStore(context);
  const [address, ...operands] = args.operands;
  assertCacheFirst('push', operands);
  const paths = await validPaths(context, store, operands);
  const transport = openTransport(address!, { s3Credentials: (profile) => s3Credentials(context, profile) });
  const keys = await secretKeys(context, args);
  const compression = args.value('compression') ?? 'zstd';
  const closure = new Set(store.closure(paths));
  // Only a signed realisation is worth anything to others.
  const realisations = keys.length === 0 ? [] : store.allRealisations().filter(({ path }) => closure.has(path));
  const progress = await openProgress(context);
  let nSigned = 0;
  try {
    const pushed = await stoppable((signal) =>
      push(store, transport, paths, realisations, {
        compression: isWrittenCompression(compression) ? compression : 'zstd',
        keys,
        writesListings: args.has('listings'),
        jobs: args.number('jobs', 4),
        signal,
        scratchIn: tmpdir(),
        onEvent: (event) => {
          if (event.kind === 'plan') progress.total(event.nPaths);
          else if (event.kind === 'started') progress.start(event.path, `copying ${event.path}`);
          else if (event.kind === 'finished') progress.finish(event.path, 'done');
          else nSigned++;
        },
      }),
    );
    progress.stop();
    if (context.isJson) context.out.json({ pushed });
    else for (const path of pushed) context.out.line(path);
    if (nSigned > 0 && !context.isQuiet)
      context.out.talk(`signed ${count(nSigned, 'path')} that ${nSigned === 1 ? 'was' : 'were'} there`);
  } finally {
    progress.stop();
  }
}
