import type { Context } from '../context.ts';
import { isTerminal } from '../terminal.ts';
import type { Progress } from './model.ts';
import { plainProgress, silentProgress } from './plain.ts';

/** The display that fits: ink on a terminal, plain lines in a pipe, nothing with --quiet. ink is loaded only where it draws. */
export async function openProgress(context: Context): Promise<Progress> {
  if (context.isQuiet) return silentProgress;
  const isLive = isTerminal(2) && context.environment['TERM'] !== 'dumb';
  if (!isLive || context.environment['CI'] !== undefined) return plainProgress(context.out);
  const { liveProgress } = await import('./live.ts');
  return liveProgress(context.out);
}
