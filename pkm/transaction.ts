/**
 * Carries out a plan so that a crash anywhere leaves generation N or N+1.
 *
 * 1. Stage: every new file is written, with its final metadata, into the staging folder; new folders are put together there where that
 *    saves many renames (`whole-folders.ts`); one sync per file system.
 * 2. Commit: one database transaction writes generation N+1 *and* the journal of operations. Its rows may be written while files still
 *    are; its commit, after that sync, is the point of no return.
 * 3. Apply: renames, links, removals. Each operation may be repeated from the start, so that recovery is doing it again.
 * 4. Finish: write the text manifests, sync, drop the journal, empty the staging folder.
 *
 * Recovery goes forward only. After the commit nothing needs new disk space but directory entries, and an undo that also had to
 * survive its own crash would double what can go wrong.
 */
import { hash } from 'node:crypto';
import { closeSync, constants, existsSync, fstatSync, lstatSync, openSync, readFileSync, readSync, statfsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Bug, Fault, formatBytes, readAttributes, SystemFault, singleQuoted, sys } from '../base/index.ts';
import { eachTimed, filterTimed, type TimedFile, type TimedFiles, timedFile } from '../store/index.ts';
import { type Contents, contentFault } from './contents.ts';
import { fileSha256, tolerantLstat } from './disk.ts';
import { isOfFirmware } from './firmware.ts';
import { type FileMetadata, ownerOf, type RootIo } from './io.ts';
import { type RootLayout, under } from './layout.ts';
import { settleFiles } from './loops/creation.ts';
import { writeManifests } from './manifest-text.ts';
import { foldersOf, isIn, parentOf, printable } from './names.ts';
import { place } from './placing.ts';
import type { LateLook } from './plan/late-look.ts';
import { type DiskPlan, isOffered, type Operation, type StageItem, type Stood } from './plan/operations.ts';
import { type FolderState, RealFolders } from './real-folders.ts';
import type { Database } from './state/database.ts';
import { endedPlain } from './state/plain-files.ts';
import { integerOf, pathOf, wrongValue } from './state/wrong-value.ts';
import { fromColumns, isOther, nameAside, toColumns } from './stood.ts';
import type { FileRow } from './types.ts';

export interface RootContext {
  readonly layout: RootLayout;
  readonly database: Database;
  readonly io: RootIo;
}

const IS_ROOT = process.geteuid?.() === 0;

/** @throws Fault E-PKM-018 a file system has not room enough for what will be staged */
export function checkSpace(layout: RootLayout, plan: DiskPlan): void {
  for (const { folder, neededBytes } of plan.space.values()) {
    let path = under(layout, folder);
    // In a dry run not even the root need be there.
    while (tolerantLstat(path) === undefined && path !== '/') path = dirname(path);
    const stat = sys('read', path, () => statfsSync(path));
    const free = stat.bavail * stat.bsize;
    if (free >= neededBytes) continue;
    const sizes = `${formatBytes(neededBytes)} needed, ${formatBytes(free)} free`;
    throw new Fault('E-PKM-018', `not enough free space at '${path}': ${sizes}`, {
      hints: ['forget old generations with: pkm gc --keep 3', 'or free space in another way; nothing was changed'],
    });
  }
}

export interface Staged {
  /** Relative to the root, by stage index. */
  readonly sources: readonly string[];
  /** Paths whose file came with its own time, in seconds since 1970. */
  readonly times: ReadonlyMap<string, number>;
}

const NEAR_LIST = 'near';

