/** Does the work of a command again whenever something changes that evaluation saw. */
import { relative } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { bytesToText, count, Fault } from '../../base/index.ts';
import { type Arguments, UsageError } from '../arguments.ts';
import type { Context } from '../context.ts';
import { Recorder } from '../evaluation-cache/recorder.ts';
import { EXIT, endingOf } from '../exit.ts';
import { tellEnding } from '../tell-ending.ts';
import { Changes } from './changes.ts';
import { Sight } from './sight.ts';

/** So many rounds in a row, during each of which something changed, nobody causes by editing. */
const MANY_UNQUIET = 10;
const REST_MS = 1000;
const UNQUIET = `something changed during each of the last ${MANY_UNQUIET} rounds, as an --out-link or a log file among the sources does: at most one a second from now on`;

const untold = (nFolders: number): string =>
  `the system tells of no changes in ${count(nFolders, 'folder')}, there are too many: what changes there is found by looking, within seconds`;

/**
 * What fails is said, and done again after the next change. Never returns: Ctrl-C ends it.
 *
 * @param once  is given a recorder in its context
 * @throws UsageError nothing was read that could change · all but failures of evaluation and builds, as if it were done once
 */
export async function repeatOnChange(
  context: Context,
  args: Arguments,
  once: (context: Context) => Promise<unknown>,
): Promise<never> {
  if (args.operands.includes('-'))
    throw new UsageError('standard input is read once: there is nothing to watch', ['write it to a file, and name that']);
  const changes = new Changes();
  const say = (text: string): void => {
    if (!context.isQuiet) context.out.talk(text);
  };
  try {
    let nUnquiet = 0;
    let isUntoldSaid = false;
    for (let isFirst = true; ; isFirst = false) {
      const recorder = new Recorder();
      const startMs = Date.now();
      try {
        await once({ ...context, recorder });
      } catch (error) {
        await tellFailure(context, args, error, isFirst);
      }
      const sight = new Sight(recorder, context, startMs);
      const nPaths = sight.content.size;
      if (nPaths === 0) throw new UsageError('evaluation read no file: there is nothing to watch', ['leave out --watch']);
      const nUntold = changes.follow(sight.paths, sight.folders);
      if (nUntold > 0 && !isUntoldSaid) say(untold(nUntold));
      isUntoldSaid ||= nUntold > 0;
      say(`watching ${count(nPaths, 'path')}; Ctrl-C ends`);
      let nLooks = 0;
      const changed = await changes.next(() => ++nLooks > 0 && sight.hasChanged);
      say(changed === undefined ? 'something changed' : `${shownPath(context, bytesToText(changed))} changed`);
      nUnquiet = nLooks === 1 ? nUnquiet + 1 : 0;
      if (nUnquiet === MANY_UNQUIET) say(UNQUIET);
      if (nUnquiet >= MANY_UNQUIET) await setTimeout(REST_MS);
    }
  } finally {
    changes.close();
  }
}

/** @throws what no change of a file mends */
async function tellFailure(context: Context, args: Arguments, error: unknown, isFirst: boolean): Promise<void> {
  const ending = endingOf(error, { color: context.out.isColored, fullTrace: context.showTrace, program: context.program });
  const isMended = ending.status === EXIT.fault || ending.status === EXIT.buildFailed;
  // A slip of the pen on the command line.
  const isMisspelt = isFirst && error instanceof Fault && error.code === 'E-CLI-002';
  if (!isMended || isMisspelt) throw error;
  await tellEnding(context.out, ending, args, context.isJson);
}

function shownPath({ workingDirectory }: Context, path: string): string {
  const short = relative(workingDirectory, path);
  return short.startsWith('../') ? path : short;
}
