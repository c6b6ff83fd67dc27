import { resolve } from 'node:path';
import { importIntergenos } from '../../import/index.ts';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { finishImport } from '../finish-import.ts';

export function run(context: Context, args: Arguments): undefined {
  const [from] = args.operands as [string];
  const path = resolve(context.workingDirectory, from);
  finishImport(context, args, path, importIntergenos(path, from));
}
