import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { count } from '../../base/index.ts';
import { aggregate, databasePath, importRecords } from '../../check/index.ts';
import type { Arguments } from '../arguments.ts';
import { auditsFolder } from '../check-inputs.ts';
import type { Context } from '../context.ts';
import { whileOurs } from '../locked-folder.ts';
import { openSession } from '../session.ts';
import { Trees } from '../targets.ts';

export async function run(context: Context, args: Arguments): Promise<undefined> {
  using session = openSession(context, args, { isReadOnly: true });
  const folder = auditsFolder(context, args, new Trees(session).open(args.operands[0]!));
  const collect = () => {
    const taken = args
      .all('import')
      .map(([from]) => ({ from: from!, ...importRecords(folder, resolve(context.workingDirectory, from!)) }));
    return { taken, records: aggregate(folder).size };
  };
  // Where there is nothing yet, nothing can be lost: what is missing is said.
  const { taken, records } = existsSync(folder) ? await whileOurs(context, folder, collect) : collect();
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
