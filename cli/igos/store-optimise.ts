import { count } from '../../base/index.ts';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { openContextStore } from '../open-store.ts';
import { withStatusLine } from '../progress/status-line.ts';

export async function run(context: Context, _args: Arguments): Promise<undefined> {
  using store = openContextStore(context);
  const result = withStatusLine(context, 'sharing files', (detail) =>
    store.optimise({ onPath: (_path, done, total) => detail(`${done} of ${count(total, 'path')}`) }),
  );
  if (context.isJson) {
    context.out.json(result);
    return;
  }
  const { nFiles, nReplaced, nBytesSaved } = result;
  context.out.line(
    `${nReplaced} of ${count(nFiles, 'file')} now share the bytes of others; ${(nBytesSaved / 2 ** 20).toFixed(1)} MiB saved`,
  );
}
