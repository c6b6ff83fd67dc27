import { count } from '../../base/index.ts';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { openContextStore } from '../open-store.ts';
import { withStatusLine } from '../progress/status-line.ts';

export async function run(context: Context, _args: Arguments): Promise<number> {
  using store = openContextStore(context);
  const result = withStatusLine(context, 'reading the store', (detail) =>
    store.rebuildIndex((_path, done, total) => detail(`${done} of ${count(total, 'path')}`)),
  );
  if (context.isJson) context.out.json(result);
  else {
    for (const { path, reason } of result.dropped) context.out.line(`${path}: ${reason}`);
    context.out.talk(`${count(result.nPaths, 'valid path')}, ${result.dropped.length} could not be taken over`);
    if (result.nRecovered > 0) {
      context.out.talk(`${result.nRecovered} of them were not in the log: how they were built, and their signatures, are lost`);
    }
    if (result.old !== undefined) context.out.talk(`the old index is in ${result.old}`);
  }
  return result.dropped.length > 0 ? 1 : 0;
}
