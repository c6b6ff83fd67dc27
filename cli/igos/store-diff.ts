import { count, formatByteDelta, formatBytes } from '../../base/index.ts';
import { compareClosures, compareManifests, type FileChange, type ManifestEntry, type PackageChange } from '../../store/index.ts';
import { type Arguments, UsageError } from '../arguments.ts';
import type { Context } from '../context.ts';
import { entryJson, modeText } from '../manifest-files.ts';
import { openContextStore } from '../open-store.ts';
import { validPaths } from '../valid-paths.ts';
import { bytesToWord } from '../words.ts';

export async function run(context: Context, args: Arguments): Promise<number> {
  using store = openContextStore(context);
  const sides = [];
  for (const operand of args.operands) sides.push(await validPaths(context, store, [operand]));
  if (args.has('recursive')) {
    const [before, after] = sides.map((paths) => store.graph(paths).infos);
    const changes = compareClosures(before!, after!);
    if (context.isJson) context.out.json({ before: sides[0], after: sides[1], packages: changes });
    else for (const change of changes) context.out.line(packageLine(change));
    return changes.length > 0 ? 1 : 0;
  }
  const [before, after] = sides.map((paths, i) => {
    if (paths.length === 1) return paths[0]!;
    throw new UsageError(`'${args.operands[i]}' has ${paths.length} paths`, [
      'name one of them, or compare closures: -r',
      ...paths,
    ]);
  });
  const changes = compareManifests(store.manifest(before!), store.manifest(after!));
  if (context.isJson) context.out.json({ before, after, files: changes.map(changeJson) });
  else for (const change of changes) context.out.line(changeLine(change));
  return changes.length > 0 ? 1 : 0;
}

function changeJson({ path, before, after }: FileChange): object {
  return {
    path: bytesToWord(path),
    change: before === undefined ? 'added' : after === undefined ? 'removed' : 'changed',
    ...(before === undefined ? {} : { before: entryJson(before) }),
    ...(after === undefined ? {} : { after: entryJson(after) }),
  };
}

function changeLine({ path, before, after }: FileChange): string {
  const name = bytesToWord(path) || '.';
  if (before === undefined) return `+ ${name}  ${describe(after!)}`;
  if (after === undefined) return `- ${name}  ${describe(before)}`;
  return `~ ${name}  ${changeText(before, after)}`;
}

function describe(entry: ManifestEntry): string {
  if (entry.kind === 'directory') return 'folder';
  if (entry.kind === 'symlink') return `-> ${bytesToWord(entry.target)}`;
  return `${formatBytes(entry.sizeBytes)}${entry.isExecutable ? ', executable' : ''}`;
}

function changeText(before: ManifestEntry, after: ManifestEntry): string {
  if (before.kind !== 'file' || after.kind !== 'file') return `${describe(before)} → ${describe(after)}`;
  const parts: string[] = [];
  if (before.sha256 !== after.sha256) {
    const delta = after.sizeBytes - before.sizeBytes;
    parts.push(
      delta === 0
        ? `${formatBytes(after.sizeBytes)}, other content`
        : `${formatBytes(before.sizeBytes)} → ${formatBytes(after.sizeBytes)} (${formatByteDelta(delta)})`,
    );
  }
  if (before.isExecutable !== after.isExecutable) parts.push(`mode ${modeText(before)} → ${modeText(after)}`);
  return parts.join(', ');
}

function packageLine({ name, before, after, sizeDeltaBytes, nRemoved, nAdded }: PackageChange): string {
  const versions = (list: readonly string[]): string => (list.length === 0 ? '∅' : list.map((v) => v || 'ε').join(', '));
  const size = sizeDeltaBytes === 0 ? '' : `, ${formatByteDelta(sizeDeltaBytes)}`;
  const isSame = before.join() === after.join();
  const what = isSame
    ? `${before.join() === '' ? '' : `${versions(after)}, `}${nAdded === nRemoved ? 'rebuilt' : `${nRemoved} → ${count(nAdded, 'path')}`}`
    : `${versions(before)} → ${versions(after)}`;
  return `${name}: ${what}${size}`;
}
