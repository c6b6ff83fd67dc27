import { existsSync, readdirSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { compareBytes, processStartTime, sys } from '../base/index.ts';
import { type ArchiveName, formatArchiveName, type VersionedName } from './archive-name.ts';
import { dependenciesOf } from './dependencies.ts';
import type { Depot } from './depot.ts';
import { depotPath } from './layout.ts';
import { listDepot } from './listing.ts';

export interface CollectOptions {
  /** Kept, with all that they need. */
  readonly keep: readonly ArchiveName[];
  /** Keep the newest version of everything too. */
  readonly keepNewest: boolean;
  /** Where archives are published and downloaded: looked through for unfinished work. */
  readonly publicFolder?: string;
  readonly isDryRun?: boolean;
}

export interface Collected {
  readonly removed: readonly VersionedName[];
  /** Unfinished work of processes that are gone, absolute paths. */
  readonly leftovers: readonly string[];
}

/**
 * Removes from a depot what nothing that is kept needs, packages before what they list: cut short, it leaves no archive without its parts.
 * A depot has no generations: who wants to go back to a version keeps it.
 */
export function collectDepot(depot: Depot, options: CollectOptions): Collected {
  const all = listDepot(depot);
  const roots = options.keepNewest ? [...options.keep, ...newest(all)] : options.keep;
  // A package is kept with the binaries of its sources for every architecture that has any.
  const archs = new Set(all.flatMap(({ arch }) => (arch === undefined ? [] : [arch])));
  const forArchs = roots.flatMap((root) =>
    root.type === 'pkg' && root.arch === undefined ? [root, ...[...archs].map((arch) => ({ ...root, arch }))] : [root],
  );
  const live = new Set(
    dependenciesOf(forArchs, depot, { withDebug: true }).archives.map((archive) => depotPath(archive, depot.layout)),
  );
  for (const { type, ...rest } of roots) if (type === 'index') live.add(depotPath({ type, ...rest }, depot.layout));
  const removed = all.filter((archive) => !live.has(depotPath(archive, depot.layout))).sort(packagesFirst);
  const leftovers = [depot.folder, ...(options.publicFolder === undefined ? [] : [options.publicFolder])].flatMap(findLeftovers);
  if (options.isDryRun !== true) {
    for (const archive of removed) remove(depot, archive);
    for (const path of leftovers) rmSync(path, { recursive: true, force: true });
  }
  return { removed, leftovers };
}

const ORDER = ['index', 'pkg', 'dbg', 'bin', 'src', 'raw', 'api'];
const packagesFirst = (a: VersionedName, b: VersionedName): number => ORDER.indexOf(a.type) - ORDER.indexOf(b.type);

// Versions are dates by convention, and ordered byte by byte.
function newest(all: readonly VersionedName[]): VersionedName[] {
  const best = new Map<string, VersionedName>();
  for (const archive of all) {
    if (archive.type === 'index') {
      best.set(formatArchiveName(archive), archive);
      continue;
    }
    const { version, ...rest } = archive;
    const key = formatArchiveName(rest);
    const known = best.get(key);
    if (known === undefined || compareBytes(known.version, version) < 0) best.set(key, archive);
  }
  return [...best.values()];
}

function remove(depot: Depot, archive: VersionedName): void {
  const path = depot.path(archive);
  sys('remove', path, () => rmSync(path, { recursive: true, force: true }));
  rmSync(`${path}.hash`, { force: true });
  for (let folder = dirname(path); folder !== depot.folder && readdirSync(folder).length === 0; folder = dirname(folder))
    rmdirSync(folder);
}

/** What a process makes in a depot has its number in its name, `.tmp-<pid>-…`, until it is whole. */
function findLeftovers(folder: string): string[] {
  const found: string[] = [];
  const visit = (path: string, depth: number): void => {
    for (const entry of existsSync(path) ? readdirSync(path, { withFileTypes: true }) : []) {
      const below = join(path, entry.name);
      const pid = /^\.tmp-(\d+)-/.exec(entry.name)?.[1];
      if (pid !== undefined) {
        if (isLeftBehind(Number(pid), below)) found.push(below);
      } else if (entry.isDirectory() && depth < 5 && !entry.name.startsWith('.')) visit(below, depth + 1);
    }
  };
  visit(folder, 0);
  return found;
}

const HOUR_MS = 3_600_000;

// Another process may have got the number since: what is an hour old is nobody's either way.
const isLeftBehind = (pid: number, path: string): boolean =>
  processStartTime(pid) === undefined || Date.now() - statSync(path).mtimeMs > HOUR_MS;
