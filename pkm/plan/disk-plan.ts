/**
 * From the difference of two generations, and what the disk holds, to the operations that bring the disk from one to the other.
 * Decides only; nothing is written here. Install, upgrade, supersede, remove, switch and rollback all pass through it.
 */
import { compareBytes, Fault } from '../../base/index.ts';
import { filterTimed, type TimedFile, type TimedFiles, timedFile } from '../../store/index.ts';
import { isPrivileged } from '../archive/privileged.ts';
import type { Storage } from '../contents.ts';
import type { Disk, DiskEntry } from '../disk.ts';
import { isOfFirmware } from '../firmware.ts';
import { isIn, parentOf, printable } from '../names.ts';
import type { PathRows } from '../state/path-rows.ts';
import { NO_FILES } from '../state/plain-files.ts';
import { type StateDelta, type StateView, sameFile } from '../state/state.ts';
import { stoodOf } from '../stood.ts';
import type { ConfigChange, ConfigRow, FileRow, Warning } from '../types.ts';
import { FOLDER_STAYS, GOES_MODIFIED, isAsPlaced, isSame } from './as-placed.ts';
import { planConfig } from './config-plan.ts';
import { isLayoutLink } from './critical.ts';
import {
  type DiskPlan,
  isOffered,
  type Operation,
  type PlainRemovals,
  type Space,
  type StageItem,
  type Stood,
} from './operations.ts';
import { PathDraft } from './path-draft.ts';

export interface DiskPlanInput {
  readonly base: StateView;
  readonly delta: StateDelta;
  /** Files that come back to their other names, though nothing else of them changes. */
  readonly joined?: ReadonlySet<string>;
  readonly disk: Disk;
  /** The bytes of a configuration row of the new generation. */
  readonly nextBytes: (row: FileRow) => Buffer;
  /** Where the bytes of a row are now. Default: in a file of their own, elsewhere. */
  readonly storage?: (row: FileRow) => Storage;
  /** The bytes of an earlier version of configuration, by hash; `undefined` where they are lost. */
  readonly oldBytes: (sha256: string) => Buffer | undefined;
  /** How configuration of a row that goes is treated. */
  readonly withdrawal: (row: FileRow) => 'remove' | 'remove-by-force' | 'replace';
  readonly isRollback: boolean;
  readonly overwrite: boolean;
  readonly now: number;
  /** File system of the staging folder. */
  readonly stagingDevice: number;
}

/** @throws Fault E-PKM-005 · E-PKM-006 · E-PKM-007 · E-PKM-004 (through a symlink) */
export function planDisk(input: DiskPlanInput): DiskPlan {
  const planner = new DiskPlanner(input);
  planner.run();
  return planner.result();
}

export class DiskPlanner {
  readonly input: DiskPlanInput;
  readonly #changes = new Map<string, Change>();
  readonly #stage: StageItem[] = [];
  readonly #first: Operation[] = [];
  readonly #mkdirs: Operation[] = [];
  readonly #places: Operation[] = [];
  readonly #metadata: Operation[] = [];
  readonly #removals: Operation[] = [];
  #plain: PlainRemovals = { inPlace: NO_FILES, folders: new Set(), elsewhere: [] };
  readonly #replacedFolders: string[] = [];
  readonly #removed = new Set<string>();
  /** By physical path. */
  readonly #stood = new Map<string, Stood>();
  /** Physical folders that are there, or will be when files are placed. */
  readonly #folders = new Set<string>();
  readonly #putFiles: FileRow[] = [];
  readonly #unmanaged: string[] = [];
  readonly #taken = new Map<string, string>();
  readonly #near = new Map<string, { folder: string; device: number }>();
  readonly #space = new Map<number, { -readonly [K in keyof Space]: Space[K] } & { readonly names: Set<string> }>();
  readonly putConfig: ConfigRow[] = [];
  readonly dropConfig: string[] = [];
  readonly keepBytes: FileRow[] = [];
  readonly configChanges: ConfigChange[] = [];
  readonly warnings: Warning[] = [];
  #nPlaced = 0;
  #nRemoved = 0;

