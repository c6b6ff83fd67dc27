import { Fault } from '../../base/index.ts';
import { type DepotCode, differencesOf, formatArchiveName } from '../../depot/index.ts';
import { type Arguments, UsageError } from '../arguments.ts';
import type { Context } from '../context.ts';
import { depotWords } from '../depot-words.ts';

const SIGNS = { removed: '-', added: '+', changed: '~' } as const;

export function run(context: Context, args: Arguments): number {
  const words = depotWords(context, args);
  if (words.names.length !== 2) throw new UsageError('igos depot diff needs two archives', ["run 'igos depot diff --help'"]);
  const [a, b] = words.archives('versioned').map((archive) => {
    if (words.depot.has(archive)) return words.depot.path(archive);
    throw new Fault('E-DEPOT-010' satisfies DepotCode, `the archive '${formatArchiveName(archive)}' is missing in the depot`, {
      hints: ["'igos depot list' shows what is there"],
    });
  });
  const differences = differencesOf(a!, b!);
  if (context.isJson) context.out.json({ differences });
  else for (const { kind, path } of differences) context.out.line(`${SIGNS[kind]} ${path}`);
  return differences.length > 0 ? 1 : 0;
}
