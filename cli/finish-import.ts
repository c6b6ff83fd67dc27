/** The end of every import: the tree is written, and what was found is said. */

import { join, resolve } from 'node:path';
import { count } from '../base/index.ts';
import { FINDING_KINDS, type FindingKind, type Imported, isImport, writeTree } from '../import/index.ts';
import { type Arguments, UsageError } from './arguments.ts';
import type { Context } from './context.ts';
import { whileOurs } from './locked-folder.ts';

const SHOWN: Readonly<Record<FindingKind, string>> = {
  dangling: 'names that the tree does not have',
  missing: 'files that the tree does not hold',
  unknown: 'fields that nobody reads',
  odd: 'things that mean something else than they look',
  lost: 'things that cannot be expressed',
  changed: 'things said in another way',
};

export interface Import {
  /** The other system. */
  readonly of: string;
  /** Its tree. */
  readonly from: string;
  readonly read: () => Imported;
}

export async function finishImport(context: Context, args: Arguments, { of, from, read }: Import): Promise<void> {
  const output = args.value('output');
  if (output === undefined) throw new UsageError('where to? name a folder with -o');
  const { files, report } = read();
  const place = resolve(context.workingDirectory, output);
  const write = () => writeTree(place, from, files, { of, isForced: args.has('force') });
  const written = isImport(place) ? await whileOurs(context, place, write) : write();
  if (context.isJson) {
    context.out.json({ ...report, ...written });
    return;
  }
  const { nPackages, tiers, edges, findings } = report;
  context.out.line(
    `${count(nPackages, 'package')} in ${count(tiers.length, 'tier')}: ${edges.build} build, ${edges.host} host and ${count(edges.runtime, 'runtime edge')}`,
  );
  for (const kind of FINDING_KINDS) {
    const nFindings = findings.filter((finding) => finding.kind === kind).length;
    if (nFindings > 0) context.out.line(`${SHOWN[kind]}: ${nFindings}`);
  }
  if (context.isQuiet) return;
  const { nWritten, nRemoved, nSame } = written;
  context.out.talk(
    `${count(nWritten, 'file')} written, ${nRemoved} removed, ${nSame} as they were; read ${join(output, 'IMPORT.md')}`,
  );
  context.out.talk(`next: igos instantiate ${output}`);
}
