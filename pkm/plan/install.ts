import { compareBytes, Fault } from '../../base/index.ts';
import { configMatcher } from '../config-globs.ts';
import type { Disk } from '../disk.ts';
import { isOfFirmware } from '../firmware.ts';
import { printable } from '../names.ts';
import type { FileRow, ImageEntry, InstallReason, PackageImage, PackageRecord } from '../types.ts';
import { checkEntry, isLayoutLink } from './critical.ts';
import { checkConflicts, newlyUnmet, unmetDependencies } from './dependencies.ts';
import type { Draft } from './draft.ts';
import { isPlainDirectory, type PathDraft } from './path-draft.ts';
import { parseRequirement } from './requirement.ts';
import { Roster } from './roster.ts';

export interface InstallOptions {
  /** Who was asked for by name; the others came along. Default: all. */
  readonly explicit?: ReadonlySet<string>;
  /** Seconds since 1970. */
  readonly now: number;
  /**
   * Whether a name that is not installed is known to whoever offers the images (a tree, a synced index): a predecessor that
   * never came to this root leaves nothing to take over, and is no mistake. Default: none is.
   */
  readonly isDeclared?: (name: string) => boolean;
}

/**
 * Puts images into the draft, in queue order: new packages, upgrades and successors alike.
 * @throws Fault E-PKM-… for a queue or an image that would break the root
 */
export function installImages(draft: Draft, images: readonly PackageImage[], disk: Disk, options: InstallOptions): void {
  const roster = Roster.ofRecords(draft.records());
  const byName = new Map(images.map((image) => [image.name, image]));
  const staying = new Set(images.filter((image) => staysSuperseded(roster, image, byName)));
  const strangers = images.filter((image) => roster.entry(image.name) === undefined);
  checkQueue(draft, images, { ...options, roster, staying, byName });
  for (const image of images) draft.base.prefetch(image.entries.map((entry) => entry.path));
  for (const image of images) dropOldFiles(draft, image);
  const conflicts: FileConflict[] = [];
  const successions = new Map<string, Set<string>>();
  for (const image of images)
    placeImage(draft, image, { disk, options, conflicts, roster, successions, isStaying: staying.has(image) });
  recordSuccessions(draft, successions, options.now);
  for (const image of strangers) {
    const heirs = roster.active(image.name) === undefined ? [] : roster.heirsOf(image.name);
    if (heirs.length > 0) throw supersededFault(image, heirs, false);
  }
  const records = draft.records();
  const queue = new Set(images.map((image) => image.name));
  checkConflicts(records, queue); // says more than that they have a file in common
  if (conflicts.length > 0) throw conflictFault(conflicts, draft, queue);
  const isStarted = (name: string): boolean => draft.base.filesOf(name).some(({ path }) => isOfFirmware(path));
  checkDependencies(draft.base.records(), records, queue, isStarted);
}

/**
 * The images without those that only came along, and whose place was taken by packages that stay as they are: these stand for
 * them already. A tree names a predecessor for as long as somebody needs it by that name.
 */
export function withoutReplaced(
  images: readonly PackageImage[],
  records: Iterable<PackageRecord>,
  explicit: ReadonlySet<string>,
): readonly PackageImage[] {
  if (images.every(({ name }) => explicit.has(name))) return images;
  const roster = Roster.ofRecords(records);
  const byName = new Map(images.map((image) => [image.name, image]));
  return images.filter((image) => {
    if (explicit.has(image.name) || roster.active(image.name) !== undefined) return true;
    const heirs = roster.standFor(image, (name) => byName.get(name));
    return heirs.length === 0 || heirs.some((heir) => byName.has(heir));
  });
}

