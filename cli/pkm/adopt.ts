import { count } from '../../base/index.ts';
import { type AdoptReport, adoptRoot } from '../../pkm/index.ts';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { several } from '../report-lines.ts';
import { rootOf } from '../root-reading.ts';

export async function run(context: Context, args: Arguments): Promise<undefined> {
  const [database] = args.operands;
  const isPlan = args.has('dry-run');
  const report = await adoptRoot(rootOf(args), {
    command: 'pkm adopt',
    user: context.environment['SUDO_USER'],
    dryRun: isPlan,
    archives: args.has('archives'),
    ...(database === undefined ? {} : { database }),
  });
  if (context.isJson) {
    context.out.json({ ...report, dryRun: isPlan });
    return;
  }
  if (report.isAdoptedAlready) context.out.line('nothing to do: the root was adopted before');
  else for (const line of linesOf(report, isPlan)) context.out.line(line);
}

function* linesOf(report: AdoptReport, isPlan: boolean): Iterable<string> {
  const { nPackages, nSuperseded, nPaths, nConfig, nHistory, nArchives, held, keptAs } = report;
  yield `${isPlan ? 'would adopt' : 'adopted'} ${count(nPackages, 'package')} (and ${nSuperseded} superseded), ${count(nPaths, 'path')}, ${count(nConfig, 'configuration file')}, ${count(nHistory, 'line')} of history`;
  if (nArchives > 0) yield `${count(nArchives, 'archive')} kept`;
  if (held.length > 0) yield `on hold: ${held.join(' ')}`;
  yield* several('modified since it was installed', report.modified, (path) => `/${path}`);
  yield* several('missing', report.missing, (path) => `/${path}`);
  yield* several('conflict of configuration', report.configConflicts, (path) => `/${path}`);
  yield* several(
    'claimed twice',
    report.conflicts,
    (item) => `/${item.path}: ${item.owner} has it, not ${item.others.join(', ')}`,
  );
  yield* several('not recorded', report.skipped, (item) => `/${item.path} (${item.package}): ${item.why}`);
  yield* several('need that nothing meets', report.unmet, (item) => `${item.package} needs ${item.needs}`);
  if (keptAs !== '') yield `the database of before is /${keptAs}`;
}