  constructor(input: DiskPlanInput) {
    this.input = input;
    const change = (path: string): Change => {
      let found = this.#changes.get(path);
      if (found === undefined) {
        found = { path, drops: [], puts: [] };
        this.#changes.set(path, found);
      }
      return found;
    };
    for (const row of input.delta.dropFiles) change(row.path).drops.push(row);
    for (const row of input.delta.putFiles) change(row.path).puts.push(row);
  }

  run(): void {
    this.#planPlain(this.input.delta.dropPlain ?? NO_FILES);
    for (const change of [...this.#changes.values()].sort((a, b) => compareBytes(a.path, b.path))) this.#planPath(change);
    if (this.#unmanaged.length > 0) throw unmanagedFault(this.#unmanaged);
    for (const folder of this.#replacedFolders) this.#checkEmptied(folder);
  }

  /** They are removed however they stand, and looked at when they are: see late-look.ts. */
  #planPlain(files: TimedFiles): void {
    const folders = new Set<string>();
    const elsewhere = new Map<string, TimedFile>();
    /** One that is where its path says. They come folder by folder. */
    let folder = '';
    for (let index = 0; index < files.paths.length; index++) {
      const path = files.paths[index]!;
      if (isIn(folder, path)) continue;
      if (this.#isCutOff(path)) continue; // found to be nowhere when it is removed
      const place = this.input.disk.physical(path);
      if (place === path) {
        folder = parentOf(path);
        folders.add(folder);
      } else {
        elsewhere.set(path, timedFile(files, index));
        this.#removals.push({ kind: 'unlink', path: place });
      }
    }
    this.#nRemoved += files.paths.length;
    const inPlace = elsewhere.size === 0 ? files : filterTimed(files, (path) => !elsewhere.has(path));
    this.#plain = { inPlace, folders, elsewhere: [...elsewhere.values()] };
  }

  result(): DiskPlan {
    const isInside = (operation: Operation): boolean =>
      this.#replacedFolders.some((folder) => operation.path === folder || operation.path.startsWith(`${folder}/`));
    const deepestFirst = (a: Operation, b: Operation): number => (a.path < b.path ? 1 : -1);
    const early = this.#removals.filter(isInside).sort(deepestFirst);
    const late = this.#removals.filter((operation) => !isInside(operation));
    // Names first, side by side where there are many; then the folders, those inside before those around.
    const names = late.filter(({ kind }) => kind !== 'rmdir');
    const folders = late.filter(({ kind }) => kind === 'rmdir').sort(deepestFirst);
    // A program that runs meanwhile finds its old files until all new ones are in place.
    const isStarted = ({ path }: Operation): boolean => isOfFirmware(path);
    const beforeRemovals = this.#first.concat(
      early,
      this.#mkdirs,
      this.#places.filter((operation) => !isStarted(operation)),
      this.#metadata,
      // What belongs to a kernel is there before it can be started, and what belongs to the last one until it cannot.
      this.#places.filter(isStarted),
    );
    const ended: Operation[] =
      (this.input.delta.dropPlain ?? NO_FILES).paths.length === 0
        ? []
        : [{ kind: 'unlink-ended', path: '', generation: this.input.base.generation + 1 }];
    return {
      stage: this.#stage,
      operations: this.#withOpenFolders(beforeRemovals.concat(ended, names, folders).map(this.#withStood)),
      plain: this.#plain,
      putFiles: this.#putFiles,
      putConfig: this.putConfig,
      dropConfig: this.dropConfig,
      keepBytes: this.keepBytes,
      configChanges: this.configChanges,
      warnings: this.warnings,
      nFilesPlaced: this.#nPlaced,
      nFilesRemoved: this.#nRemoved,
      space: this.#space,
    };
  }

  #withStood = (operation: Operation): Operation => {
    if (operation.kind !== 'place' && operation.kind !== 'unlink') return operation;
    const stood = this.#stood.get(operation.path);
    return stood === undefined ? operation : { ...operation, stood };
  };

  /** Who is no root opens folders that are closed to their owner for as long as names come into them and go. */
  #withOpenFolders(operations: Operation[]): Operation[] {
    if (CAN_CHOWN) return operations;
    const named = operations.filter(({ kind }) => kind !== 'metadata' && kind !== 'unlink-ended');
    const closed = new Map<string, DiskEntry>();
    for (const path of new Set([...this.#plain.folders, ...named.map((operation) => parentOf(operation.path))])) {
      const there = path === '' ? undefined : this.input.disk.entry(path);
      const isClosed = there?.kind === 'directory' && (there.mode & OWNER_MAY) !== OWNER_MAY;
      if (isClosed && there.uid === process.geteuid?.()) closed.set(path, there);
    }
    const isOfClosed = ({ kind, path }: Operation): boolean => kind === 'metadata' && closed.has(path);
    const asTheyWere = [...closed].map(([path, { mode, uid, gid }]) => ({ kind: 'metadata' as const, path, mode, uid, gid }));
    return [
      ...asTheyWere.map((operation) => ({ ...operation, mode: operation.mode | OWNER_MAY })),
      ...operations.filter((operation) => !isOfClosed(operation)),
      ...asTheyWere.map(
        (operation) => operations.find(({ kind, path }) => kind === 'metadata' && path === operation.path) ?? operation,
      ),
    ];
  }

  /** How a path stands in the new generation. */
  standingAfter(path: string): FileRow | undefined {
    return standingAfter(this.input.base.at(path), this.#changes.get(path));
  }

  #planPath(change: Change): void {
    const { path, puts } = change;
    const before = this.input.base.at(path);
    const old = before.nth(0);
    const next = standingAfter(before, change);
    let facts: Partial<FileRow> = {};
    if (next === undefined) this.#withdraw(old!);
    else if (next.kind === 'directory') this.#planDirectory(old, next);
    else {
      this.#checkAlias(next);
      facts = next.isConfig || old?.isConfig === true ? planConfig(this, old, next) : this.#planFile(old, next);
    }
    for (const row of puts)
      this.#putFiles.push({
        ...row,
        ...(this.input.isRollback ? { mtimeSeconds: facts.mtimeSeconds ?? row.mtimeSeconds } : facts),
      });
  }

  #withdraw(old: FileRow): void {
    const { disk, isRollback } = this.input;
    if (this.#isCutOff(old.path)) {
      if (old.isConfig) this.dropConfig.push(old.path);
      return;
    }
    if (old.kind === 'directory') {
      if (!old.wasThere && disk.isDirectory(old.path)) this.#removals.push({ kind: 'rmdir', path: disk.physical(old.path) });
      return;
    }
    if (old.isConfig) {
      planConfig(this, old, undefined);
      return;
    }
    const there = disk.entry(old.path);
    if (there !== undefined && !(isRollback && old.wasThere)) {
      if (there.kind === 'directory') {
        this.warnings.push(this.#modified(old, FOLDER_STAYS));
        return;
      }
      if (!isRollback && isLayoutLink(old)) {
        this.warnings.push({ kind: 'note', path: old.path, package: old.owner, text: 'it stays: every program needs it' });
        return;
      }
      if (!isAsPlaced(disk, old, there)) this.warnings.push(this.#modified(old, GOES_MODIFIED));
      this.unlink(old.path);
    }
  }

  /** Something that is no directory stands in the place of one above: nothing is left to go, and what stands there stays. */
  #isCutOff(path: string): boolean {
    try {
      this.input.disk.physical(path);
      return false;
    } catch (error) {
      if (error instanceof Fault && error.code === 'E-PKM-006') return true;
      throw error;
    }
  }

  #planDirectory(old: FileRow | undefined, next: FileRow): void {
    const { disk } = this.input;
    const wanted = { path: '', mode: next.mode, uid: next.uid, gid: next.gid };
    if (old !== undefined && old.kind !== 'directory') {
      if (old.isConfig) planConfig(this, old, undefined);
      else this.#clearForDirectory(old);
      disk.assumeFolder(next.path);
      this.makeDirectory(next);
      return;
    }
    const there = disk.entry(next.path);
    const path = disk.physical(next.path);
    if (there === undefined) this.makeDirectory(next);
    else if (there.kind === 'symlink') disk.physical(`${next.path}/.`);
    else if (there.kind !== 'directory') throw inTheWay(path, `package '${next.owner}' has a directory there`);
    else if (old === undefined ? !sameMetadata(there, next) : !sameMetadata(old, next)) {
      this.#metadata.push({ kind: 'metadata', ...wanted, path });
    }
  }

