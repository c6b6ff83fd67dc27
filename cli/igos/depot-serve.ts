import { indexPage, serveDepot } from '../../depot/index.ts';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { depotWords } from '../depot-words.ts';

export async function run(context: Context, args: Arguments): Promise<number> {
  const words = depotWords(context, args);
  const host = args.value('host') ?? '127.0.0.1';
  let url = '';
  const server = await serveDepot({
    publicFolder: words.publicFolder,
    host,
    port: args.number('port', 8000, 0),
    page: () => indexPage({ publicFolder: words.publicFolder, layout: words.depot.layout, depot: words.depot, address: url }),
    onRequest: ({ method, url: asked, status }) => {
      if (!context.isQuiet) context.out.talk(`${method} ${JSON.stringify(asked).slice(1, -1)} ${status}`);
    },
    onFailure: (error) => context.out.talk(`error: ${error instanceof Error ? error.message : String(error)}`),
  });
  url = `http://${host.includes(':') ? `[${host}]` : host}:${server.port}`;
  if (context.isJson) context.out.json({ url });
  else context.out.line(url);
  await new Promise<void>((done) => {
    process.once('SIGINT', () => done());
    process.once('SIGTERM', () => done());
  });
  await server.close();
  return 0;
}
