import { type Arguments, UsageError } from '../arguments.ts';
import type { Context } from '../context.ts';
import { completionScript, SHELLS } from '../shell-completions.ts';

export function run(context: Context, args: Arguments): undefined {
  const shell = SHELLS.find((candidate) => candidate === args.operands[0]);
  if (!shell) throw new UsageError(`no completions for '${args.operands[0]}'`, [`there are: ${SHELLS.join(', ')}`]);
  context.out.bytes(Buffer.from(completionScript(shell), 'utf8').toString('latin1'));
}