  makeDirectory({ path, mode, uid, gid }: FileRow): void {
    const physical = this.input.disk.physical(path);
    this.#ensureFolder(parentOf(physical));
    this.#folders.add(physical);
    this.#mkdir(physical, { mode, uid, gid });
  }

  #clearForDirectory(old: FileRow): void {
    const there = this.input.disk.entry(old.path);
    if (there !== undefined && there.kind !== 'directory') this.removeFirst(old.path);
  }

  /** Removes what stands where a directory shall. */
  removeFirst(path: string): void {
    const physical = this.input.disk.physical(path);
    this.#first.push({ kind: 'unlink', path: physical });
    this.#removed.add(physical);
    this.#nRemoved += 1;
  }

  #planFile(old: FileRow | undefined, next: FileRow): Partial<FileRow> {
    const { disk, now, overwrite } = this.input;
    const there = disk.entry(next.path);
    const isJoined = old !== undefined && this.input.joined?.has(next.path) === true;
    const comesBack = isJoined && there !== undefined && isAsPlaced(disk, old, there);
    if (isJoined && !comesBack && sameFile(old, next)) return { wasThere: old.wasThere, mtimeSeconds: old.mtimeSeconds };
    if (there?.kind === 'directory') {
      this.replaceFolder(old, next);
      return this.place(next);
    }
    if (there === undefined) return this.place(next);
    if (old === undefined || old.kind === 'directory') {
      // nobody's file is given capabilities: it would keep them when the package goes
      if (next.capability === undefined && this.isSame(next, there)) {
        if (!sameMetadata(there, next)) {
          if (next.kind === 'symlink' || isPrivileged(next)) return { wasThere: true, ...this.place(next) };
          this.changeMetadata(next.path, next);
        }
        return { wasThere: true, mtimeSeconds: next.kind === 'file' ? there.mtimeSeconds : 0 };
      }
      if (!overwrite) this.#unmanaged.push(next.path);
      else
        this.warnings.push({
          kind: 'modified-file',
          path: next.path,
          package: next.owner,
          text: 'a file of no package stood there; it is replaced',
        });
      return this.place(next);
    }
    const isEqual =
      old.kind === next.kind && old.sha256 === next.sha256 && old.target === next.target && old.capability === next.capability;
    // a change of the owner would take capabilities away, a symlink is made anew for it, and whose bytes get setuid is not left open
    const canChange = next.kind === 'file' && !isPrivileged(next);
    if (isEqual && !comesBack && there.kind === next.kind && (canChange || sameMetadata(old, next))) {
      if (!sameMetadata(old, next)) this.changeMetadata(next.path, next);
      return { wasThere: old.wasThere, mtimeSeconds: old.mtimeSeconds };
    }
    if (!isAsPlaced(disk, old, there) && !this.isSame(next, there)) {
      this.warnings.push(this.#modified(next, 'it was modified; it is replaced all the same'));
    }
    return { ...this.place(next), wasThere: old.wasThere, mtimeSeconds: next.kind === 'file' ? now : 0 };
  }

  /** A directory stands where a file shall: only where it is managed, and everything below it goes too. */
  replaceFolder(old: FileRow | undefined, next: FileRow): void {
    const path = this.input.disk.physical(next.path);
    if (old?.kind !== 'directory') throw inTheWay(path, `package '${next.owner}' has a ${next.kind} there`);
    this.#replacedFolders.push(path);
    this.#removals.push({ kind: 'rmdir', path });
  }

  #checkEmptied(folder: string): void {
    for (const name of this.input.disk.names(folder)) {
      const path = `${folder}/${name}`;
      const isFolder = this.input.disk.entry(path)?.kind === 'directory';
      if (isFolder) this.#checkEmptied(path);
      else if (!this.#removed.has(path)) throw inTheWay(path, `'/${printable(folder)}' is to become a file or symlink`);
    }
    const isGoing = this.#removals.some((operation) => operation.kind === 'rmdir' && operation.path === folder);
    if (!isGoing) throw inTheWay(folder, 'a directory above it is to become a file or symlink');
  }

  /** Through a symlink in its parents, two names can be one file. */
  #checkAlias(next: FileRow): void {
    const path = this.input.disk.physical(next.path);
    const other = this.#taken.get(path) ?? (path === next.path ? undefined : this.standingAfter(path)?.owner);
    this.#taken.set(path, next.owner);
    if (other === undefined) return;
    throw new Fault(
      'E-PKM-004',
      `'/${printable(next.path)}' of '${next.owner}' is '/${printable(path)}', which belongs to '${other}' already`,
      {
        notes: ['a symlink in the path makes the two names one file'],
        hints: [`install one of the two packages only, or let it use the name '/${printable(path)}'`],
      },
    );
  }

  isSame(row: FileRow, there: DiskEntry): boolean {
    return isSame(this.input.disk, row, there);
  }

  /** @param metadata  where it is not the row's */
  place(
    row: FileRow,
    { mode, uid, gid, like }: { mode: number; uid: number; gid: number; like?: string } = row,
  ): { mtimeSeconds: number } {
    if (row.kind === 'symlink') this.stage(row.path, { kind: 'symlink', target: row.target, mode, uid, gid }, 0);
    else this.stage(row.path, { kind: 'row', row, mode, uid, gid, ...(like === undefined ? {} : { like }) }, row.sizeBytes);
    return { mtimeSeconds: row.kind === 'file' ? this.input.now : 0 };
  }

  /** Stages an item and places it at `path`, a path with symlinks in its parents maybe. */
  stage(path: string, item: StageContent, sizeBytes: number): void {
    const physical = this.input.disk.physical(path);
    const { folder, device } = this.#nearest(parentOf(physical));
    const near = device === this.input.stagingDevice ? undefined : folder;
    const staged: StageItem = { ...item, path: physical, near };
    this.#count(staged, sizeBytes, folder, device);
    this.#ensureFolder(parentOf(physical));
    this.#places.push({ kind: 'place', path: physical, stage: this.#stage.length });
    this.#stage.push(staged);
    this.#nPlaced += 1;
  }

  /** A file with several names is one, and what is moved needs no room. */
  #count(item: StageItem, sizeBytes: number, folder: string, device: number): void {
    const space = this.#space.get(device) ?? { folder, sizeBytes: 0, neededBytes: 0, names: new Set() };
    this.#space.set(device, space);
    const storage = item.kind === 'row' ? this.input.storage?.(item.row) : undefined;
    const name = item.kind === 'row' && storage !== undefined ? `${item.row.owner}/${storage.first}` : undefined;
    const isOther = name !== undefined && isOffered(item) && space.names.has(name);
    if (name !== undefined && isOffered(item)) space.names.add(name);
    const bytes = ENTRY_BYTES + (isOther ? 0 : Math.ceil(sizeBytes / BLOCK_BYTES) * BLOCK_BYTES);
    space.sizeBytes += bytes;
    if (storage?.isWritten !== true || item.near !== undefined || !isOffered(item)) space.neededBytes += bytes;
  }

  /** A folder that somebody removed is made again, as its packages want it. Those of the new generation are planned already. */
  #ensureFolder(folder: string): void {
    if (folder === '' || this.#folders.has(folder)) return;
    this.#folders.add(folder);
    this.#ensureFolder(parentOf(folder));
    if (this.input.disk.entry(folder) !== undefined) return;
    const { mode, uid, gid } = this.standingAfter(folder) ?? { mode: 0o755, uid: 0, gid: 0 };
    this.#mkdir(folder, { mode, uid, gid });
  }

  /** For who is no root it is open to its owner until all that belongs into it is there. */
  #mkdir(path: string, { mode, uid, gid }: Omit<Metadata, 'kind'>): void {
    const first = CAN_CHOWN ? mode : mode | OWNER_MAY;
    this.#mkdirs.push({ kind: 'mkdir', path, mode: first, uid, gid });
    if (first !== mode) this.#metadata.push({ kind: 'metadata', path, mode, uid, gid });
  }

  unlink(path: string): void {
    const physical = this.input.disk.physical(path);
    this.#removals.push({ kind: 'unlink', path: physical });
    this.#removed.add(physical);
    this.#nRemoved += 1;
  }

  /** To be called before a configuration file is read: what somebody makes of it from now on is not written over. */
  remember(path: string): void {
    const physical = this.input.disk.physical(path);
    const stood = this.#stood.has(physical) ? undefined : stoodOf(this.input.disk.entry(path));
    if (stood !== undefined) this.#stood.set(physical, stood);
  }

  /** Moves what stands at `path` aside, before anything else is done. */
  moveAside(path: string, to: string): void {
    const { disk } = this.input;
    this.#first.push({ kind: 'move', path: disk.physical(path), to: disk.physical(to) });
    this.#removed.add(disk.physical(path));
  }

  /** Gives a file new metadata; the other names that it may have keep what they have. */
  changeMetadata(path: string, wanted: Metadata): void {
    const there = this.input.disk.entry(path);
    if (there?.isShared !== true) {
      this.setMetadata(path, wanted);
      return;
    }
    const { mode, uid, gid } = wanted;
    // A time with a fraction is of somebody who wrote to it: it must not become one of ours.
    const mtimeSeconds = there.isWholeSecond ? there.mtimeSeconds : this.input.now;
    const like = this.input.disk.physical(path);
    this.stage(path, { kind: 'standing', mtimeSeconds, mode, uid, gid, like }, there.sizeBytes);
  }

  /** Under all names that it has. */
  setMetadata(path: string, wanted: Metadata): void {
    if (wanted.kind === 'symlink') return;
    const { mode, uid, gid } = wanted;
    this.#metadata.push({ kind: 'metadata', path: this.input.disk.physical(path), mode, uid, gid });
  }

  /** The nearest folder on the disk that exists now, and its file system; the root itself where that is not there yet. */
  #nearest(folder: string): { folder: string; device: number } {
    const known = this.#near.get(folder);
    if (known !== undefined) return known;
    const there = this.input.disk.entry(folder);
    const isHere = there?.kind === 'directory' || folder === '';
    const found = isHere ? { folder, device: there?.device ?? 0 } : this.#nearest(parentOf(folder));
    this.#near.set(folder, found);
    return found;
  }

  #modified = (row: FileRow, text: string): Warning => ({ kind: 'modified-file', path: row.path, package: row.owner, text });
}

