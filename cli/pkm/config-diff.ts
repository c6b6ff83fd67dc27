import { isUtf8 } from 'node:buffer';
import type { ConfigFile, ConfigVersions, Root } from '../../pkm/index.ts';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { openForReading } from '../root-reading.ts';
import { unifiedDiff } from '../unified-diff.ts';

/** Exit 1 where something differs, as diff does. */
export function run(context: Context, args: Arguments): number {
  using root = openForReading(args);
  const wanted = args.operands.map((path) => path.replace(/^\/+/, ''));
  const files =
    wanted.length > 0
      ? wanted.map((path) => fileAt(root, path))
      : root.config().filter((file) => file.state === 'conflict' || (args.has('mine') && file.state === 'modified'));
  const diffs = files.map((file) => {
    const versions = root.configVersions(file.path);
    return { path: file.path, owner: file.owner, lines: diffOf(file, versions, args.has('mine')) };
  });
  if (context.isJson) context.out.json({ diffs: diffs.map(({ lines, ...rest }) => ({ ...rest, diff: lines.join('\n') })) });
  else for (const line of diffs.flatMap((diff) => diff.lines)) context.out.line(line);
  return diffs.some((diff) => diff.lines.length > 0) ? 1 : 0;
}

function fileAt(root: Root, path: string): ConfigFile {
  const file = root.config().find((other) => other.path === path && other.state !== 'aside');
  if (file !== undefined) return file;
  root.configVersions(path); // says that it is not tracked
  return { path, owner: '', state: 'deleted', newPath: '', isNewEdited: false, isAbsent: true };
}

/** From what the user's file descends from to the user's, or from the user's to the package's. */
export function diffOf({ path, owner, newPath }: ConfigFile, versions: ConfigVersions, isMine: boolean): string[] {
  const [from, to] = isMine ? [versions.original, versions.mine] : [versions.mine, versions.theirs];
  const names: [string, string] = isMine
    ? [`${owner || 'package'}: /${path}`, `/${path}`]
    : [`/${path}`, newPath === '' ? `${owner}: /${path}` : `/${newPath}`];
  const sides = [from, to].map((side) => side ?? Buffer.alloc(0));
  if (sides[0]!.equals(sides[1]!)) return [];
  if (sides.some((side) => !isUtf8(side) || side.includes(0))) return [`${names[0]} and ${names[1]} differ, and are no text`];
  return unifiedDiff(sides[0]!.toString('utf8'), sides[1]!.toString('utf8'), names);
}
