import { readLog } from '../../builder/index.ts';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { openSession } from '../session.ts';
import { resolveTargets } from '../targets.ts';

export function run(context: Context, args: Arguments): undefined {
  using session = openSession(context, args, { isReadOnly: false });
  const drvPaths = new Set(resolveTargets(context, args, session).flatMap((target) => target.drvPath ?? []));
  const logs = [...drvPaths].map((drvPath) => ({ drvPath, log: readLog(session.store, drvPath) }));
  if (context.isJson) context.out.json({ logs: logs.map(({ drvPath, log }) => ({ drvPath, log: log.toString('utf8') })) });
  else for (const { log } of logs) context.out.bytes(log.toString('latin1'));
}
