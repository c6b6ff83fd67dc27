import { createHash } from 'node:crypto';
import { createReadStream, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Bug, removedAtEnd, sha256, sys, temporaryName, textToBytes } from '../base/index.ts';
import { formatArchiveName, type VersionedName } from './archive-name.ts';
import type { Depot } from './depot.ts';
import { depotPath } from './layout.ts';
import { putInPlace } from './put-in-place.ts';

/** A built package of igos, on its way into a depot. */
export interface PackageForDepot {
  readonly name: string;
  /** As declared. */
  readonly version: string;
  /** Text of the package archive's README. */
  readonly readme: string;
  /** What the source archive says: file name → text. */
  readonly source: ReadonlyMap<string, string>;
  /** Names of the packages that it needs at run time, over any number of steps, without itself; what is needed first. */
  readonly closure: readonly string[];
  /** It holds no machine code: the same on every architecture. */
  readonly isData: boolean;
  /** Writes the one file of the binary archive: all of the package, modes and owners too, which a depot's archives do not keep. */
  writeBinary(file: string): Promise<unknown>;
}

export interface PackageArchivesOptions {
  readonly depot: Depot;
  readonly user: string;
  /** `x86_64`. */
  readonly arch: string;
  readonly onCreated?: (archive: VersionedName) => void;
}

/** Ends the name of the file in a binary archive that is a package of igos. */
export const PACKAGE_SUFFIX = '.igos.tar.gz';

/**
 * Puts packages of igos into a depot: of each a binary archive that holds it, a source archive that says what it was built of, and a
 * package archive that lists both, and those of all packages that it needs, each once. One without machine code is a raw-data archive
 * instead of the first two, for every architecture. The version is the declared one and eight digits of
 * the hash of its content: another content is another version, whoever builds it. The content of a package archive is its list: where
 * only what a package needs has changed, its package archive is another one.
 *
 * @param packages  with everything that they need
 * @returns name → package archive
 */
export async function archivePackages(
  packages: readonly PackageForDepot[],
  options: PackageArchivesOptions,
): Promise<Map<string, VersionedName>> {
  const made = new Map<string, VersionedName>();
  const listed = new Map<string, VersionedName>();
  for (const each of packages) {
    const { version } = await putContent(each, options);
    const source: VersionedName = { user: options.user, type: each.isData ? 'raw' : 'src', name: each.name, version };
    if (!each.isData) put(source, options, (folder) => writeSource(each, folder));
    listed.set(each.name, source);
  }
  for (const each of packages) {
    // What is needed first; where Genode looks a file up, the last one that has it wins.
    const needed = [...each.closure, each.name].map((name) => listed.get(name) ?? missing(each.name, name));
    const digest = sha256(textToBytes([each.readme, ...needed.map(formatArchiveName)].join('\n')));
    const pkg: VersionedName = { user: options.user, type: 'pkg', name: each.name, version: versionOf(each.version, digest) };
    made.set(each.name, pkg);
    put(pkg, options, (folder) => {
      writeFileSync(join(folder, 'README'), each.readme);
      const lines = needed.map((one) => depotPath(one, options.depot.layout));
      writeFileSync(join(folder, 'archives'), lines.map((line) => `${line}\n`).join(''));
    });
  }
  return made;
}

function missing(name: string, needed: string): never {
  throw new Bug(`'${needed}', which '${name}' needs, is not among the packages`);
}

function writeSource(each: PackageForDepot, folder: string): void {
  for (const [name, text] of each.source) writeFileSync(join(folder, name), text);
}

async function putContent(each: PackageForDepot, options: PackageArchivesOptions): Promise<VersionedName> {
  const { depot, user } = options;
  const kind = each.isData ? ({ type: 'raw' } as const) : ({ type: 'bin', arch: options.arch } as const);
  const parent = dirname(depot.path({ user, ...kind, name: each.name, version: '0' }));
  const folder = temporaryName(join(parent, each.name));
  sys('make the folder', folder, () => mkdirSync(folder, { recursive: true }));
  using _ = removedAtEnd(folder);
  const file = join(folder, `${each.name}${PACKAGE_SUFFIX}`);
  await each.writeBinary(file);
  const archive: VersionedName = { user, ...kind, name: each.name, version: versionOf(each.version, await fileDigest(file)) };
  if (!depot.has(archive)) {
    if (each.isData) writeSource(each, folder);
    putInPlace(folder, depot.path(archive));
    options.onCreated?.(archive);
  }
  return archive;
}

async function fileDigest(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex');
}

/** @param digest  of the content, in hex */
const versionOf = (declared: string, digest: string): string =>
  `${declared.replace(/[^A-Za-z0-9_.-]/g, '_')}-${digest.slice(0, 8)}`;

function put(archive: VersionedName, options: PackageArchivesOptions, fill: (folder: string) => void): void {
  const place = options.depot.path(archive);
  if (options.depot.has(archive)) return;
  const folder = temporaryName(place);
  sys('make the folder', folder, () => mkdirSync(folder, { recursive: true }));
  try {
    fill(folder);
    putInPlace(folder, place);
    options.onCreated?.(archive);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
