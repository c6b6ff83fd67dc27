import { count, formatBytes } from '../../base/index.ts';
import type { VerifyReport } from '../../pkm/index.ts';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { endAtOnce } from '../leave.ts';
import { formatDuration } from '../progress/model.ts';
import { openForReading } from '../root-reading.ts';
import { isTerminal } from '../terminal.ts';

export function run(context: Context, args: Arguments): number {
  endAtOnce();
  const packages = [...args.operands, ...args.all('package').map(([name]) => name!)];
  using root = openForReading(args, { manyFiles: packages.length === 0 && !args.has('fast') });
  const progress = isTerminal(2) && !context.isQuiet ? openDisplay(context) : undefined;
  // `performance` is a module of Node's that takes 2 ms to load.
  const started = process.hrtime();
  let report: VerifyReport;
  try {
    report = root.verify({
      fast: args.has('fast'),
      unowned: args.has('unowned'),
      ...(packages.length === 0 ? {} : { packages }),
      ...(progress === undefined ? {} : { onProgress: progress.show }),
    });
  } finally {
    progress?.stop();
  }
  const [whole, nanoseconds] = process.hrtime(started);
  const seconds = whole + nanoseconds / 1e9;
  if (context.isJson) context.out.json({ ...report, seconds: Number(seconds.toFixed(3)) });
  else {
    printFindings(context, report);
    context.out.line(summary(report, seconds));
  }
  return report.isClean ? 0 : 1;
}

/** The display of long work draws while the event loop turns, and verifying is one long call: this writes its own line. */
function openDisplay(context: Context) {
  const started = performance.now();
  let shown = 0;
  const write = (text: string): void => context.out.write(2, Buffer.from(text));
  return {
    show(done: number, total: number, bytes: number): void {
      const now = performance.now();
      if (now - shown < 100) return;
      shown = now;
      const percent = total === 0 ? 100 : Math.floor((done / total) * 100);
      write(`\r\x1b[Kverifying ${done} of ${count(total, 'path')} (${percent} %), ${rate(bytes, (now - started) / 1000)}`);
    },
    stop(): void {
      if (shown > 0) write('\r\x1b[K');
    },
  };
}

const rate = (bytes: number, seconds: number): string => `${formatBytes(Math.round(bytes / Math.max(seconds, 0.001)))} a second`;

function summary(
  { nChecked, nBytes, problems, drift, manifests, history, unowned, isClean }: VerifyReport,
  seconds: number,
): string {
  const read = nBytes === 0 ? '' : `, ${formatBytes(nBytes)} at ${rate(nBytes, seconds)}`;
  const nProblems = problems.length + manifests.length + (history === undefined ? 0 : 1);
  const found = isClean ? 'clean' : count(nProblems, 'problem');
  const parts = [found, count(drift.length, 'changed configuration file')];
  if (unowned.length > 0) parts.push(`${count(unowned.length, 'path')} of no package`);
  return `${count(nChecked, 'path')} checked in ${formatDuration(seconds * 1000)}${read}: ${parts.join(', ')}`;
}

function printFindings(context: Context, report: VerifyReport): void {
  for (const { path, owner, kind, expected, actual } of report.problems)
    context.out.line(`${kind} /${path} (${owner}): expected ${expected}, found ${actual}`);
  for (const { path, owner, kind } of report.drift) context.out.line(`config /${path} (${owner}): ${kind}`);
  for (const path of report.unowned) context.out.line(`unowned /${path}`);
  for (const divergence of report.manifests)
    context.out.line(`manifest ${divergence.name}: ${divergence.kind}; the database is right`);
  if (report.history !== undefined) context.out.line(`history: ${report.history}`);
  if (report.isUnfinished) context.out.line("a transaction was interrupted: run 'pkm recover'");
}