/** Writes all new files where nobody looks for them; those of images that are being written may not be there yet. @throws Fault E-PKM-017 the bytes are not the promised ones · SystemFault */
export function stagePlan({ layout, io }: RootContext, plan: DiskPlan, contents: Contents, mtimeSeconds: number): Staged {
  const relative = layout.staging.slice(layout.root === '/' ? 1 : layout.root.length + 1);
  const nearby = plan.stage.flatMap((item, index) => (item.near === undefined ? [] : [nearName(item.near, index)]));
  if (nearby.length > 0) io.writeOwn(join(layout.staging, NEAR_LIST), JSON.stringify(nearby));
  if (plan.stage.length > 0)
    sys('create the folder', layout.staging, () => io.mkdir(join(layout.staging, 'new'), 0o700, undefined));
  const times = new Map<string, number>();
  const twins: Twins = new Map();
  const sources = plan.stage.map((item, index) => {
    const own = item.near === undefined ? `${relative}/new/${index}` : nearName(item.near, index);
    const capability = item.kind === 'row' && IS_ROOT ? item.row.capability : undefined;
    const metadata: FileMetadata = {
      mode: item.mode,
      owner: ownerOf(item),
      mtimeSeconds: item.kind === 'standing' ? item.mtimeSeconds : mtimeSeconds,
      ...(capability === undefined ? {} : { capability }),
    };
    const path = under(layout, own);
    const attributes = item.like === undefined ? [] : readAttributes(under(layout, item.like));
    const write = (): string => {
      if (item.kind === 'symlink') io.symlink(item.target, path, ownerOf(item));
      else if (item.kind === 'bytes') io.createFile(path, item.bytes, metadata);
      else if (item.kind === 'standing') io.copyFile(under(layout, item.path), path, metadata);
      else return stageRow(io, { item, contents, path, own, metadata, layout, times, twins, isAlone: attributes.length > 0 });
      return own;
    };
    return sys('write', path, () => {
      const staged = write();
      if (attributes.length === 0) return staged;
      io.setAttributes(path, attributes);
      io.setMetadata(path, item.mode, undefined); // an access list brought its own
      return staged;
    });
  });
  return { sources, times };
}

/** Makes durable what was staged. @param isMore  something else was written where pkm keeps its state */
export function syncStaged({ layout, io }: RootContext, plan: DiskPlan, isMore: boolean): void {
  const folders = new Set(plan.stage.flatMap((item) => (item.near === undefined ? [] : [item.near])));
  if (plan.stage.length > 0 || isMore) io.syncFileSystem(layout.state);
  for (const folder of folders) io.syncFileSystem(under(layout, folder));
}

const nearName = (folder: string, index: number): string => `${folder === '' ? '' : `${folder}/`}.igos-stage-${index}`;

/** Read once, hashed and written from one buffer; long files are copied by the kernel and read back. */
const LONG_BYTES = 8 << 20;

interface RowStage {
  readonly item: StageItem & { kind: 'row' };
  readonly contents: Contents;
  readonly path: string;
  readonly own: string;
  readonly metadata: FileMetadata;
  readonly layout: RootLayout;
  readonly times: Map<string, number>;
  readonly twins: Twins;
  /** It gets what no other name of it, and no file of pkm's own, has. */
  readonly isAlone: boolean;
}

function stageRow(io: RootIo, { item, contents, path, own, metadata, layout, times, twins, isAlone }: RowStage): string {
  const { row } = item;
  const { file, scratch } = contents.locate(row);
  // A version that lands beside the user's file is staged under its own name: the scratch file may be needed once more.
  const isIt = scratch !== undefined && !isAlone && isOffered(item);
  if (isIt && item.near === undefined) {
    times.set(row.path, scratch.mtimeSeconds);
    return file.slice(layout.root === '/' ? 1 : layout.root.length + 1);
  }
  scratch?.finish(row.path);
  if (isIt && linkTwin(io, file, path, twins)) return own;
  if (row.sizeBytes > LONG_BYTES) {
    io.copyFile(file, path, metadata);
    if (fileSha256(path) !== row.sha256) throw contentFault(row, 'its source was modified');
    return own;
  }
  const bytes = readSource(row, file);
  if (hash('sha256', bytes) !== row.sha256) throw contentFault(row, 'its source was modified');
  io.createFile(path, bytes, metadata);
  return own;
}

/** Inode of a scratch file that has several names → where it was staged on another file system. */
type Twins = Map<number, string>;

