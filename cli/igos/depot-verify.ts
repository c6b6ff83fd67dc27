import { count } from '../../base/index.ts';
import { formatArchiveName, listDepot, type VersionedName, verifyDepot } from '../../depot/index.ts';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { depotWords } from '../depot-words.ts';

export async function run(context: Context, args: Arguments): Promise<number> {
  const words = depotWords(context, args);
  const named = words.archives('versioned') as VersionedName[];
  const results = await verifyDepot(named.length === 0 ? listDepot(words.depot) : named, {
    depot: words.depot,
    publicFolder: words.publicFolder,
    ...(words.treeFolder === undefined ? {} : { tree: words.treeFolder }),
    jobs: words.jobs,
    now: new Date(),
  });
  const bad = results.filter(({ outcome }) => outcome === 'bad');
  if (context.isJson) {
    context.out.json({ archives: results.map(({ archive, ...rest }) => ({ archive: formatArchiveName(archive), ...rest })) });
  } else {
    for (const { archive, reason, differences } of bad) {
      context.out.line(`${formatArchiveName(archive)}: ${reason}`);
      for (const { kind, path } of differences ?? []) context.out.line(`  ${kind} ${path}`);
    }
    const numberOf = (outcome: string): number => results.filter((result) => result.outcome === outcome).length;
    context.out.talk(
      `${count(results.length, 'archive')}: ${numberOf('signed')} as signed, ${numberOf('local')} as made here, ${numberOf('unknown')} with nothing to compare, ${bad.length} bad`,
    );
  }
  return bad.length > 0 ? 1 : 0;
}
