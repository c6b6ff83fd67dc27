import { count } from '../../base/index.ts';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { openContextStore } from '../open-store.ts';
import { isTerminal } from '../terminal.ts';

export async function run(context: Context, _args: Arguments): Promise<undefined> {
  using store = openContextStore(context);
  const { openProgress } = await import('../progress/open.ts');
  const progress = isTerminal(2) ? await openProgress(context) : undefined;
  progress?.start('optimise', 'sharing files');
  const result = store.optimise({
    onPath: (_path, done, total) => progress?.detail('optimise', `${done} of ${count(total, 'path')}`),
  });
  progress?.stop();
  if (context.isJson) {
    context.out.json(result);
    return;
  }
  const { nFiles, nReplaced, nBytesSaved } = result;
  context.out.line(
    `${nReplaced} of ${count(nFiles, 'file')} now share the bytes of others; ${(nBytesSaved / 2 ** 20).toFixed(1)} MiB saved`,
  );
}