/** What a delta says of a path. */
interface Change {
  readonly path: string;
  readonly drops: FileRow[];
  readonly puts: FileRow[];
}

function standingAfter(before: PathRows, change: Change | undefined): FileRow | undefined {
  if (change === undefined) return before.nth(0);
  const { drops, puts } = change;
  const old = before.nth(0);
  // Most paths have one owner, who comes, stays or goes.
  const isAlone = puts.length < 2 && before.nth(1) === undefined;
  if (isAlone && (old === undefined || [...drops, ...puts].some(({ owner }) => owner === old.owner))) return puts[0];
  const after = new PathDraft(before);
  for (const row of drops) after.drop(row.owner, row);
  for (const row of puts) after.put(row);
  return after.first();
}

type StageContent = { readonly like?: string } & (
  | { kind: 'row'; row: FileRow; mode: number; uid: number; gid: number }
  | { kind: 'bytes'; bytes: Buffer; mode: number; uid: number; gid: number }
  | { kind: 'standing'; mtimeSeconds: number; mode: number; uid: number; gid: number }
  | { kind: 'symlink'; target: string; mode: number; uid: number; gid: number }
);

type Metadata = { kind: string; mode: number; uid: number; gid: number };

/** Owners are compared by the one who may change them: see `owner` in transaction.ts. */
const sameMetadata = (a: Metadata, b: Metadata): boolean =>
  (b.kind === 'symlink' || a.mode === b.mode) && (!CAN_CHOWN || (a.uid === b.uid && a.gid === b.gid));

/** As most file systems give them out. */
const BLOCK_BYTES = 4096;
/** A name and an inode. */
const ENTRY_BYTES = 512;
const CAN_CHOWN = process.geteuid?.() === 0;
const OWNER_MAY = 0o700;

const inTheWay = (path: string, why: string): Fault =>
  new Fault('E-PKM-006', `'/${printable(path)}' is in the way: ${why}`, {
    hints: ['move it aside and run the command again'],
  });

function unmanagedFault(paths: readonly string[]): Fault {
  const notes = paths.slice(1, 10).map((path) => `'/${printable(path)}' too`);
  if (paths.length > 10) notes.push(`and ${paths.length - 10} more`);
  return new Fault('E-PKM-005', `'/${printable(paths[0]!)}' is there already, and belongs to no package`, {
    notes,
    hints: ['move it aside', 'or replace it with --overwrite'],
  });
}
