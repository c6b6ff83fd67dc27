import { resolve } from 'node:path';
import { dumpNar } from '../../store/index.ts';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { openContextStore } from '../open-store.ts';
import { realOperand } from '../store-operands.ts';
import { wordToBytes } from '../words.ts';

export function run(context: Context, args: Arguments): undefined {
  using store = openContextStore(context);
  const source = realOperand(store, wordToBytes(resolve(context.workingDirectory, args.operands[0]!)));
  dumpNar(source, (chunk) => context.out.write(1, Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)));
}
