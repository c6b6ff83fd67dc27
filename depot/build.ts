import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Fault, removedAtEnd, sys, temporaryName, whileLocked, writeFileAtomic } from '../base/index.ts';
import { type ArchiveName, formatArchiveName, type VersionedName } from './archive-name.ts';
import type { DepotCode } from './codes.ts';
import { dependenciesOf } from './dependencies.ts';
import type { Depot } from './depot.ts';
import { inParallel } from './in-parallel.ts';
import { parseApis, words } from './lists.ts';
import { missingInDepot } from './publish.ts';
import { putInPlace } from './put-in-place.ts';
import type { SourceTree } from './recipe.ts';
import { runMake } from './run-make.ts';

export interface BuildOptions {
  readonly depot: Depot;
  /** Build what is there anew. */
  readonly rebuild?: boolean;
  /** Leave `<version>.build` beside the binary. */
  readonly keepBuildDir?: boolean;
  readonly withDebug?: boolean;
  readonly ccache?: boolean;
  readonly jobs: number;
  /** More `NAME=value` words for make: `CROSS_DEV_PREFIX=`. */
  readonly settings?: readonly string[];
  readonly onBuilt?: (archive: VersionedName) => void;
  /** Told of the process that builds the same binary just now, and is waited for. */
  readonly onWait?: (archive: VersionedName, pid: number) => void;
}

/**
 * Builds the binaries among archives, and those that package archives with an architecture bring, of sources and APIs that are in the
 * depot. Each is built in a folder of its own, that sees nothing but them and Genode's build system.
 *
 * @returns what was built by this call
 * @throws Fault E-DEPOT-010 sources or APIs are missing · E-DEPOT-017 · E-DEPOT-018
 */
export async function buildArchives(
  wanted: readonly ArchiveName[],
  tree: SourceTree,
  options: BuildOptions,
): Promise<VersionedName[]> {
  const { archives, missing } = dependenciesOf(wanted, options.depot);
  const absent = missing.filter(({ type }) => type === 'src' || type === 'api' || type === 'pkg');
  if (absent.length > 0) throw missingInDepot(absent);
  const binaries = archives.filter(({ type }) => type === 'bin');
  if (!options.rebuild) refuseStrangers(binaries, options.depot);
  const todo = options.rebuild ? binaries : binaries.filter((binary) => needsBuild(binary, options));
  const built = await inParallel(todo, options.jobs, async (binary) => {
    const place = options.depot.path(binary);
    const lock = join(dirname(place), `.${basename(place)}.lock`);
    return whileLocked(
      lock,
      (pid) => options.onWait?.(binary, pid),
      async () => {
        if (!options.rebuild && !needsBuild(binary, options)) return [];
        await buildOne(binary, tree, options);
        options.onBuilt?.(binary);
        return [binary];
      },
    );
  });
  return built.flat();
}

const needsBuild = (binary: VersionedName, { depot, withDebug }: BuildOptions): boolean =>
  !depot.has(binary) || (withDebug === true && !depot.has({ ...binary, type: 'dbg' }));

const sourceOf = ({ user, name, version }: VersionedName): VersionedName => ({ user, type: 'src', name, version });

function apisOf(source: VersionedName, depot: Depot): VersionedName[] {
  const named = (['api', 'used_apis'] as const).flatMap((file) => parseApis(depot.read(source, file) ?? '', source.user));
  return [...new Map(named.map((api) => [formatArchiveName(api), api])).values()];
}

// Source first, then the APIs in their order: as Genode writes it beside a binary.
const ingredientHashes = (binary: VersionedName, depot: Depot): string =>
  [sourceOf(binary), ...apisOf(sourceOf(binary), depot)].map((archive) => depot.hash(archive) ?? '').join(' ');

/** A binary that was downloaded has no hashes beside it: its signature vouches for it. */
function refuseStrangers(binaries: readonly VersionedName[], depot: Depot): void {
  const strangers = binaries.filter((binary) => {
    const stated = depot.has(binary) ? depot.hash(binary) : undefined;
    return stated !== undefined && words(stated).join(' ') !== words(ingredientHashes(binary, depot)).join(' ');
  });
  if (strangers.length === 0) return;
  throw new Fault(
    'E-DEPOT-017' satisfies DepotCode,
    strangers.length === 1
      ? `the binary '${formatArchiveName(strangers[0]!)}' is not of its source and APIs as they are`
      : `${strangers.length} binaries are not of their sources and APIs as they are`,
    {
      notes: strangers.length === 1 ? [] : strangers.map(formatArchiveName),
      hints: ['--rebuild builds them anew'],
    },
  );
}

async function buildOne(binary: VersionedName, tree: SourceTree, options: BuildOptions): Promise<void> {
  const { depot } = options;
  const place = depot.path(binary);
  const folder = `${place}.build`;
  rmSync(folder, { recursive: true, force: true });
  using _ = options.keepBuildDir ? undefined : removedAtEnd(folder);
  prepare(binary, folder, tree, options);
  const { status, log } = await runMake(['-C', folder, ...(options.settings ?? [])]);
  if (status !== 0) {
    throw new Fault(
      'E-DEPOT-018' satisfies DepotCode,
      `'${formatArchiveName(binary)}' could not be built: make ended with ${status}`,
      {
        notes: log,
        hints: [options.keepBuildDir ? `look at '${folder}'` : '--keep-build-dir leaves the folder to look at'],
      },
    );
  }
  take(join(folder, 'bin'), place, () => true);
  const debug = { ...binary, type: 'dbg' as const };
  if (options.withDebug) take(join(folder, 'debug'), depot.path(debug), (name) => name.endsWith('.debug'));
  writeFileAtomic(`${place}.hash`, `${ingredientHashes(binary, depot)}\n`);
}

function prepare(binary: VersionedName, folder: string, tree: SourceTree, { depot, ccache }: BuildOptions): void {
  const source = sourceOf(binary);
  const etc = join(folder, 'etc');
  sys('make the folder', etc, () => mkdirSync(etc, { recursive: true }));
  const lines = [
    `GENODE_DIR := ${tree.folder}`,
    `BASE_DIR := ${join(tree.folder, 'repos', 'base')}`,
    `override CCACHE := ${ccache ? 'yes' : ''}`,
    'override KERNEL :=',
    `REPOSITORIES := ${depot.path(source)}`,
    ...apisOf(source, depot).map((api) => `REPOSITORIES += ${depot.path(api)}`),
  ];
  writeFileSync(join(etc, 'build.conf'), lines.map((line) => `${line}\n`).join(''));
  writeFileSync(join(etc, 'specs.conf'), `SPECS += genode ${binary.arch}\n`);
  const tools = join(tree.folder, 'repos', 'base', 'etc', 'tools.conf');
  if (existsSync(tools)) cpSync(tools, join(etc, 'tools.conf'));
  symlinkSync(join(tree.folder, 'tool', 'builddir', 'build.mk'), join(folder, 'Makefile'));
}

// What is built are links into the build folder: their files are what is wanted.
function take(from: string, place: string, wanted: (name: string) => boolean): void {
  const temporary = temporaryName(place);
  sys('make the folder', temporary, () => mkdirSync(temporary, { recursive: true }));
  try {
    for (const name of (existsSync(from) ? readdirSync(from) : []).filter(wanted)) {
      cpSync(join(from, name), join(temporary, name), { recursive: true, dereference: true });
    }
    putInPlace(temporary, place);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}
