import { type CheckResult, type GateName, type GateResult, renderCheck, renderReport } from '../../check/index.ts';
import type { Arguments } from '../arguments.ts';
import { auditsFolder } from '../check-inputs.ts';
import { checkTree } from '../check-tree.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit.ts';
import { NeedsWriting, openSession } from '../session.ts';
import { Trees } from '../targets.ts';

export async function run(context: Context, args: Arguments): Promise<number> {
  const result = await inspect(context, args, true).catch((error: unknown) => {
    if (error instanceof NeedsWriting) return inspect(context, args, false);
    throw error;
  });
  const failed = result.gates.filter(({ status }) => status === 'failed');
  const idle = result.gates.filter(({ status }) => status === 'not run');
  if (context.isJson) context.out.json(recordOf(result));
  else {
    const lines = args.has('report') ? renderReport(result) : renderCheck(result, { all: args.has('all') });
    for (const line of lines) context.out.line(line);
    if (!context.isQuiet) context.out.talk(closing(result.gates.length, failed, idle));
  }
  return failed.length > 0 || (args.has('strict') && idle.length > 0) ? EXIT.fault : EXIT.ok;
}

async function inspect(context: Context, args: Arguments, isReadOnly: boolean): Promise<CheckResult> {
  using session = openSession(context, args, { isReadOnly });
  const tree = new Trees(session).open(args.operands[0]!);
  return await checkTree({
    tree,
    store: () => session.store,
    audits: auditsFolder(context, args, tree),
    only: args.all('gate').map(([name]) => name as GateName),
  });
}

const recordOf = ({ gates, report }: CheckResult) => ({
  passed: gates.every(({ status }) => status !== 'failed'),
  gates: gates.map(({ gate, number, title, status, notRun, notes, findings, advice, waived }) => ({
    gate,
    number,
    title,
    status,
    notRun: notRun ?? null,
    notes,
    findings,
    advice,
    waived,
  })),
  report: report ?? null,
});

function closing(all: number, failed: readonly GateResult[], idle: readonly GateResult[]): string {
  const names = (gates: readonly GateResult[]): string => gates.map(({ gate }) => gate).join(', ');
  const parts = [
    failed.length === 0 ? 'no gate failed' : `${failed.length} of ${all} gates failed: ${names(failed)}`,
    ...(idle.length === 0 ? [] : [`not run: ${names(idle)}`]),
  ];
  return `check: ${parts.join('; ')}`;
}
