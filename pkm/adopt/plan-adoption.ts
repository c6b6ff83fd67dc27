/**
 * From the rows of another package manager, and what the disk holds, to ours. Their database knows paths and hashes; kinds, modes,
 * owners, sizes and link targets are taken from the disk. Where the two disagree about bytes, their hash stands: verify will tell.
 */
import { compareBytes, Fault, readFileCapability } from '../../base/index.ts';
import { blankRow } from '../blank-row.ts';
import { type Disk, type DiskEntry, rootDisk } from '../disk.ts';
import { type RootLayout, STATE_DIR, under } from '../layout.ts';
import { badPath, checkPackageName, checkVersion } from '../names.ts';
import type { ConfigRow, FileRow, PackageRecord } from '../types.ts';
import type { ForeignFile, ForeignPackage } from './intergenos-database.ts';

/** What was odd, by path. */
export interface AdoptionFindings {
  /** Gone from the disk: recorded all the same, and missing for verify. */
  readonly missing: string[];
  /** Other bytes than were installed; configuration apart. */
  readonly modified: string[];
  /** Claimed by several packages: `owner` has it now. */
  readonly conflicts: { readonly path: string; readonly owner: string; readonly others: readonly string[] }[];
  /** Not recorded: what cannot be managed. */
  readonly skipped: { readonly path: string; readonly package: string; readonly why: string }[];
  /** Configuration that both sides changed: the package's version waits as `.pkmnew`. */
  readonly configConflicts: string[];
}

export interface AdoptedPath {
  /** One, or several of a directory. */
  readonly rows: readonly FileRow[];
  readonly config: ConfigRow | undefined;
  /** Files whose bytes later merges need: path and hash. */
  readonly keep: readonly { readonly path: string; readonly sha256: string }[];
}

/** Unknown: the file that was installed is not there to be measured. */
const UNKNOWN_SIZE = -1;

export interface AdoptionSource {
  readonly files: Iterable<ForeignFile>;
  /** Names of the packages that nothing supersedes. */
  readonly active: ReadonlySet<string>;
  readonly baselines: ReadonlyMap<string, string>;
}

/** Path after path, sorted as the source is. Cost: a hash of every file. */
export function* adoptPaths(source: AdoptionSource, layout: RootLayout, findings: AdoptionFindings): Iterable<AdoptedPath> {
  const world: World = { layout, disk: rootDisk(layout), findings, places: new Map() };
  let group: ForeignFile[] = [];
  for (const file of source.files) {
    if (group.length > 0 && group[0]!.path !== file.path) {
      const adopted = adoptPath(group, source, world);
      if (adopted !== undefined) yield adopted;
      group = [];
    }
    group.push(file);
  }
  if (group.length === 0) return;
  const adopted = adoptPath(group, source, world);
  if (adopted !== undefined) yield adopted;
}

interface World {
  readonly layout: RootLayout;
  readonly disk: Disk;
  readonly findings: AdoptionFindings;
  /** Physical place of each file so far: through a symlink two names can be one. */
  readonly places: Map<string, string>;
}

function adoptPath(group: readonly ForeignFile[], source: AdoptionSource, world: World): AdoptedPath | undefined {
  const { path } = group[0]!;
  const { findings } = world;
  const skip = (why: string): undefined => {
    findings.skipped.push({ path, package: group[0]!.package, why });
    return undefined;
  };
  const why = badPath(path) ?? (path.startsWith(`${STATE_DIR}/`) ? 'that is where pkm keeps its state' : undefined);
  if (why !== undefined) return path === '' ? undefined : skip(why);
  let there: DiskEntry | undefined;
  let place = path;
  try {
    place = world.disk.physical(path);
    there = world.disk.entry(path);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return skip(error.message);
  }
  if (there?.kind === 'other') return skip('it is a device, socket or FIFO now');
  const isFolder = there === undefined ? group.every((file) => file.isFolder) : isDirectory(there, group);
  if (isFolder) return folders(path, group, there);
  const claims = group.filter((file) => !file.isFolder);
  if (there?.kind === 'directory') return skip('it is a directory now');
  if (claims.length === 0) return skip(`it was a directory, and is a ${there?.kind ?? 'file'} now`);
  const taken = world.places.get(place);
  if (taken !== undefined) return skip(`it is '/${place}', which is recorded already`);
  world.places.set(place, path);
  return oneFile(path, claims, there, { ...world, source });
}

/** A symlink that they list as a directory is one: `/lib`, say. */
const isDirectory = (there: DiskEntry, group: readonly ForeignFile[]): boolean =>
  group.every((file) => file.isFolder) && (there.kind === 'directory' || there.kind === 'symlink');

function folders(path: string, group: readonly ForeignFile[], there: DiskEntry | undefined): AdoptedPath {
  const owners = [...new Set(group.map((file) => file.package))].sort(compareBytes);
  const isLink = there?.kind === 'symlink';
  const { mode, uid, gid } = there === undefined || isLink ? { mode: 0o755, uid: 0, gid: 0 } : there;
  const rows = owners.map(
    (owner): FileRow => ({ ...blankRow(path, owner), kind: 'directory', mode, uid, gid, wasThere: isLink }),
  );
  return { rows, config: undefined, keep: [] };
}

