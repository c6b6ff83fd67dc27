import type { VerifyReport } from '../../pkm/index.ts';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { formatDuration } from '../progress/model.ts';
import { openForReading } from '../root-reading.ts';
import { isTerminal } from '../terminal.ts';

export async function run(context: Context, args: Arguments): Promise<number> {
  const names = [...args.operands, ...args.all('package').map(([name]) => name!)];
  using root = openForReading(args);
  const { openProgress } = await import('../progress/open.ts');
  const progress = isTerminal(2) ? await openProgress(context) : undefined;
  progress?.start('verify', 'verifying');
  const started = performance.now();
  const onProgress = (done: number, total: number): void => {
    const rate = Math.round(done / ((performance.now() - started) / 1000));
    progress?.detail('verify', `${done} of ${total} paths, ${rate} a second`);
  };
  let reports: VerifyReport[];
  try {
    reports = (names.length === 0 ? [undefined] : names).map((name) =>
      root.verify({ fast: args.has('fast'), onProgress, ...(name === undefined ? {} : { package: name }) }),
    );
  } finally {
    progress?.stop();
  }
  if (context.isJson) context.out.json({ reports });
  else {
    for (const report of reports) printFindings(context, report);
    const count = (pick: (report: VerifyReport) => readonly unknown[]): number =>
      reports.reduce((sum, report) => sum + pick(report).length, 0);
    const nProblems = count((report) => report.problems) + count((report) => report.manifests);
    const nChecked = reports.reduce((sum, report) => sum + report.nChecked, 0);
    context.out.line(
      `${nChecked} paths checked in ${formatDuration(performance.now() - started)}: ${nProblems === 0 && reports.every((report) => report.isClean) ? 'clean' : `${nProblems} ${nProblems === 1 ? 'problem' : 'problems'}`}, ${count((report) => report.drift)} changed configuration files`,
    );
  }
  return reports.every((report) => report.isClean) ? 0 : 1;
}

function printFindings(context: Context, report: VerifyReport): void {
  for (const { path, owner, kind, expected, actual } of report.problems)
    context.out.line(`${kind} /${path} (${owner}): expected ${expected}, found ${actual}`);
  for (const { path, owner, kind } of report.drift) context.out.line(`config /${path} (${owner}): ${kind}`);
  for (const divergence of report.manifests)
    context.out.line(`manifest ${divergence.name}: ${divergence.kind}; the database is right`);
  if (report.history !== undefined) context.out.line(`history: ${report.history}`);
  if (report.isUnfinished) context.out.line("a transaction was interrupted: run 'pkm recover'");
}