/** Names once, predecessors there and before their successors, no way back for superseded packages. */
function checkQueue(
  draft: Draft,
  images: readonly PackageImage[],
  context: Pick<InstallOptions, 'isDeclared'> & {
    readonly roster: Roster;
    readonly staying: ReadonlySet<PackageImage>;
    readonly byName: ReadonlyMap<string, PackageImage>;
  },
): void {
  const { isDeclared, roster, staying, byName } = context;
  const position = new Map<string, number>();
  for (const [index, image] of images.entries()) {
    if (position.has(image.name)) {
      throw new Fault('E-PKM-008', `package '${image.name}' is in the queue twice`, { hints: ['name it once'] });
    }
    position.set(image.name, index);
  }
  for (const [index, image] of images.entries()) {
    const old = draft.record(image.name);
    const successors = staying.has(image) ? [] : roster.keepAway(image, (name) => byName.get(name));
    if (successors.length > 0) throw supersededFault(image, successors, old !== undefined);
    for (const predecessor of image.supersedes) {
      const at = position.get(predecessor);
      if (at !== undefined && at > index) {
        throw new Fault('E-PKM-009', `'${image.name}' supersedes '${predecessor}', which comes after it in the queue`, {
          hints: [`put '${predecessor}' before '${image.name}'`],
        });
      }
      const isKnown = at !== undefined || draft.record(predecessor) !== undefined || old?.supersedes.includes(predecessor);
      if (isKnown === true || isDeclared?.(predecessor) === true) continue;
      throw new Fault('E-PKM-010', `'${image.name}' supersedes '${predecessor}', which is not installed`, {
        hints: [`install '${predecessor}' first, or in the same queue before '${image.name}'`],
      });
    }
  }
}

function supersededFault({ name }: PackageImage, heirs: readonly string[], wasHere: boolean): Fault {
  const those = `'${heirs.join("', '")}'`;
  return new Fault('E-PKM-011', `package '${name}' was superseded by ${those}`, {
    hints: [
      `install ${those} instead`,
      `or remove ${those} first`,
      ...(wasHere ? [`or go back over the change with: pkm rollback --package ${name}`] : []),
    ],
  });
}

/** A declared system names predecessor and successor each time: the predecessor is brought up to date, and stays superseded. */
function staysSuperseded(roster: Roster, { name }: PackageImage, queue: ReadonlyMap<string, PackageImage>): boolean {
  if (roster.active(name) !== undefined) return false;
  for (const successor of roster.successorsOf(name)) if (queue.get(successor)?.supersedes.includes(name) === true) return true;
  const way = roster.wayFrom(name);
  return roster.heirsOf(name).some((heir) => queue.get(heir)?.supersedes.some((one) => way.has(one)));
}

function dropOldFiles(draft: Draft, image: PackageImage): void {
  if (draft.record(image.name) === undefined) return;
  draft.dropFilesOf(image.name, new Set(image.entries.map((entry) => entry.path)));
}

interface FileConflict {
  readonly path: string;
  readonly package: string;
  readonly owner: string;
}

function placeImage(
  draft: Draft,
  image: PackageImage,
  context: {
    disk: Disk;
    options: InstallOptions;
    conflicts: FileConflict[];
    roster: Roster;
    successions: Map<string, Set<string>>;
    isStaying: boolean;
  },
): void {
  const { disk, options, conflicts, roster, successions, isStaying } = context;
  const { name } = image;
  const record = newRecord(image, draft.record(name), { ...options, isStaying });
  supersede(image, roster, successions);
  draft.putRecord(record);
  roster.put({ about: image, supersededBy: record.supersededBy });
  const isConfig = configMatcher(image.config);
  let heirs: readonly string[] | undefined;
  const isOfHeir = (at: PathDraft): boolean => {
    heirs ??= [...roster.wayFrom(name), ...roster.heirsOf(name)].filter((one) => one !== name);
    return heirs.some((one) => at.of(one) !== undefined);
  };
  let older: readonly string[] | undefined;
  for (const entry of image.entries) {
    const at = draft.at(entry.path);
    if (isStaying && isOfHeir(at)) continue;
    if (entry.kind === 'directory' && isNoDirectory(at.before.nth(0))) {
      if (!at.rows().some((row) => row.kind !== 'directory' && !mayTake(roster, image, row.owner) && row.owner !== name))
        disk.assumeFolder(entry.path);
    }
    checkEntry(draft, image, entry, disk);
    if (isLayoutLink(entry) && isLaidOut(draft, image, entry, disk)) continue;
    if (at.first(name) !== undefined) {
      older ??= [...new Set([...image.supersedes, ...roster.ancestorsOf(name)])].filter((one) => mayTake(roster, image, one));
      for (const one of older) at.drop(one);
      // Directories have many owners, and are in nobody's way.
      const isShared = entry.kind === 'directory' && at.first(name)?.kind === 'directory';
      for (const row of isShared ? [] : at.rows())
        if (row.owner !== name && (row.kind !== 'directory' || entry.kind !== 'directory'))
          conflicts.push({ path: entry.path, package: name, owner: row.owner });
    }
    at.put(entry.kind === 'directory' ? directoryRow(at, name, entry, disk) : fileRow(name, entry, isConfig));
  }
}

