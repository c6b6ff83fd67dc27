import { count, formatBytes } from '../../base/index.ts';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { openForReading } from '../root-reading.ts';
import { openForChange } from '../roots.ts';

export async function run(context: Context, args: Arguments): Promise<undefined> {
  const isPlan = args.has('dry-run');
  using root = isPlan ? openForReading(args) : openForChange(context, args, 'pkm cache clean', { makesRoom: true });
  const found = await root.cleanCache({ all: args.has('all'), dryRun: isPlan });
  const nFiles = root.roomMade.nFiles + found.nFiles;
  const sizeBytes = root.roomMade.sizeBytes + found.sizeBytes;
  if (context.isJson) context.out.json({ files: nFiles, sizeBytes, dryRun: isPlan });
  else context.out.line(`${isPlan ? 'would remove' : 'removed'} ${count(nFiles, 'file')}, ${formatBytes(sizeBytes)}`);
}
