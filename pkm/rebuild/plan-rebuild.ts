/** From the text manifests, and what the disk holds, to rows. Where the two disagree about bytes the manifest stands: verify will tell. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compareBytes, Fault, readFileCapability, sys } from '../../base/index.ts';
import { blankRow } from '../blank-row.ts';
import { liveFingerprint } from '../config/list-config.ts';
import { configMatcher } from '../config-globs.ts';
import { type Disk, type DiskEntry, rootDisk } from '../disk.ts';
import { type RootLayout, STATE_DIR, under } from '../layout.ts';
import type { ConfigRow, FileRow, PackageRecord } from '../types.ts';
import { decodeManifest, type ManifestLine } from './decode-manifest.ts';

export interface RebuildFindings {
  /** Manifests and paths that could not be taken, and why. */
  readonly skipped: { readonly path: string; readonly why: string }[];
  /** Packages whose manifest is an older igos's: modes and owners are those of the disk, what they need is not known, and they count as asked for. */
  readonly incomplete: string[];
  /** Gone from the disk: recorded all the same, and missing for verify. */
  readonly missing: string[];
  /** Other bytes than were installed; configuration apart. */
  readonly modified: string[];
  /** Claimed by several packages: `owner` has it now. */
  readonly conflicts: { readonly path: string; readonly owner: string; readonly others: readonly string[] }[];
}

export interface RebuiltRows {
  readonly records: readonly PackageRecord[];
  readonly files: readonly FileRow[];
  readonly config: readonly ConfigRow[];
}

interface Claim {
  readonly record: PackageRecord;
  readonly isOlder: boolean;
  readonly lines: readonly ManifestLine[];
}

/** Unknown: the file that was installed is not there to be measured. */
const UNKNOWN_SIZE = -1;

/** @param onProgress  called now and then. Cost: a hash of every file */
export function rowsOfManifests(
  layout: RootLayout,
  names: readonly string[],
  findings: RebuildFindings,
  onProgress: (done: number, total: number) => void = () => undefined,
): RebuiltRows {
  const disk = rootDisk(layout);
  const byName = new Map<string, PackageRecord>();
  const byPath = new Map<string, Claim[]>();
  for (const { record, isOlder, lines } of readManifests(layout, names, findings)) {
    byName.set(record.name, record);
    if (isOlder) findings.incomplete.push(record.name);
    for (const readings of lines) {
      const path = readings.find((line) => standsAs(disk, line))?.path ?? readings[0]!.path;
      const claim = { record, isOlder, lines: readings.filter((line) => line.path === path) };
      byPath.set(path, [...(byPath.get(path) ?? []), claim]);
    }
  }
  const records = [...byName.values()].sort((a, b) => compareBytes(a.name, b.name));
  const files: FileRow[] = [];
  const config: ConfigRow[] = [];
  let nDone = 0;
  for (const path of [...byPath.keys()].sort(compareBytes)) {
    if (nDone++ % 256 === 0) onProgress(nDone, byPath.size);
    for (const row of rowsAt(path, byPath.get(path)!, { layout, disk, findings })) {
      files.push(row);
      if (row.isConfig) config.push(configRow(disk, row));
    }
  }
  return { records, files, config };
}

/** The newest of each package, where a crash left two. */
function readManifests(
  layout: RootLayout,
  names: readonly string[],
  { skipped }: RebuildFindings,
): Iterable<ReturnType<typeof decodeManifest>> {
  const found = new Map<string, { file: string; manifest: ReturnType<typeof decodeManifest> }>();
  for (const file of [...names].sort(compareBytes)) {
    try {
      const manifest = decodeManifest(sys('read', file, () => readFileSync(join(layout.manifests, file), 'utf8')));
      const { name, version, installedAt } = manifest.record;
      if (file !== `${name}-${version}`) throw new Error(`it is the manifest of ${name}-${version}`);
      const other = found.get(name);
      if (other !== undefined) {
        const isNewer = installedAt >= other.manifest.record.installedAt;
        skipped.push({ path: isNewer ? other.file : file, why: `there is a newer one of ${name}` });
        if (!isNewer) continue;
      }
      found.set(name, { file, manifest });
    } catch (error) {
      skipped.push({ path: file, why: (error as Error).message });
    }
  }
  return [...found.values()].map(({ manifest }) => manifest);
}

