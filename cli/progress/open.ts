import { atEnd } from '../../base/index.ts';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { isTerminal } from '../terminal.ts';
import type { Progress } from './model.ts';
import { plainProgress, silentProgress } from './plain.ts';

/** Of commands that build. */
export interface Look {
  /** As Nix names them; `undefined`: what fits. */
  readonly format: string | undefined;
  readonly hasLogs: boolean;
  readonly jobs: number;
}

const FITTING: Look = { format: undefined, hasLogs: false, jobs: 1 };

/**
 * The display that was asked for, else the one that fits: ink on a terminal, plain lines in a pipe, nothing with --quiet. ink is
 * loaded only where it draws.
 */
export async function openProgress(context: Context, { format, hasLogs, jobs }: Look = FITTING): Promise<Progress> {
  if (format === 'internal-json') return (await import('./nix-json.ts')).nixJsonProgress(context.out);
  if (context.isQuiet) return silentProgress;
  const isTold = format?.startsWith('bar') === true;
  const isLive = isTerminal(2) && context.environment['TERM'] !== 'dumb' && (isTold || context.environment['CI'] === undefined);
  const wantsLogs = hasLogs || format?.endsWith('-with-logs') === true;
  if (!isLive || format?.startsWith('raw') === true) return plainProgress(context.out, wantsLogs);
  const { liveProgress } = await import('./live.ts');
  const live = liveProgress(context.out, { jobs, hasLogs: wantsLogs });
  // The terminal gets its cursor back. Not said in `live.ts`: its bundle has a copy of `base` of its own, and those who listen count each
  // other.
  const ending = atEnd(() => live.stop());
  return {
    ...live,
    stop() {
      live.stop();
      ending[Symbol.dispose]();
    },
  };
}

export const lookOf = (args: Arguments, jobs: number): Look => ({
  format: args.value('log-format'),
  hasLogs: args.has('print-build-logs'),
  jobs,
});
