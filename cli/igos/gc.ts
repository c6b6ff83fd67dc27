import { count, formatBytes, printable, shellWord } from '../../base/index.ts';
import { removeBuildLeftovers } from '../../builder/index.ts';
import { type BrokenOff, type CollectReport, forsakenLinks, removeBrokenOff } from '../../store/index.ts';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { keepOptions } from '../keep-options.ts';
import { openContextStore } from '../open-store.ts';
import { withStatusLine } from '../progress/status-line.ts';
import { parseAge, parseSize } from '../quantities.ts';
import { bytesToWord } from '../words.ts';

export async function run(context: Context, args: Arguments): Promise<undefined> {
  const isDry = args.has('dry-run');
  const maxFreed = args.value('max-freed');
  const age = args.value('older-than');
  const options = {
    dryRun: isDry,
    ...keepOptions(context, args),
    ...(maxFreed === undefined ? {} : { maxFreedBytes: parseSize('max-freed', maxFreed) }),
    ...(age === undefined ? {} : { olderThan: Date.now() / 1000 - parseAge('older-than', age) }),
  };
  using store = openContextStore(context);
  const report = withStatusLine(context, 'collecting garbage', (detail) =>
    store.collect({
      ...options,
      onProgress: (step, done, total) => detail(step === 'marking' ? step : `${step}: ${done} of ${total}`),
    }),
  );
  if (!isDry) removeBuildLeftovers(store.home);
  printCollected(context, report, isDry, removeBrokenOff(store.home, { dryRun: isDry }));
  if (!context.isJson) tellForsaken(context, store.home);
}

/** Roots that pkm managed and that are not there any more keep what they needed: they may only have moved. */
function tellForsaken(context: Context, home: string): void {
  for (const { owner, nLinks } of forsakenLinks(home)) {
    const root = bytesToWord(owner);
    context.out.talk(
      `the root ${printable(root)} is not there, and keeps ${count(nLinks, 'path')}: igos store roots remove ${shellWord(root)} lets go`,
    );
  }
}

/** What went, or would. */
export function printCollected(context: Context, report: CollectReport, isDry: boolean, brokenOff?: BrokenOff): void {
  const { removed, leftovers, narBytes, freedBytes, nKept } = report;
  const droppedRoots = report.droppedRoots.map(bytesToWord);
  if (context.isJson) {
    context.out.json({
      dryRun: isDry,
      removed,
      leftovers,
      narBytes,
      freedBytes,
      kept: nKept,
      droppedRoots,
      ...(brokenOff && { brokenOff }),
    });
    return;
  }
  // One write: there may be thousands. Store paths hold nothing that a terminal would interpret.
  context.out.bytes(removed.map(({ path }) => `${path}\n`).join(''));
  for (const root of droppedRoots)
    context.out.talk(`${isDry ? 'would no longer count' : 'no longer counts'} as a root: ${printable(root)}`);
  if (leftovers.length > 0) {
    context.out.talk(`${isDry ? 'would remove' : 'removed'} ${count(leftovers.length, 'leftover')} of what was interrupted`);
  }
  if (brokenOff !== undefined && brokenOff.nFiles > 0) {
    const { nFiles, sizeBytes } = brokenOff;
    context.out.talk(
      `${isDry ? 'would remove' : 'removed'} ${count(nFiles, 'download')} that broke off, ${formatBytes(sizeBytes)}`,
    );
  }
  if (isDry) context.out.talk(`would remove ${count(removed.length, 'path')} of ${formatBytes(narBytes)}; ${nKept} stay`);
  else context.out.talk(`removed ${count(removed.length, 'path')}, ${formatBytes(freedBytes)} freed; ${nKept} stay`);
}
