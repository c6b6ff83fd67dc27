/** `pkm repair --rebuild-database`: what became known again, and what did not. */
import { count } from '../base/index.ts';
import { type RebuildReport, rebuildDatabase } from '../pkm/index.ts';
import type { Arguments } from './arguments.ts';
import type { Context } from './context.ts';
import { several } from './report-lines.ts';
import { pinsOf } from './root-pins.ts';
import { rootOf } from './root-reading.ts';
import { waiting } from './roots.ts';

export async function rebuild(context: Context, args: Arguments): Promise<number> {
  const root = rootOf(args);
  const isPlan = args.has('dry-run');
  const report = await rebuildDatabase(root, {
    command: 'pkm repair',
    user: context.environment['SUDO_USER'],
    dryRun: isPlan,
    pins: pinsOf(context, root),
    ...waiting(context),
  });
  if (context.isJson) context.out.json({ ...report, dryRun: isPlan });
  else context.out.lines([...linesOf(report, isPlan)]);
  return report.skipped.length > 0 ? 1 : 0;
}

function* linesOf(report: RebuildReport, isPlan: boolean): Iterable<string> {
  const { nPackages, nSuperseded, nPaths, nConfig, generation, why, keptAs } = report;
  yield `the package database: ${why}`;
  yield `${isPlan ? 'would make' : 'made'} it anew of the manifests, as generation ${generation}: ${count(nPackages, 'package')} (and ${nSuperseded} superseded), ${count(nPaths, 'path')}, ${count(nConfig, 'configuration file')}`;
  yield* several('left out', report.skipped, (item) => `${item.path}: ${item.why}`);
  yield* several('an old manifest, without modes, owners, needs and reason', report.incomplete, (name) => name);
  yield* several('missing', report.missing, (path) => `/${path}`);
  yield* several('modified since it was installed', report.modified, (path) => `/${path}`);
  yield* several('conflict of configuration', report.configConflicts, (path) => `/${path}`);
  yield* several(
    'claimed twice',
    report.conflicts,
    (item) => `/${item.path}: ${item.owner} has it, not ${item.others.join(', ')}`,
  );
  if (report.wasInterrupted) yield 'a transaction was interrupted: the disk may stand between two generations';
  for (const what of report.unknown) yield `not known any more: ${what}`;
  if (keptAs !== '') yield `what was left of the old one is /${keptAs}`;
  yield isPlan ? 'nothing was changed' : "see what differs with 'pkm verify', and put it right with 'pkm repair'";
}