const isNoDirectory = (row: FileRow | undefined): boolean => row !== undefined && row.kind !== 'directory';

/** @param successions  gets who supersedes whom: of one that is split in many, all are recorded at once */
function supersede({ name, supersedes }: PackageImage, roster: Roster, successions: Map<string, Set<string>>): void {
  for (const older of supersedes) {
    const entry = roster.entry(older);
    if (entry === undefined) continue;
    const successors = successions.get(older) ?? new Set(entry.supersededBy);
    successions.set(older, successors.add(name));
    if (entry.supersededBy.length === 0) roster.put({ about: entry.about, supersededBy: [name] });
  }
}

function recordSuccessions(draft: Draft, successions: ReadonlyMap<string, ReadonlySet<string>>, now: number): void {
  for (const [name, successors] of successions) {
    const record = draft.record(name)!;
    if (successors.size === record.supersededBy.length) continue;
    const supersededAt = record.supersededAt === 0 ? now : record.supersededAt;
    draft.putRecord({ ...record, supersededBy: [...successors].sort(compareBytes), supersededAt });
  }
}

/** Another package has the same symlink, or it stood there before any package: it stays theirs. */
function isLaidOut(draft: Draft, image: PackageImage, entry: ImageEntry, disk: Disk): boolean {
  const rows = draft.rowsAt(entry.path);
  if (rows.length > 0) {
    return rows.every((row) => row.owner !== image.name && row.kind === 'symlink' && row.target === entry.target);
  }
  return draft.base.rowsAt(entry.path).length === 0 && disk.entry(entry.path)?.target === entry.target;
}

/** Whose place it took, now or before, near or far. */
const mayTake = (roster: Roster, { name, supersedes }: PackageImage, owner: string): boolean =>
  supersedes.includes(owner) || (roster.active(owner) === undefined && roster.ancestorsOf(name).has(owner));

const fileRow = (owner: string, entry: ImageEntry, isConfig: (path: string) => boolean): FileRow => ({
  path: entry.path,
  owner,
  kind: entry.kind === 'symlink' ? 'symlink' : 'file',
  mode: entry.mode,
  uid: entry.uid,
  gid: entry.gid,
  sizeBytes: entry.sizeBytes,
  sha256: entry.sha256,
  target: entry.kind === 'symlink' ? entry.target : '',
  ...(entry.capability === undefined ? {} : { capability: entry.capability }),
  isConfig: isConfig(entry.path),
  wasThere: false,
  mtimeSeconds: 0,
});

/**
 * A plain directory (0755, root) takes what is there: the mode another owner gave it, or the admin did before any package came
 * (`/tmp` stays 1777). A directory that declares anything else is made so.
 */
function directoryRow(at: PathDraft, owner: string, entry: ImageEntry, disk: Disk): FileRow {
  const { path, mode, uid, gid } = entry;
  const row: FileRow = {
    path,
    owner,
    kind: 'directory',
    mode,
    uid,
    gid,
    sizeBytes: 0,
    sha256: '',
    target: '',
    isConfig: false,
    wasThere: false,
    mtimeSeconds: 0,
  };
  const own = at.of(owner);
  const isOld = own?.kind === 'directory';
  const inherited = at.first(isOld && own.wasThere ? undefined : owner);
  if (inherited?.kind === 'directory') {
    const { mode, uid, gid, wasThere } = inherited;
    return isPlainDirectory(entry) ? { ...row, mode, uid, gid, wasThere } : { ...row, wasThere };
  }
  const { before } = at;
  // Its last owner may just have been superseded: what stood there before any package still does.
  if (isOld || before.nth(0) !== undefined) {
    return { ...row, wasThere: before.all().some((other) => other.kind === 'directory' && other.wasThere) };
  }
  const there = disk.entry(path);
  if (there === undefined || there.kind === 'file') return row;
  if (!isPlainDirectory(entry)) return { ...row, wasThere: true };
  const folder = there.kind === 'symlink' ? disk.entry(disk.physical(`${path}/.`).slice(0, -2)) : there;
  return { ...row, wasThere: true, mode: folder?.mode ?? mode, uid: folder?.uid ?? uid, gid: folder?.gid ?? gid };
}