/** What is one file in the archive is one file there too. @returns whether it was staged before */
function linkTwin(io: RootIo, file: string, path: string, twins: Twins): boolean {
  const { ino, nlink } = lstatSync(file);
  if (nlink === 1) return false;
  const twin = twins.get(ino);
  twins.set(ino, path);
  if (twin === undefined) return false;
  try {
    io.link(twin, path);
    return true;
  } catch (error) {
    // that one was on a third file system, or on one without links
    if (!['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    return false;
  }
}

let buffer: Buffer | undefined;

function readSource(row: FileRow, file: string): Buffer {
  let fd: number;
  try {
    fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw contentFault(row, `'${printable(file)}' does not exist`);
  }
  try {
    if (fstatSync(fd).size !== row.sizeBytes) throw contentFault(row, 'its source was modified');
    buffer ??= Buffer.allocUnsafeSlow(LONG_BYTES);
    let filled = 0;
    while (filled < row.sizeBytes) {
      const n = readSync(fd, buffer, filled, row.sizeBytes - filled, null);
      if (n === 0) throw contentFault(row, 'its source was modified');
      filled += n;
    }
    return buffer.subarray(0, filled);
  } finally {
    closeSync(fd);
  }
}

/** Writes the journal; call it inside the transaction that makes the generation. @returns what it says now */
export function writeJournal(database: Database, operations: readonly Operation[], sources: readonly string[]): JournalRow[] {
  const sourceOf = (operation: Operation): string => {
    if (operation.kind === 'place') return sources[operation.stage]!;
    if (operation.kind === 'move') return operation.to;
    return operation.kind === 'unlink-ended' ? String(operation.generation) : '';
  };
  const rows = operations.map((operation) => journalRow(operation, sourceOf(operation)));
  for (let seq = 0; seq < rows.length; seq++) {
    const row = rows[seq]!;
    if (isRemoval(row)) {
      const end = endOfRun(rows, seq);
      const paths = JSON.stringify(rows.slice(seq, end).map(({ path }) => path));
      database.run("INSERT INTO journal SELECT ? + key, ?, value, '', 0, 0, 0 FROM json_each(?)", seq, row.kind, paths);
      seq = end - 1;
      continue;
    }
    const { kind, path, source, mode, uid, gid } = row;
    database.run('INSERT INTO journal VALUES (?,?,?,?,?,?,?)', seq, kind, path, source, mode, uid, gid);
  }
  for (const [seq, { stood }] of rows.entries()) {
    if (stood !== undefined)
      database.run('UPDATE journal SET mode = ?, uid = ?, gid = ? WHERE seq = ?', ...toColumns(stood), seq);
  }
  return rows;
}

/** @param source  of `place`: where the staged item is; of `move`: where it goes; of `unlink-ended`: the generation */
export function journalRow(operation: Operation, source: string): JournalRow {
  if (operation.kind === 'unlink' || operation.kind === 'rmdir') return operation;
  const { kind, path } = operation;
  const { mode, uid, gid } = 'mode' in operation ? operation : { mode: 0, uid: 0, gid: 0 };
  const stood = kind === 'place' && operation.stood !== undefined ? { stood: operation.stood } : {};
  return { kind, path, source, mode, uid, gid, ...stood };
}

/** Where those of another kind begin. */
function endOfRun(operations: readonly { readonly kind: string }[], start: number): number {
  let end = start + 1;
  while (end < operations.length && operations[end]!.kind === operations[start]!.kind) end++;
  return end;
}

/** There are very many of them: they are those of the plan. */
interface Removal {
  readonly kind: 'unlink' | 'rmdir';
  readonly path: string;
  readonly stood?: Stood;
}

export type JournalRow =
  | Removal
  | {
      readonly kind: 'mkdir' | 'place' | 'move' | 'metadata' | 'unlink-ended';
      readonly path: string;
      readonly source: string;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
      readonly stood?: Stood;
    };

const isRemoval = (row: JournalRow): row is Removal => row.kind === 'unlink' || row.kind === 'rmdir';

const OPERATIONS = ['unlink', 'rmdir', 'mkdir', 'place', 'move', 'metadata', 'unlink-ended'] satisfies JournalRow['kind'][];

/** @throws Fault E-PKM-021 a value that pkm does not write */
const readJournal = (database: Database): JournalRow[] =>
  database.lists('SELECT operation, path, source, mode, uid, gid FROM journal ORDER BY seq').map((row) => {
    const what = (column: string): string => `column '${column}' of the journal at path '${String(row[1])}'`;
    const kind = OPERATIONS.find((operation) => operation === row[0]);
    if (kind === undefined) throw wrongValue(what('operation'), row[0]);
    const path = kind === 'unlink-ended' ? '' : pathOf(row[1], what('path'));
    const number = (value: unknown, column: string): number => {
      if (integerOf(value, what(column)) < 0) throw wrongValue(what(column), value);
      return value as number;
    };
    const [mode, uid, gid] = [number(row[3], 'mode'), number(row[4], 'uid'), number(row[5], 'gid')];
    if (kind === 'unlink' || kind === 'rmdir') return { kind, path, ...fromColumns(mode, uid, gid) };
    const source = kind === 'place' || kind === 'move' ? pathOf(row[2], what('source')) : String(row[2]);
    return { kind, path, source, mode, uid, gid, ...(kind === 'place' ? fromColumns(mode, uid, gid) : {}) };
  });

export const hasJournal = (database: Database): boolean => database.get('SELECT 1 FROM journal LIMIT 1') !== undefined;

/** What a journal says, where that is known, and what is to be looked at meanwhile. */
export interface KnownJournal {
  readonly rows: readonly JournalRow[];
  readonly late: LateLook | undefined;
  /** Is told of configuration that somebody wrote after the plan was made, and where it is now; both relative to the root. */
  readonly onAside?: ((path: string, aside: string) => void) | undefined;
}

/**
 * Does what the journal says, from the start, writes the manifests, and drops it. What is done already is recognised.
 * @returns number of operations, each removed file one
 * @throws Fault E-PKM-019 the disk refused one; the journal stays, and the next run goes on
 */
export function applyJournal({ layout, database, io }: RootContext, known?: KnownJournal): number {
  const { rows, late, onAside } = known ?? { rows: readJournal(database), late: undefined };
  if (rows.length === 0) return 0;
  let nOperations = rows.length;
  using folders = new RealFolders(layout);
  const place: Place = { layout, io, folders, onAside };
  let left: ReadonlySet<JournalRow> | undefined;
  let end = 0;
  let confirmManifests: (() => void) | undefined;
  let areManifestsWritten = false;
  const manifests = (): void => {
    if (!areManifestsWritten) confirmManifests = writeManifests(layout, database, io);
    areManifestsWritten = true;
  };
  const isStarted = ({ kind, path }: JournalRow): boolean => kind === 'place' && isOfFirmware(path);
  const firstStarted = rows.findIndex(isStarted);
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index]!;
    // Each file system writes when it likes to: a kernel could come before its modules, or stay behind them.
    if (index > 0 && isStarted(row) !== isStarted(rows[index - 1]!)) syncTouched(layout, io, folders);
    if (row.kind === 'place' && index >= end && !isStarted(row)) {
      end = Math.min(endOfRun(rows, index), firstStarted < index ? rows.length : firstStarted);
      left = placeTogether(place, rows.slice(index, end) as Placing[], manifests);
    }
    if (row.kind === 'unlink-ended') {
      const files = late?.plain.inPlace ?? endedPlain(database, Number(row.source));
      removeEnded(place, { files, late, meanwhile: manifests });
      nOperations += files.paths.length - 1;
      continue;
    }
    if (isRemoval(row) && index >= end) {
      end = endOfRun(rows, index);
      left = removeTogether(place, rows.slice(index, end), row.kind === 'unlink' ? io.unlinkMany : io.rmdirMany);
    }
    if (index < end && left?.has(row) === false) continue;
    applyRow(place, row);
  }
  manifests();
  syncTouched(layout, io, folders);
  io.commit('journal', () =>
    database.transaction(() => {
      database.run('DELETE FROM journal');
      confirmManifests?.();
    }),
  );
  return nOperations;
}

