import { Fault, typedWord } from '../../base/index.ts';
import { loadCaches, parseStorePath, type StorePath } from '../../store/index.ts';
import type { Arguments } from '../arguments.ts';
import { assertCacheFirst, cachesOf, sayRefused, stoppable } from '../caches.ts';
import type { Context } from '../context.ts';
import { openContextStore } from '../open-store.ts';
import { openProgress } from '../progress/open.ts';
import { reportPull } from '../pulling.ts';

export async function run(context: Context, args: Arguments): Promise<undefined> {
  const { pull } = await loadCaches();
  using store = openContextStore(context);
  const [first, ...operands] = args.operands;
  assertCacheFirst('pull', operands);
  const paths = operands.map((operand) => pathIn(context, first!, operand));
  const progress = await openProgress(context);
  try {
    const result = await stoppable(async (signal) => {
      const checksSignatures = !args.has('no-check-sigs');
      const { caches, trust } = await cachesOf(context, args, store, { first: first!, signal, checksSignatures });
      return await pull(store, caches, paths, {
        trust,
        jobs: args.number('jobs', 8),
        signal,
        onEvent: (event) => {
          // With one cache its fault is what the command ends with.
          if (event.kind === 'refused') {
            if (caches.length > 1) sayRefused(context, event.fault);
          } else reportPull(progress, event);
        },
      });
    });
    progress.stop();
    if (context.isJson) context.out.json(result);
    else for (const path of result.pulled) context.out.line(path);
  } finally {
    progress.stop();
  }
}

/** What is not here yet has no other name: a package's output is known only to who says how it was built. */
function pathIn(context: Context, cache: string, operand: string): StorePath {
  try {
    return parseStorePath(operand, context.storeDir);
  } catch (error) {
    if (error instanceof Fault && operand.includes('#'))
      error.hints = [`a package is copied by: igos realize ${typedWord(operand)} --substituters ${typedWord(cache)}`];
    throw error;
  }
}
