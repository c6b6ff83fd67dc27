/** What differs between two objects, told from their manifests; and between two closures, package by package. */
import { type Bytes, compareBytes } from '../base/index.ts';
import { storePathName } from './store-path.ts';
import type { Manifest, ManifestEntry, PathInfo } from './types.ts';

export interface FileChange {
  readonly path: Bytes;
  /** Absent: the file was added. */
  readonly before?: ManifestEntry;
  /** Absent: it was removed. */
  readonly after?: ManifestEntry;
}

/** Files that are not the same in both, sorted by path. Contents are compared by their hashes. Cost: linear; nothing is read. */
export function compareManifests(before: Manifest, after: Manifest): FileChange[] {
  const changes: FileChange[] = [];
  for (let i = 0, j = 0; i < before.length || j < after.length; ) {
    const a = before[i];
    const b = after[j];
    const order = a === undefined ? 1 : b === undefined ? -1 : compareBytes(a.path, b.path);
    if (order < 0) {
      changes.push({ path: a!.path, before: a! });
      i++;
    } else if (order > 0) {
      changes.push({ path: b!.path, after: b! });
      j++;
    } else {
      if (!isSame(a!, b!)) changes.push({ path: a!.path, before: a!, after: b! });
      i++;
      j++;
    }
  }
  return changes;
}

function isSame(a: ManifestEntry, b: ManifestEntry): boolean {
  if (a.kind === 'file') return b.kind === 'file' && a.sha256 === b.sha256 && a.isExecutable === b.isExecutable;
  if (a.kind === 'symlink') return b.kind === 'symlink' && a.target === b.target;
  return b.kind === 'directory';
}

export interface PackageChange {
  readonly name: string;
  /** Sorted; '' for paths without a version. Empty: the package is not in that closure. */
  readonly before: readonly string[];
  readonly after: readonly string[];
  /** NAR bytes after minus before. */
  readonly sizeDeltaBytes: number;
  /** Paths of one closure that the other does not have. */
  readonly nRemoved: number;
  readonly nAdded: number;
}

/** Packages whose versions, or whose paths, differ between two closures. Sorted by name. */
export function compareClosures(before: readonly PathInfo[], after: readonly PathInfo[]): PackageChange[] {
  const old = byPackage(before);
  const young = byPackage(after);
  const changes: PackageChange[] = [];
  for (const name of [...new Set([...old.keys(), ...young.keys()])].sort(compareBytes)) {
    const a = old.get(name) ?? new Map<string, PathInfo>();
    const b = young.get(name) ?? new Map<string, PathInfo>();
    const nRemoved = [...a.keys()].filter((path) => !b.has(path)).length;
    const nAdded = [...b.keys()].filter((path) => !a.has(path)).length;
    if (nRemoved + nAdded === 0) continue;
    changes.push({
      name,
      before: versionsOf(a),
      after: versionsOf(b),
      sizeDeltaBytes: sizeOf(b) - sizeOf(a),
      nRemoved,
      nAdded,
    });
  }
  return changes;
}

type Group = ReadonlyMap<string, PathInfo>;

function byPackage(infos: readonly PathInfo[]): Map<string, Map<string, PathInfo>> {
  const groups = new Map<string, Map<string, PathInfo>>();
  for (const info of infos) {
    const { name } = splitVersion(storePathName(info.path));
    const group = groups.get(name);
    if (group === undefined) groups.set(name, new Map([[info.path, info]]));
    else group.set(info.path, info);
  }
  return groups;
}

const versionsOf = (group: Group): string[] =>
  [...new Set([...group.values()].map(({ path }) => splitVersion(storePathName(path)).version))].sort(compareBytes);

const sizeOf = (group: Group): number => [...group.values()].reduce((sum, { narSizeBytes }) => sum + narSizeBytes, 0);

/** Outputs that are named behind the version: they belong to the same package. */
const OUTPUT = /-(?:bin|debug|dev|devdoc|doc|info|lib|libs|man|static)$/;

/** `zlib-1.3.2-dev` → zlib, 1.3.2. A version begins with the first digit behind a dash. */
export function splitVersion(name: string): { name: string; version: string } {
  const found = /-(?=\d)/.exec(name);
  if (found === null) return { name, version: '' };
  return { name: name.slice(0, found.index), version: name.slice(found.index + 1).replace(OUTPUT, '') };
}