function entryOf(disk: Disk, path: string): DiskEntry | undefined {
  try {
    return disk.entry(path);
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}

function standsAs(disk: Disk, line: ManifestLine): boolean {
  const there = entryOf(disk, line.path);
  return there?.kind === line.kind && there.target === line.target;
}

interface World {
  readonly layout: RootLayout;
  readonly disk: Disk;
  readonly findings: RebuildFindings;
}

function rowsAt(path: string, claims: readonly Claim[], world: World): FileRow[] {
  const { disk, findings } = world;
  if (path === STATE_DIR || path.startsWith(`${STATE_DIR}/`)) {
    findings.skipped.push({ path: `/${path}`, why: 'that is where pkm keeps its state' });
    return [];
  }
  const there = entryOf(disk, path);
  const all = claims.flatMap(({ record, isOlder, lines }) => lines.slice(0, 1).map((line) => ({ record, isOlder, line })));
  const folders = all.filter(({ line }) => line.kind === 'directory');
  const others = all.filter(({ line }) => line.kind !== 'directory');
  // A directory may have several owners, anything else one.
  if (others.length === 0 || (folders.length > 0 && there?.kind === 'directory')) {
    if (there === undefined) findings.missing.push(path);
    for (const { record } of others) findings.conflicts.push({ path, owner: folders[0]!.record.name, others: [record.name] });
    const row = ({ record, isOlder, line }: (typeof all)[number]): FileRow => ({
      ...blankRow(path, record.name),
      ...metadataOf(line, isOlder ? there : undefined),
      kind: 'directory',
      // Nobody knows it: what was not made by a package must not go with one.
      wasThere: isOlder || line.wasThere,
    });
    return folders.map(row).sort((a, b) => compareBytes(a.owner, b.owner));
  }
  const live = there?.kind === 'file' ? disk.sha256(path) : '';
  const rank = ({ record, line }: (typeof all)[number]): number =>
    (record.supersededBy.length === 0 ? 2 : 0) + (line.kind === there?.kind && line.sha256 === live ? 1 : 0);
  const claim = others.reduce((best, one) => (rank(one) > rank(best) ? one : best));
  const rest = all.filter((one) => one !== claim).map(({ record }) => record.name);
  if (rest.length > 0) findings.conflicts.push({ path, owner: claim.record.name, others: rest });
  return [fileRow(path, claim, { ...world, there, live })];
}

function fileRow(
  path: string,
  { record, isOlder, line }: { record: PackageRecord; isOlder: boolean; line: ManifestLine },
  { layout, disk, findings, there, live }: World & { there: DiskEntry | undefined; live: string },
): FileRow {
  const isConfig = configMatcher(record.config)(path);
  const isSame = there?.kind === line.kind && there.target === line.target && live === line.sha256;
  if (there === undefined) findings.missing.push(path);
  else if (!isSame && !isConfig) findings.modified.push(path);
  const row: FileRow = {
    ...blankRow(path, record.name),
    ...metadataOf(line, isOlder ? there : undefined),
    kind: line.kind === 'symlink' ? 'symlink' : 'file',
    target: line.target,
    sha256: line.sha256,
    isConfig,
    wasThere: line.wasThere,
  };
  if (row.kind === 'symlink') return row;
  // Only pkm writes whole seconds: any other time is not the one that it gave.
  const mtimeSeconds = isSame && there.isWholeSecond ? there.mtimeSeconds : 0;
  const sized = { ...row, sizeBytes: isSame ? there.sizeBytes : UNKNOWN_SIZE, mtimeSeconds };
  if (!isOlder || !isSame || (there.mode & 0o111) === 0) return sized;
  const capability = readFileCapability(under(layout, disk.physical(path)));
  return capability === undefined ? sized : { ...sized, capability: Buffer.from(capability).toString('hex') };
}

/** @param there  what stands there, where the manifest does not say */
function metadataOf(line: ManifestLine, there: DiskEntry | undefined): Pick<FileRow, 'mode' | 'uid' | 'gid' | 'capability'> {
  const { mode, uid, gid } = there?.kind === line.kind ? there : line;
  return { mode, uid, gid, ...(line.capability === undefined ? {} : { capability: line.capability }) };
}

/**
 * The version that was offered last is in the manifest; which one the user's file descends from is known where nobody changed it.
 * With a `.new` beside it, it may be an older one: then it counts as the user's own, and nothing is merged on a guess.
 */
function configRow(disk: Disk, row: FileRow): ConfigRow {
  const upstreamSha256 = row.kind === 'symlink' ? `link:${row.target}` : row.sha256;
  const there = entryOf(disk, row.path);
  const config = { path: row.path, owner: row.owner, upstreamSha256, orphanedAt: 0 };
  const settled: ConfigRow = { ...config, originalSha256: upstreamSha256, newPath: '', newSha256: '' };
  if (there !== undefined && liveFingerprint(disk, row.path, there) === upstreamSha256) return settled;
  for (let n = 0; ; n++) {
    const newPath = n === 0 ? `${row.path}.new` : `${row.path}.new.${n}`;
    const waiting = entryOf(disk, newPath);
    if (waiting === undefined) return n === 0 ? settled : { ...settled, originalSha256: '' };
    const newSha256 = liveFingerprint(disk, newPath, waiting);
    if (newSha256 === upstreamSha256) return { ...config, originalSha256: '', newPath, newSha256 };
  }
}