/** An equal record stays as it was; being asked for by name is remembered. */
function newRecord(
  image: PackageImage,
  old: PackageRecord | undefined,
  options: InstallOptions & { readonly isStaying: boolean },
): PackageRecord {
  const { entries: _entries, notes: _notes, contentPath: _path, scratch: _scratch, ...description } = image;
  const asked = options.explicit === undefined || options.explicit.has(image.name);
  const reason: InstallReason =
    asked || (old?.reason === 'explicit' && old.supersededBy.length === 0) ? 'explicit' : 'dependency';
  const record: PackageRecord = {
    ...description,
    reason,
    installedAt: options.now,
    supersededBy: options.isStaying ? (old?.supersededBy ?? []) : [],
    supersededAt: options.isStaying ? (old?.supersededAt ?? 0) : 0,
    fromGeneration: 0,
  };
  if (old === undefined || identity(old) !== identity(record)) return record;
  return { ...old, reason };
}

const identity = (record: PackageRecord): string => {
  const { reason: _reason, installedAt: _at, fromGeneration: _from, origin, ...rest } = record;
  const parts = Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([parts, origin.kind === 'store' ? origin.storePath : origin.sha256]);
};

/**
 * Packages of the queue must have all they need; others, what they had.
 * @param isStarted  whether firmware starts a file of the package: no change but of the system brings another one
 */
function checkDependencies(
  before: readonly PackageRecord[],
  after: readonly PackageRecord[],
  queue: ReadonlySet<string>,
  isStarted: (name: string) => boolean,
): void {
  const unmet = unmetDependencies(after).filter((item) => queue.has(item.package));
  const broken = newlyUnmet(before, after).filter((item) => !queue.has(item.package));
  const [first, ...others] = [...unmet, ...broken];
  if (first === undefined) return;
  const names = [...new Set(unmet.map((item) => item.needs))];
  const what = unmet.length > 0 ? 'which is neither installed nor in the queue' : 'and is installed: this would break it';
  throw new Fault('E-PKM-013', `'${first.package}' needs '${first.needs}', ${what}`, {
    notes: [
      ...(first.there === '' ? [] : [first.there]),
      ...others
        .slice(0, 19)
        .map(({ package: by, needs, there }) => `'${by}' needs '${needs}'${there === '' ? '' : `; ${there}`}`),
    ],
    hints:
      unmet.length > 0
        ? [`install ${names.map((name) => `'${name}'`).join(', ')} too`]
        : isStarted(first.package)
          ? ['bring both with: pkm switch TREE#SYSTEM', `or leave it as it is: pkm hold ${parseRequirement(first.needs).name}`]
          : [`upgrade '${first.package}' in the same transaction, or remove it first`],
  });
}

function conflictFault(conflicts: readonly FileConflict[], draft: Draft, queue: ReadonlySet<string>): Fault {
  const first = conflicts[0]!;
  const notes = conflicts.slice(1, 10).map((other) => `'/${printable(other.path)}' of '${other.owner}' and '${other.package}'`);
  if (conflicts.length > 10) notes.push(`and ${conflicts.length - 10} more`);
  if (draft.base.record(first.owner) === undefined) {
    return new Fault('E-PKM-004', `'/${printable(first.path)}' is in both '${first.owner}' and '${first.package}'`, {
      notes,
      hints: ['install one of them only', `or let '${first.package}' declare that it supersedes '${first.owner}'`],
    });
  }
  const isUpgrade = draft.base.record(first.package) !== undefined;
  return new Fault('E-PKM-004', `'/${printable(first.path)}' of '${first.package}' belongs to '${first.owner}' already`, {
    notes,
    hints: [
      `remove '${first.owner}' first`,
      ...(queue.has(first.owner) ? [] : [`or name '${first.owner}' too, if a newer version of it has the file no more`]),
      `or let '${first.package}' declare that it supersedes '${first.owner}'`,
      ...(isUpgrade ? [`or leave '${first.package}' as it is for now: pkm hold ${first.package}`] : []),
    ],
  });
}