function oneFile(
  path: string,
  claims: readonly ForeignFile[],
  there: DiskEntry | undefined,
  world: World & { source: AdoptionSource },
): AdoptedPath | undefined {
  const { layout, disk, findings, source } = world;
  const live = there?.kind === 'file' ? disk.sha256(path) : '';
  const claim = strongest(claims, source.active, live);
  const others = [...new Set(claims.map((file) => file.package))].filter((name) => name !== claim.package);
  if (others.length > 0) findings.conflicts.push({ path, owner: claim.package, others });
  const isConfig = path.startsWith('etc/') || claim.isConfig;
  const blank = blankRow(path, claim.package);
  if (there?.kind === 'symlink') {
    const row: FileRow = {
      ...blank,
      kind: 'symlink',
      mode: 0o777,
      uid: there.uid,
      gid: there.gid,
      target: there.target,
      isConfig,
    };
    return { rows: [row], config: isConfig ? configRow(row, `link:${there.target}`) : undefined, keep: [] };
  }
  const recorded = claim.sha256 || (isConfig ? (source.baselines.get(path) ?? '') : '');
  if (there === undefined && recorded === '') {
    findings.skipped.push({ path, package: claim.package, why: 'it is gone, and its hash was never recorded' });
    return undefined;
  }
  const sha256 = recorded === '' ? live : recorded;
  const isSame = live === sha256;
  if (there === undefined) findings.missing.push(path);
  else if (!isSame && !isConfig) findings.modified.push(path);
  const isProgram = there !== undefined && (there.mode & 0o111) !== 0;
  const capability = isProgram ? readFileCapability(under(layout, disk.physical(path))) : undefined;
  const row: FileRow = {
    ...blank,
    ...(capability === undefined ? {} : { capability: Buffer.from(capability).toString('hex') }),
    ...(there === undefined ? {} : { mode: there.mode, uid: there.uid, gid: there.gid }),
    sizeBytes: isSame ? there!.sizeBytes : UNKNOWN_SIZE,
    mtimeSeconds: isSame ? there!.mtimeSeconds : 0,
    sha256,
    isConfig,
  };
  return isConfig ? configuration(row, isSame, recorded !== '', world) : { rows: [row], config: undefined, keep: [] };
}

function configuration(row: FileRow, isSame: boolean, isBaselineKnown: boolean, { disk, findings }: World): AdoptedPath {
  const keep = isSame ? [{ path: row.path, sha256: row.sha256 }] : [];
  // without a baseline nobody knows whether the admin wrote it: it counts as the admin's
  const config: ConfigRow = { ...configRow(row, row.sha256), originalSha256: isBaselineKnown ? row.sha256 : '' };
  const aside = `${row.path}.pkmnew`;
  if (disk.entry(aside)?.kind !== 'file') return { rows: [row], config, keep };
  const newSha256 = disk.sha256(aside);
  findings.configConflicts.push(row.path);
  keep.push({ path: aside, sha256: newSha256 });
  return { rows: [row], config: { ...config, upstreamSha256: newSha256, newPath: aside, newSha256 }, keep };
}

const configRow = (row: FileRow, fingerprint: string): ConfigRow => ({
  path: row.path,
  owner: row.owner,
  originalSha256: fingerprint,
  upstreamSha256: fingerprint,
  newPath: '',
  newSha256: '',
  orphanedAt: 0,
});

/** Of several claims: an active package's before a superseded one's, then whose bytes are there, then the last one written. */
function strongest(claims: readonly ForeignFile[], active: ReadonlySet<string>, live: string): ForeignFile {
  const rank = (file: ForeignFile): number =>
    (active.has(file.package) ? 2 : 0) + (file.sha256 !== '' && file.sha256 === live ? 1 : 0);
  return claims.reduce((best, file) => (rank(file) >= rank(best) ? file : best));
}

/**
 * Their packages as our records. A successor that is gone leaves its predecessor active: somebody has to own those files.
 * @throws Fault E-PKM-001 a name or version that cannot be one
 */
export function adoptRecords(
  packages: readonly ForeignPackage[],
  needs: ReadonlyMap<string, readonly string[]>,
  now: number,
): PackageRecord[] {
  const known = new Set(packages.map((item) => item.name));
  const predecessors = (name: string): string[] => packages.filter((item) => item.supersededBy === name).map((item) => item.name);
  return packages.map((item): PackageRecord => {
    const isSuperseded = known.has(item.supersededBy) && item.supersededBy !== item.name;
    return {
      name: checkPackageName(item.name),
      version: checkVersion(item.name, item.version),
      release: item.release,
      tier: item.tier,
      summary: item.summary.replace(/\s+/g, ' '),
      license: item.license,
      homepage: '',
      runtime: (needs.get(item.name) ?? []).filter((name) => name !== ''),
      provides: [],
      conflicts: [],
      supersedes: predecessors(item.name),
      config: [],
      origin: { kind: 'archive', file: item.archive, sha256: '' },
      reason: item.isDependency ? 'dependency' : 'explicit',
      installedAt: secondsOf(item.installDate) ?? now,
      supersededBy: isSuperseded ? [item.supersededBy] : [],
      supersededAt: isSuperseded ? (secondsOf(item.supersededAt) ?? now) : 0,
      fromGeneration: 1,
    };
  });
}

/** Seconds since 1970 of a time as they write it; without a zone it is UTC. */
export function secondsOf(text: string): number | undefined {
  const isZoned = /(?:Z|[+-]\d\d:?\d\d)$/.test(text);
  const time = Date.parse(isZoned || text === '' ? text : `${text.replace(' ', 'T')}Z`);
  return Number.isNaN(time) ? undefined : Math.floor(time / 1000);
}