interface Place extends Pick<RootContext, 'layout' | 'io'>, Pick<KnownJournal, 'onAside'> {
  readonly folders: RealFolders;
}

/** @throws Fault E-PKM-019 */
function applyRow({ layout, io, folders, onAside }: Place, row: JournalRow): void {
  try {
    const parent = folders.within(parentOf(row.path), (folder) => {
      const path = `${folder === '/' ? '' : folder}/${nameOf(row.path)}`;
      if (row.stood !== undefined && mayReplace(layout, row) && isOther(path, row.stood)) {
        const aside = nameAside(path);
        io.rename(path, aside);
        onAside?.(row.path, `${row.path.slice(0, -nameOf(row.path).length)}${nameOf(aside)}`);
      }
      applyOperation(layout, io, row, path);
    });
    if (parent !== 'real' && (row.kind === 'mkdir' || (row.kind === 'place' && isThere(layout, row.source))))
      throw lostParent(row, parent);
    // else: what was below went already, and something else stands there now
  } catch (error) {
    throw unfinished(layout, row, error);
  }
}

/** What was placed before is not there any more. */
const mayReplace = (layout: RootLayout, row: JournalRow): boolean => row.kind !== 'place' || isThere(layout, row.source);

const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** Fewer are as quick one by one. */
const MANY = 50;

