import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { openSession } from '../session.ts';
import { resolveTargets } from '../targets.ts';

export function run(context: Context, args: Arguments): undefined {
  using session = openSession(context, args, { isReadOnly: false });
  const targets = resolveTargets(context, args, session).filter((target) => target.drvPath !== undefined);
  if (context.isJson) {
    context.out.json({ derivations: targets.map(({ label, drvPath, outputs }) => ({ name: label, drvPath, outputs })) });
    return;
  }
  // One write: there may be thousands. Store paths hold nothing that a terminal would interpret.
  context.out.bytes([...new Set(targets.map((target) => target.drvPath!))].map((path) => `${path}\n`).join(''));
}
