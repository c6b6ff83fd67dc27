import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { sys } from '../../base/index.ts';
import { loadPiGen } from '../../import/index.ts';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { finishImport } from '../finish-import.ts';

export async function run(context: Context, args: Arguments): Promise<undefined> {
  const [from] = args.operands as [string];
  const path = resolve(context.workingDirectory, from);
  const configs = args.all('config').map(([name = '']) => {
    const file = resolve(context.workingDirectory, name);
    return { name, text: sys('read', file, () => readFileSync(file, 'utf8')) };
  });
  const { importPiGen } = await loadPiGen();
  await finishImport(context, args, { of: 'pi-gen', from: path, read: () => importPiGen(path, from, { configs }) });
}
