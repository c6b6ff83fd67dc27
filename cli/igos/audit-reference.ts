import { count } from '../../base/index.ts';
import { referencePath, writeReference } from '../../check/index.ts';
import type { Arguments } from '../arguments.ts';
import { auditsFolder, findLogs } from '../check-inputs.ts';
import type { Context } from '../context.ts';
import { openSession } from '../session.ts';
import { Trees } from '../targets.ts';
import { treeFacts } from '../tree-facts.ts';

export function run(context: Context, args: Arguments): undefined {
  using session = openSession(context, args, { isReadOnly: true });
  const tree = new Trees(session).open(args.operands[0]!);
  const folder = auditsFolder(context, args, tree);
  const logs = findLogs(treeFacts(tree), session.store);
  const reference = writeReference(folder, logs);
  const path = referencePath(folder);
  if (context.isJson) context.out.json({ reference: path, recorded: logs.size, packages: reference.size });
  else context.out.line(path);
  if (!context.isQuiet)
    context.out.talk(`audit: ${count(logs.size, 'build')} recorded as the reference, ${count(reference.size, 'package')} in it`);
}
