/**
 * An evaluation that was done before and whose every input is as it was is not done again: its output is printed and its result
 * handed on. A failed evaluation is not kept, nor one that read the clock.
 *
 * This file and what it imports are all that a repeated evaluation loads: no evaluator, no parser, no LMDB.
 *
 * @source docs/decisions/0005-evaluation-cache.md
 */
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { isLogged } from '../log.ts';
import { CacheFolder } from './folder.ts';
import { type EvaluationKey, evaluationKey } from './key.ts';
import { keepQuickAnswer, type TellIgos } from './quick-answer.ts';
import { decodeRecord, type EvaluationRecord, encodeRecord, type Write } from './record.ts';
import { Recorder } from './recorder.ts';
import { stillTrue } from './still-true.ts';

/** More output than this is not kept. */
const MAX_OUTPUT_BYTES = 32 << 20;

/**
 * Runs `evaluate`, or gives what it gave before. Everything it prints must go through the context it gets, and what it touches
 * through that context's environment and `openSession`.
 *
 * @param purpose  what the result is; evaluations of one purpose and the same words are one
 * @returns        data that survives JSON
 */
export async function remembered<T>(
  context: Context,
  args: Arguments,
  purpose: string,
  evaluate: (context: Context) => T | Promise<T>,
  tellIgos?: TellIgos,
): Promise<T> {
  // What is told of an evaluation is told while it happens.
  const isWatched = isLogged(context, 'eval') || isLogged(context, 'store');
  if (isWatched || args.has('no-eval-cache') || context.environment['IGOS_EVAL_CACHE'] === '0') return await evaluate(context);
  const key = evaluationKey(context, purpose, args.operands.includes('-') ? context.readInput() : undefined);
  if (key === undefined) return await evaluate(context);
  const folder = new CacheFolder(context.home);
  const kept = await recall(context, folder, key);
  if (kept !== undefined) {
    for (const { descriptor, data } of kept.writes) context.out.write(descriptor, data);
    keepQuickAnswer(context, folder, kept, tellIgos);
    return kept.result as T;
  }
  const recorder = new Recorder();
  const writes: Write[] = [];
  let nBytes = 0;
  const environment = recorder.watchedEnvironment(context.environment);
  const out = context.out.copyTo((descriptor, data) => {
    nBytes += data.length;
    if (nBytes > MAX_OUTPUT_BYTES) {
      recorder.spoil('it printed too much');
      writes.length = 0;
    } else writes.push({ descriptor, data });
  });
  const result = await evaluate({ ...context, environment, out, recorder });
  if (recorder.isRepeatable) {
    const record: EvaluationRecord = { seen: recorder.seen(), writes, result };
    folder.write(key.name, encodeRecord(key.text, record));
    keepQuickAnswer(context, folder, record, tellIgos);
  }
  return result;
}

async function recall(context: Context, folder: CacheFolder, key: EvaluationKey): Promise<EvaluationRecord | undefined> {
  const bytes = folder.read(key.name);
  const record = bytes === undefined ? undefined : decodeRecord(key.text, bytes);
  if (record === undefined) return undefined;
  const { isTrue, isRenewed, doubtfulSources, isStoreDoubtful } = stillTrue(record.seen, context);
  if (!isTrue) return undefined;
  const isDoubtful = isStoreDoubtful || doubtfulSources.length > 0;
  if (isDoubtful) {
    const { storeAgrees } = await import('./store-agrees.ts');
    if (!(await storeAgrees(record.seen, doubtfulSources, context))) return undefined;
  }
  if (isRenewed || isDoubtful) folder.write(key.name, encodeRecord(key.text, record));
  return record;
}
