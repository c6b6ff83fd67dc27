import { resolve } from 'node:path';
import { loadIntergenos } from '../../import/index.ts';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { finishImport } from '../finish-import.ts';

export async function run(context: Context, args: Arguments): Promise<undefined> {
  const [from] = args.operands as [string];
  const path = resolve(context.workingDirectory, from);
  const { importIntergenos } = await loadIntergenos();
  finishImport(context, args, path, () => importIntergenos(path, from));
}
