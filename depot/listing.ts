import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { compareBytes, sys } from '../base/index.ts';
import { type ArchiveType, formatArchiveName, parseArchiveName, splitDashForm, type VersionedName } from './archive-name.ts';
import type { Depot } from './depot.ts';
import type { Layout } from './layout.ts';

/** All archives of a depot, sorted by name. What does not look like one is passed over. Cost: one `readdir` for each user, type and name. */
export function listDepot(depot: Depot): VersionedName[] {
  const isVersion = (name: string, isDirectory: boolean): boolean =>
    isDirectory && !/\.(build|hash)$/.test(name) && name !== 'incomplete';
  return listTreeOf(depot.folder, depot.layout, {
    version: (name, isDirectory) => (isVersion(name, isDirectory) ? name : undefined),
    index: (name, isDirectory) => (isDirectory ? undefined : name),
  });
}

/** All archives that were published: those whose signature is there. */
export function listPublished(publicFolder: string, layout: Layout): VersionedName[] {
  const suffix = layout === 'present' ? '.tar.xz.sig' : '.tgz.sig';
  const without = (name: string, end: string): string | undefined =>
    name.endsWith(end) ? name.slice(0, -end.length) : undefined;
  return listTreeOf(publicFolder, layout, {
    version: (name, isDirectory) => (isDirectory ? undefined : without(name, suffix)),
    index: (name) => without(name, '.xz.sig'),
  });
}

interface Shapes {
  /** The version that a name in the folder of an archive stands for. */
  version(name: string, isDirectory: boolean): string | undefined;
  index(name: string, isDirectory: boolean): string | undefined;
}

function listTreeOf(top: string, layout: Layout, shapes: Shapes): VersionedName[] {
  const found: VersionedName[] = [];
  const add = (parts: readonly string[]): void => {
    try {
      found.push(parseArchiveName(parts.join('/'), 'versioned') as VersionedName);
    } catch {
      // A name that no archive has: somebody's own file.
    }
  };
  const versions = (folder: string, parts: readonly string[]): void => {
    for (const entry of entries(folder)) {
      if (layout === 'present') {
        if (!entry.isDirectory) continue;
        for (const each of entries(join(folder, entry.name))) {
          const version = shapes.version(each.name, each.isDirectory);
          if (version !== undefined) add([...parts, entry.name, version]);
        }
      } else {
        const split = splitDashForm(shapes.version(entry.name, entry.isDirectory) ?? '');
        if (split !== undefined) add([...parts, split.name, split.version]);
      }
    }
  };
  for (const user of entries(top)) {
    if (!user.isDirectory) continue;
    for (const type of ['raw', 'api', 'src', 'pkg'] satisfies ArchiveType[])
      versions(join(top, user.name, type), [user.name, type]);
    for (const type of ['bin', 'dbg'] satisfies ArchiveType[]) {
      for (const arch of entries(join(top, user.name, type))) {
        if (arch.isDirectory) versions(join(top, user.name, type, arch.name), [user.name, type, arch.name]);
      }
    }
    for (const each of entries(join(top, user.name, 'index'))) {
      const version = shapes.index(each.name, each.isDirectory);
      if (version !== undefined) add([user.name, 'index', version]);
    }
  }
  const keys = new Map(found.map((archive) => [archive, formatArchiveName(archive)]));
  return found.sort((a, b) => compareBytes(keys.get(a)!, keys.get(b)!));
}

function entries(folder: string): { name: string; isDirectory: boolean }[] {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) return [];
  return sys('read the folder', folder, () => readdirSync(folder, { withFileTypes: true }))
    .filter(({ name }) => !name.startsWith('.'))
    .map((entry) => ({ name: entry.name, isDirectory: entry.isDirectory() }));
}
