import { Fault } from '../base/index.ts';
import { badPath, checkPackageName, checkVersion, parentOf, printable } from './names.ts';
import { parseRequirement } from './plan/requirement.ts';
import type { ImageEntry, PackageDescription, PackageImage } from './types.ts';

/** What an image is made of; `makeImage` checks it. */
export interface ImageParts {
  readonly description: Partial<PackageDescription> & Pick<PackageDescription, 'name' | 'version'>;
  readonly origin: PackageImage['origin'];
  readonly entries: readonly ImageEntry[];
  readonly notes?: readonly string[];
  readonly scratch?: PackageImage['scratch'];
  readonly contentPath: (entry: ImageEntry) => string;
}

/**
 * Checks names and paths, sorts the entries, and adds the parent directories that were left out (0755, root).
 * @throws Fault E-PKM-001 · E-PKM-002 a path that cannot be on a root, twice the same, or below something that is no directory
 */
export function makeImage(parts: ImageParts): PackageImage {
  const { description } = parts;
  const name = checkPackageName(description.name);
  const version = checkVersion(name, description.version);
  for (const other of description.supersedes ?? []) checkPackageName(other);
  for (const list of [description.runtime, description.provides, description.conflicts]) list?.forEach(parseRequirement);
  if (description.supersedes?.includes(name)) {
    throw new Fault('E-PKM-010', `'${name}' says that it supersedes itself`, { hints: ['name another package'] });
  }
  const byPath = new Map<string, ImageEntry>();
  for (const entry of parts.entries) {
    const why = badPath(entry.path);
    if (why !== undefined) throw pathFault(name, entry.path, why);
    if (byPath.has(entry.path)) throw pathFault(name, entry.path, 'it is there twice');
    if (entry.kind === 'symlink' && (entry.target === '' || /[\0\n]/.test(entry.target))) {
      throw pathFault(name, entry.path, 'its symlink target is empty, or contains a NUL byte or a line break');
    }
    byPath.set(entry.path, entry);
  }
  for (const entry of parts.entries) addParents(name, byPath, entry.path);
  const entries = [...byPath.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  return {
    release: 1,
    tier: '',
    summary: '',
    license: '',
    homepage: '',
    runtime: [],
    provides: [],
    conflicts: [],
    supersedes: [],
    config: [],
    ...description,
    name,
    version,
    origin: parts.origin,
    notes: parts.notes ?? [],
    ...(parts.scratch === undefined ? {} : { scratch: parts.scratch }),
    entries,
    contentPath: parts.contentPath,
  };
}

function addParents(name: string, byPath: Map<string, ImageEntry>, path: string): void {
  for (let folder = parentOf(path); folder !== ''; folder = parentOf(folder)) {
    const there = byPath.get(folder);
    if (there?.kind === 'directory') return;
    if (there !== undefined) throw pathFault(name, path, `'${printable(folder)}' is a ${there.kind} in the same package`);
    byPath.set(folder, directoryEntry(folder));
  }
}

export const directoryEntry = (path: string, mode = 0o755, uid = 0, gid = 0): ImageEntry => ({
  path,
  kind: 'directory',
  mode,
  uid,
  gid,
  sizeBytes: 0,
  sha256: '',
  target: '',
});

const pathFault = (name: string, path: string, why: string): Fault =>
  new Fault('E-PKM-002', `package '${name}' cannot place '${printable(path)}': ${why}`, {
    hints: ['correct the package; nothing was changed'],
  });
