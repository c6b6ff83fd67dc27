import { resolve } from 'node:path';
import { count } from '../../base/index.ts';
import { aggregate, databasePath, importRecords } from '../../check/index.ts';
import type { Arguments } from '../arguments.ts';
import { auditsFolder } from '../check-inputs.ts';
import type { Context } from '../context.ts';
import { openSession } from '../session.ts';
import { Trees } from '../targets.ts';

export function run(context: Context, args: Arguments): undefined {
  using session = openSession(context, args, { isReadOnly: true });
  const folder = auditsFolder(context, args, new Trees(session).open(args.operands[0]!));
  const taken = args
    .all('import')
    .map(([from]) => ({ from: from!, ...importRecords(folder, resolve(context.workingDirectory, from!)) }));
  const records = aggregate(folder).size;
  const database = databasePath(folder);
  if (context.isJson) context.out.json({ database, records, imported: taken });
  else context.out.line(database);
  if (context.isQuiet) return;
  for (const { from, taken: nRecords, refused } of taken) {
    context.out.talk(`audit: ${count(nRecords, 'record')} taken from ${from}`);
    for (const file of refused) context.out.talk(`audit: ${file} is no audit record: not taken`);
  }
  context.out.talk(`audit: ${count(records, 'record')} in the database`);
}