type Placing = Exclude<JournalRow, Removal>;

/**
 * Places many, in another thread.
 * @param meanwhile  is done while they are placed; not where they are few
 * @returns those that are to be done one by one, and then say why; `undefined`: all
 */
function placeTogether(
  { layout, io, folders }: Place,
  rows: readonly Placing[],
  meanwhile: () => void,
): ReadonlySet<JournalRow> | undefined {
  if (rows.length < MANY) return undefined;
  const left = new Set<JournalRow>();
  const moved: Placing[] = [];
  let folder = '';
  for (const row of rows) {
    const isOurs = isIn(folder, row.path) || folders.isOurs(parentOf(row.path));
    folder = isOurs ? folderOf(folder, row.path) : '';
    if (isOurs && row.stood === undefined) moved.push(row);
    else left.add(row);
  }
  const moves = moved.map(({ source, path }) => ({ from: source, to: path }));
  const atWork = io.renameMany(layout.root, moves);
  if (atWork === undefined) return undefined;
  let failed: readonly number[] = [];
  try {
    meanwhile();
  } finally {
    failed = atWork.end();
  }
  for (const index of failed) left.add(moved[index]!);
  return left;
}

/** @returns those that are to be done one by one, and then say why; `undefined`: all */
function removeTogether(
  { layout, folders }: Place,
  rows: readonly JournalRow[],
  remove: (paths: readonly string[]) => readonly string[],
): ReadonlySet<JournalRow> | undefined {
  if (rows.length < MANY) return undefined;
  const left = new Set<JournalRow>();
  const byPath = new Map<string, JournalRow>();
  let folder = '';
  for (const row of rows) {
    const isOurs = isIn(folder, row.path) || folders.isOurs(parentOf(row.path));
    folder = isOurs ? folderOf(folder, row.path) : '';
    if (isOurs && row.stood === undefined) byPath.set(under(layout, row.path), row);
    else left.add(row);
  }
  for (const path of remove([...byPath.keys()])) left.add(byPath.get(path)!);
  return left;
}

interface Ended {
  readonly files: TimedFiles;
  readonly late: LateLook | undefined;
  /** Is done while they are removed; not where they are few. */
  readonly meanwhile: () => void;
}

/** Removes plain files: together those that are as they were placed, the others, of which it is said before, one by one. */
function removeEnded(place: Place, { files, late, meanwhile }: Ended): void {
  const { layout, io, folders } = place;
  let left: TimedFile[];
  if (files.paths.length < MANY) left = eachTimed(files);
  else {
    const lost = new Set([...(late?.plain.folders ?? foldersOf(files.paths))].filter((folder) => !folders.isOurs(folder)));
    const isLost = (path: string): boolean => lost.has(parentOf(path));
    const timed = lost.size === 0 ? files : filterTimed(files, (path) => !isLost(path));
    const top = layout.root === '/' ? '/' : `${layout.root}/`;
    left = io.unlinkPlaced(top, timed, meanwhile).map((index) => timedFile(timed, index));
    if (lost.size > 0) left.push(...eachTimed(filterTimed(files, isLost)));
  }
  late?.look(left.concat(late.plain.elsewhere));
  for (const { path } of left) applyRow(place, { kind: 'unlink', path });
}

