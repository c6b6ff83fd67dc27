import { dependencyOrder, Fault } from '../base/index.ts';
import { type ArchiveName, formatArchiveName, parseArchiveName, type VersionedName } from './archive-name.ts';
import type { DepotCode } from './codes.ts';
import { parseApis, parseArchives } from './lists.ts';

/** What dependencies are found by: the depot, or anything that knows the small files of archives. */
export interface ArchiveFiles {
  has(archive: ArchiveName): boolean;
  /** Text of a file at the top of an archive that is there; `undefined` where it has none. */
  read(archive: ArchiveName, file: 'archives' | 'used_apis' | 'api'): string | undefined;
}

export interface Dependencies {
  /** Everything that is needed, the archives that were asked for among it: packages, sources, raw data, APIs, binaries, debug information; each group sorted. */
  readonly archives: readonly VersionedName[];
  /** Those that are not there. Their own dependencies cannot be known: ask again once they are. */
  readonly missing: readonly VersionedName[];
}

/** `arch`: a package archive brings the binaries of its sources; `withDebug`: and their debug information. */
export interface DependencyOptions {
  readonly withDebug?: boolean;
}

const ORDER = ['pkg', 'src', 'raw', 'api', 'bin', 'dbg'];

/**
 * Everything that archives need, themselves included, by the rules of Genode's own tools, but for two: an archive that is reached over
 * several ways is no error, and each is listed once. Indexes need nothing.
 *
 * @throws Fault E-DEPOT-001, E-DEPOT-002 in a list of an archive · E-DEPOT-003 a package archive that needs itself
 */
export function dependenciesOf(
  wanted: readonly ArchiveName[],
  files: ArchiveFiles,
  options: DependencyOptions = {},
): Dependencies {
  const found = new Map<string, VersionedName>();
  const take = (archive: VersionedName): boolean => {
    const path = formatArchiveName(archive);
    if (found.has(path)) return false;
    found.set(path, archive);
    return true;
  };
  const takeApis = (source: VersionedName): void => {
    for (const file of ['api', 'used_apis'] as const) {
      for (const api of parseApis(files.read(source, file) ?? '', source.user)) take(api);
    }
  };
  const takeBinary = ({ user, name, version }: VersionedName, arch: string): void => {
    take({ user, type: 'bin', arch, name, version });
    if (options.withDebug) take({ user, type: 'dbg', arch, name, version });
  };
  const takeSource = (source: VersionedName): void => {
    if (take(source) && files.has(source)) takeApis(source);
  };
  // A package may be asked for with and without binaries, and for several architectures.
  const visited = new Map<string, Set<string>>();
  const takePackage = ({ arch, ...top }: VersionedName): void => {
    const known = visited.get(arch ?? '') ?? new Set();
    visited.set(arch ?? '', known);
    const packagesIn = (path: string): string[] => {
      const pkg = parseArchiveName(path, 'versioned') as VersionedName;
      if (known.has(path)) return [];
      known.add(path);
      take(pkg);
      if (!files.has(pkg)) return [];
      const packages: string[] = [];
      for (const part of parseArchives(files.read(pkg, 'archives') ?? '')) {
        if (part.type === 'pkg') packages.push(formatArchiveName(part));
        else if (part.type === 'raw') take(part);
        else {
          takeSource(part);
          if (arch !== undefined) takeBinary(part, arch);
        }
      }
      return packages;
    };
    dependencyOrder([formatArchiveName(top)], packagesIn, (circle) => {
      throw cycle([...circle, circle[0]!]);
    });
  };
  for (const archive of wanted) {
    if (archive.version === undefined || archive.type === 'index') continue;
    const versioned = archive as VersionedName;
    if (archive.type === 'pkg') takePackage(versioned);
    else if (archive.type === 'bin' || archive.type === 'dbg') {
      const { user, name, version } = versioned;
      takeSource({ user, type: 'src', name, version });
      if (archive.type === 'bin') takeBinary(versioned, archive.arch!);
      else take(versioned);
    } else if (archive.type === 'src') takeSource(versioned);
    else take(versioned);
  }
  const archives = [...found.entries()]
    .sort(([a, x], [b, y]) => ORDER.indexOf(x.type) - ORDER.indexOf(y.type) || (a < b ? -1 : 1))
    .map(([, archive]) => archive);
  return { archives, missing: archives.filter((archive) => !files.has(archive)) };
}

function cycle(paths: readonly string[]): Fault {
  return new Fault('E-DEPOT-003' satisfies DepotCode, `the package archive '${paths[0]}' needs itself`, {
    notes: [paths.join(' → ')],
    hints: ["take one of these lines out of the 'archives' files"],
  });
}

/**
 * What Genode's own tools refuse though it is harmless: a package archive that is reached twice. Each as the two ways that lead to it.
 * A publisher who wants to be downloaded by them has to have none.
 */
export function reachedTwice(pkg: VersionedName, files: ArchiveFiles): { archive: string; ways: readonly [string, string] }[] {
  /** Package → the one by which it was reached first. */
  const above = new Map<string, string | undefined>();
  const wayTo = (path: string): string => {
    const way: string[] = [];
    for (let at: string | undefined = path; at !== undefined; at = above.get(at)) way.push(at);
    return way.reverse().join(' → ');
  };
  const twice: { archive: string; ways: readonly [string, string] }[] = [];
  const { arch: _, ...root } = pkg;
  const todo: { readonly archive: VersionedName; readonly by: string | undefined }[] = [{ archive: root, by: undefined }];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    const { archive, by } = next;
    const path = formatArchiveName(archive);
    if (above.has(path)) {
      twice.push({ archive: path, ways: [wayTo(path), `${wayTo(by!)} → ${path}`] });
      continue;
    }
    above.set(path, by);
    if (!files.has(archive)) continue;
    const parts = parseArchives(files.read(archive, 'archives') ?? '').filter(({ type }) => type === 'pkg');
    todo.push(...parts.map((part) => ({ archive: part, by: path })).reverse());
  }
  return twice;
}
