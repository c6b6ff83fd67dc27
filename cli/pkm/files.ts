import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { openForReading } from '../root-reading.ts';

export function run(context: Context, args: Arguments): undefined {
  using root = openForReading(args);
  const rows = root.files(args.operands[0]!);
  if (context.isJson) context.out.json({ files: rows });
  else
    for (const { path, kind, target } of rows)
      context.out.line(`/${path}${kind === 'directory' ? '/' : ''}${kind === 'symlink' ? ` -> ${target}` : ''}`);
}