const folderOf = (last: string, path: string): string => (isIn(last, path) ? last : parentOf(path));

function lostParent(row: JournalRow, parent: Exclude<FolderState, 'real'>): Error {
  const folder = printable(parentOf(row.path));
  if (parent === 'absent') return new SystemFault('write below', `/${folder}`, { code: 'ENOENT' });
  return new Fault('E-PKM-007', `refusing to write through '/${folder}', which became a symlink meanwhile`, {
    hints: ['put the directory back and run: pkm recover'],
  });
}

/** Does one operation; doing it again is no harm. @param path  where `row.path` is */
export function applyOperation(layout: RootLayout, io: RootIo, row: JournalRow, path: string = under(layout, row.path)): void {
  switch (row.kind) {
    case 'mkdir':
      if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true) io.setMetadata(path, row.mode, ownerOf(row));
      else io.mkdir(path, row.mode, ownerOf(row));
      return;
    case 'place':
      place(io, under(layout, row.source), path);
      return;
    case 'move':
      moveBeside(io, path, join(dirname(path), nameOf(row.source)));
      return;
    case 'metadata':
      if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === false)
        tolerate(['ELOOP'], () => io.setMetadata(path, row.mode, ownerOf(row))); // a symlink now, which means something else
      return;
    case 'unlink':
      tolerate(['ENOENT', 'ENOTDIR', 'EISDIR'], () => io.unlink(path)); // gone already, or a directory now, which stays
      return;
    case 'rmdir':
      tolerate(['ENOENT', 'ENOTDIR', 'ENOTEMPTY', 'EEXIST'], () => io.rmdir(path));
      return;
    default:
      throw new Bug(`journal operation '${(row as JournalRow).kind}'`);
  }
}

function moveBeside(io: RootIo, path: string, to: string): void {
  const stands = (place: string): boolean => lstatSync(place, { throwIfNoEntry: false }) !== undefined;
  if (!stands(to) && stands(path)) io.rename(path, to);
}

const isThere = (layout: RootLayout, path: string): boolean =>
  lstatSync(under(layout, path), { throwIfNoEntry: false }) !== undefined;

function tolerate(codes: readonly string[], work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!codes.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

/** All file systems that were written to. A folder that went was on the one of the next above that stands, or on one that was seen. */
function syncTouched(layout: RootLayout, io: RootIo, folders: RealFolders): void {
  const devices = new Map([layout.state, layout.manifests].map((path) => [lstatSync(path).dev, path]));
  for (const [folder, device] of folders.devices()) {
    if (devices.has(device)) continue;
    const path = under(layout, folder);
    if (tolerantLstat(path)?.dev === device) devices.set(device, path);
  }
  for (const path of devices.values()) io.syncFileSystem(path);
}

function unfinished(layout: RootLayout, row: JournalRow, error: unknown): unknown {
  if (error instanceof Fault || error instanceof Bug) return error;
  const cause = error instanceof SystemFault ? error : new SystemFault(row.kind, `/${row.path}`, error);
  return new Fault('E-PKM-019', `the new generation is recorded, but not all of it is in place: ${cause.message}`, {
    cause,
    hints: [
      ...(cause.errno === 'EPERM'
        ? [`see whether it is immutable with lsattr: chattr -i -a ${singleQuoted(printable(under(layout, row.path)))} lets it go`]
        : []),
      'remove the cause and run: pkm recover',
      'any other command that changes this root finishes it first',
    ],
  });
}

/** Removes what a transaction that never reached its commit left behind. While there is a journal, its files are not touched. */
export function emptyStaging({ layout, database, io }: RootContext): void {
  settleFiles();
  if (!existsSync(layout.staging) || hasJournal(database)) return;
  const list = join(layout.staging, NEAR_LIST);
  if (existsSync(list)) {
    for (const name of JSON.parse(readFileSync(list, 'utf8')) as string[]) {
      if (/(^|\/)\.igos-stage-\d+$/.test(name)) tolerate(['ENOENT', 'ENOTDIR'], () => io.unlink(under(layout, name)));
    }
  }
  io.removeTree(layout.staging);
}
