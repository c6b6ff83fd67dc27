/** Names that are one file in an archive are one file on the root, after an upgrade too that means only some of them. */
import type { StateDelta, StateView } from '../state/state.ts';
import type { FileRow, ImageEntry, PackageImage } from '../types.ts';

export interface Joined {
  /** With the names that only are to come back to the others. */
  readonly delta: StateDelta;
  /** Names of files of which any changes: each is placed anew, where it stands as it was placed. */
  readonly names: ReadonlySet<string>;
}

export function joinHardLinks(images: readonly PackageImage[], delta: StateDelta, base: StateView): Joined {
  const names = new Set<string>();
  const rows: FileRow[] = [];
  for (const image of images) {
    const groups = groupsOf(image);
    if (groups.size === 0) continue;
    const [changed, gone] = [pathsOf(delta.putFiles, image.name), pathsOf(delta.dropFiles, image.name)];
    for (const group of groups.values()) {
      if (!group.some(({ path }) => changed.has(path))) continue;
      for (const { path, sha256 } of group) {
        names.add(path);
        const row = changed.has(path) || gone.has(path) ? undefined : base.rowsAt(path).find(({ owner }) => owner === image.name);
        if (row?.sha256 === sha256 && !row.isConfig) rows.push(row);
      }
    }
  }
  return { names, delta: rows.length === 0 ? delta : { ...delta, putFiles: [...delta.putFiles, ...rows] } };
}

/** The entries of each file that has several names. */
function groupsOf({ entries }: PackageImage): ReadonlyMap<string, readonly ImageEntry[]> {
  const groups = new Map<string, ImageEntry[]>();
  for (const entry of entries) if (entry.kind === 'hardlink') groups.set(entry.target, []);
  if (groups.size > 0)
    for (const entry of entries) groups.get(entry.kind === 'hardlink' ? entry.target : entry.path)?.push(entry);
  return groups;
}

const pathsOf = (rows: readonly FileRow[], name: string): ReadonlySet<string> =>
  new Set(rows.flatMap(({ path, owner }) => (owner === name ? [path] : [])));
