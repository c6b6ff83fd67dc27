import { resolve } from 'node:path';
import { unpackNar } from '../../store/index.ts';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { withInputSource } from '../nar-input.ts';
import { wordToBytes } from '../words.ts';

export function run(context: Context, args: Arguments): undefined {
  const path = resolve(context.workingDirectory, args.operands[0]!);
  const file = args.value('from') ?? '-';
  withInputSource(context, file, (source) => unpackNar(source, wordToBytes(path)));
  if (context.isJson) context.out.json({ path });
}
