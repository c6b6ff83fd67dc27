import { availableParallelism } from 'node:os';
import { type Bytes, Fault, textToBytes } from '../../base/index.ts';
import { develop } from '../../builder/index.ts';
import { type Arguments, UsageError } from '../arguments.ts';
import type { Context } from '../context.ts';
import { realizeTargets } from '../realizing.ts';
import { openSession } from '../session.ts';
import { resolveTargets } from '../targets.ts';

const ENDING = ['SIGTERM', 'SIGHUP'] as const;

export async function run(context: Context, args: Arguments): Promise<number> {
  const command = commandOf(args);
  using session = openSession(context, args, { isReadOnly: false });
  const targets = resolveTargets(context, args, session);
  const [drvPath, ...others] = new Set(targets.flatMap((target) => target.drvPath ?? []));
  if (drvPath === undefined || others.length > 0) {
    throw new Fault('E-CLI-080', `'${args.operands[0]}' is ${drvPath === undefined ? 'not built' : 'more than one package'}`, {
      hints: ['name one package that is built: TREE#NAME'],
    });
  }
  const { store } = session;
  const inputs = [...store.readDerivation(drvPath).inputDrvs].map(([input, outputs]) => ({
    label: input,
    drvPath: input,
    outputs,
  }));
  await realizeTargets(context, args, store, inputs);
  const controller = new AbortController();
  // Keys are the shell's; whoever asks igos itself to end, or takes the terminal away, ends both.
  const stop = (): void => controller.abort();
  const ignore = (): void => {};
  for (const signal of ENDING) process.once(signal, stop);
  process.on('SIGINT', ignore);
  try {
    return await develop(store, drvPath, {
      command,
      isUnpacked: args.has('unpack'),
      cores: availableParallelism(),
      signal: controller.signal,
    });
  } finally {
    for (const signal of ENDING) process.off(signal, stop);
    process.off('SIGINT', ignore);
  }
}

/** What the shell is to run; `undefined`: what is typed. */
function commandOf(args: Arguments): Bytes | readonly Bytes[] | undefined {
  const line = args.value('command');
  if (line !== undefined && args.rest.length > 0)
    throw new UsageError('--command and -- both say what to run', ['leave one of them away']);
  return args.rest.length > 0 ? args.rest.map(textToBytes) : line === undefined ? undefined : textToBytes(line);
}
