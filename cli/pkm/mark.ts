import type { InstallReason } from '../../pkm/index.ts';
import { type Arguments, UsageError } from '../arguments.ts';
import type { Context } from '../context.ts';
import { changeRequest, openForChange, printReport } from '../roots.ts';

const REASONS: Readonly<Record<string, InstallReason>> = {
  explicit: 'explicit',
  manual: 'explicit',
  dependency: 'dependency',
  auto: 'dependency',
};

export function run(context: Context, args: Arguments): number {
  const [word = '', ...names] = args.operands;
  const reason = Object.hasOwn(REASONS, word) ? REASONS[word] : undefined;
  if (reason === undefined) throw new UsageError(`'${word}' is no mark`, ['pkm mark explicit NAME, or pkm mark dependency NAME']);
  using root = openForChange(context, args, 'pkm mark');
  return printReport(context, args, root.mark(names, reason, changeRequest(context, args)));
}
