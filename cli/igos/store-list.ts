import { compareBytes } from '../../base/index.ts';
import { parseStorePath } from '../../store/index.ts';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { openContextStore } from '../open-store.ts';
import { bytesToWord } from '../words.ts';

export function run(context: Context, args: Arguments): undefined {
  using store = openContextStore(context);
  const operand = args.operands[0];
  if (operand === undefined) {
    const paths = [...store.allPaths()].sort(compareBytes);
    if (context.isJson) context.out.json({ paths });
    else for (const path of paths) context.out.line(path);
    return;
  }
  const manifest = store.manifest(parseStorePath(operand, context.storeDir));
  const rows = manifest.map((entry) => ({
    ...entry,
    path: bytesToWord(entry.path),
    ...(entry.kind === 'symlink' ? { target: bytesToWord(entry.target) } : {}),
  }));
  if (context.isJson) {
    context.out.json({ path: operand, files: rows });
    return;
  }
  for (const row of rows) {
    if (row.kind === 'directory') context.out.line(`d ${''.padStart(10)} ${''.padEnd(64)} ${row.path}/`);
    else if (row.kind === 'symlink') context.out.line(`l ${''.padStart(10)} ${''.padEnd(64)} ${row.path} -> ${row.target}`);
    else context.out.line(`${row.isExecutable ? 'x' : 'f'} ${String(row.sizeBytes).padStart(10)} ${row.sha256} ${row.path}`);
  }
}
