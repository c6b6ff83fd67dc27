import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { openContextStore } from '../open-store.ts';
import { formatBytes } from '../progress/model.ts';
import { openForChange } from '../roots.ts';

export async function run(context: Context, args: Arguments): Promise<undefined> {
  using store = openContextStore(context);
  using root = openForChange(context, args, store, 'pkm cache clean');
  const isPlan = args.has('dry-run');
  const { nFiles, sizeBytes } = await root.cleanCache({ all: args.has('all'), dryRun: isPlan });
  if (context.isJson) context.out.json({ files: nFiles, sizeBytes, dryRun: isPlan });
  else context.out.line(`${isPlan ? 'would remove' : 'removed'} ${nFiles} files, ${formatBytes(sizeBytes)}`);
}
