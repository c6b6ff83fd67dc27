import { resolve } from 'node:path';
import { textToBytes } from '../../base/index.ts';
import { dumpNar } from '../../store/index.ts';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { openContextStore } from '../open-store.ts';
import { realOperand } from '../store-operands.ts';

export function run(context: Context, args: Arguments): undefined {
  using store = openContextStore(context);
  const source = realOperand(store, resolve(context.workingDirectory, args.operands[0]!));
  dumpNar(textToBytes(source), (chunk) => context.out.write(1, Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)));
}
