import { isWrittenCompression, loadCaches } from '../../store/index.ts';
import type { Arguments } from '../arguments.ts';
import { secretKeys } from '../caches.ts';
import type { Context } from '../context.ts';
import { openContextStore } from '../open-store.ts';

const MIB = 1 << 20;

export async function run(context: Context, args: Arguments): Promise<number> {
  const { serveCache } = await loadCaches();
  using store = openContextStore(context);
  const compression = args.value('compression') ?? 'zstd';
  const host = args.value('host') ?? '127.0.0.1';
  const keys = await secretKeys(context, args);
  const server = await serveCache(store, {
    host,
    port: args.number('port', 8080, 0),
    keys,
    compression: isWrittenCompression(compression) ? compression : 'zstd',
    priority: args.number('priority', 50, 0),
    maxCacheBytes: args.number('keep', 4096, 0) * MIB,
    onRequest: ({ method, url, status, bytes }) => {
      if (!context.isQuiet) context.out.talk(`${method} ${JSON.stringify(url).slice(1, -1)} ${status} ${bytes}`);
    },
    onFailure: (error) => context.out.talk(`error: ${error instanceof Error ? error.message : String(error)}`),
  });
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${server.port}`;
  if (context.isJson) context.out.json({ url, publicKeys: keys.map((key) => key.publicKey.text) });
  else context.out.line(url);
  await new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
  });
  await server.close();
  return 0;
}
