/**
 * Compares paths of the disk with rows. Where files are read, folders are listed rather than each name asked for: what is missing, and
 * what is no file any more, shows without a system call a path, and a device that stands in the place of a file is never opened.
 */
import { hash } from 'node:crypto';
import { closeSync, constants, type Dirent, fstatSync, lstatSync, openSync, readdirSync, readlinkSync, readSync } from 'node:fs';
import { count, Fault, lookAt, readFileCapability, type Standing, SystemFault, sys } from '../../base/index.ts';
import type { PlacedFiles } from '../../store/index.ts';
import { describeCapability } from '../archive/capability.ts';
import { type Disk, fileSha256, rootDisk } from '../disk.ts';
import { isOfFirmware } from '../firmware.ts';
import { type RootLayout, under } from '../layout.ts';
import { parentOf } from '../names.ts';
import type { FileRow } from '../types.ts';

export interface FileProblem {
  readonly path: string;
  readonly owner: string;
  readonly kind: 'missing' | 'modified' | 'type' | 'mode' | 'owner' | 'capability' | 'unreadable';
  readonly expected: string;
  readonly actual: string;
}

type Kind = 'file' | 'directory' | 'symlink' | 'other';

/** Long files are hashed piece by piece. */
const BUFFER_BYTES = 1 << 18;
const MAX_FOLDERS = 256;
const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

export class Checker {
  /** That were read and hashed. */
  nBytes = 0;
  /** Of the path that was asked for last, and where that really is. */
  #folder = '';
  #realFolder = '';
  readonly #layout: RootLayout;
  readonly #disk: Disk;
  readonly #isFast: boolean;
  readonly #withOwners: boolean;
  readonly #folders = new Map<string, ReadonlyMap<string, Kind> | undefined>();
  readonly #buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);

  constructor(layout: RootLayout, options: { isFast: boolean; withOwners: boolean }) {
    this.#layout = layout;
    this.#disk = rootDisk(layout);
    this.#isFast = options.isFast;
    this.#withOwners = options.withOwners;
  }

  /** Says, now or when `files` have ended, what is wrong with a path: the first thing. */
  look(row: FileRow, files: PlacedFiles, say: (problem: FileProblem) => void): void {
    const again = (): void => {
      const problem = this.check(row);
      if (problem !== undefined) say(problem);
    };
    const path = this.#isPlainFile(row) ? this.#pathOf(row) : undefined;
    if (path === undefined) {
      again();
      return;
    }
    const { sha256, sizeBytes, mode, uid, gid } = row;
    this.nBytes += sizeBytes;
    files.look({ path, sha256, sizeBytes, mode, owner: this.#withOwners ? { uid, gid } : undefined }, () => {
      this.nBytes -= sizeBytes;
      again();
    });
  }

  /** Where a folder really is, below the root; `undefined` where it leads astray, which is said when a file of it is looked at. */
  realFolder(folder: string): string | undefined {
    const place = this.#physical(`${folder}/x`);
    return place === undefined ? undefined : parentOf(place);
  }

  /** Whether size, mode, owner and bytes are all there is to be compared. */
  #isPlainFile(row: FileRow): boolean {
    return row.kind === 'file' && !this.#isFast && row.sizeBytes >= 0 && row.sha256 !== '' && !this.#mayHaveCapability(row);
  }

  /** `undefined` where it leads astray, which is said when it is looked at more closely. */
  #pathOf({ path }: FileRow): string | undefined {
    // rows come sorted
    const slash = path.lastIndexOf('/');
    if (slash > 0 && this.#folder.length === slash && path.startsWith(this.#folder)) return this.#realFolder + path.slice(slash);
    const physical = this.#physical(path);
    if (physical === undefined) return undefined;
    const place = under(this.#layout, physical);
    this.#folder = path.slice(0, Math.max(slash, 0));
    this.#realFolder = place.slice(0, place.lastIndexOf('/'));
    return place;
  }

  #physical(path: string): string | undefined {
    try {
      return this.#disk.physical(path);
    } catch (error) {
      if (error instanceof Fault || error instanceof SystemFault) return undefined;
      throw error;
    }
  }

  /** What is wrong with a path: the first thing. */
  check(row: FileRow): FileProblem | undefined {
    try {
      if (row.kind === 'directory' && this.#isIntactFolder(row)) return undefined;
      const found = this.#compare(row);
      return found === undefined ? undefined : { path: row.path, owner: row.owner, ...found };
    } catch (error) {
      const kind = error instanceof Fault ? 'type' : error instanceof SystemFault ? 'unreadable' : undefined;
      if (kind === undefined) throw error;
      return { path: row.path, owner: row.owner, kind, expected: row.kind, actual: (error as Error).message };
    }
  }

  /** One look, and no list of what is beside it. */
  #isIntactFolder(row: FileRow): boolean {
    const path = under(this.#layout, this.#disk.physical(row.path));
    try {
      const there = lookAt(path);
      return there?.kind === 'directory' && this.#compareMetadata(row, there) === undefined;
    } catch {
      return false; // the closer look says why
    }
  }

  #compare(row: FileRow): Difference | undefined {
    const place = this.#disk.physical(row.path);
    const path = under(this.#layout, place);
    const there = this.#isFast ? sys('read', path, () => lookAt(path)) : undefined;
    const kind = this.#isFast ? there?.kind : this.#names(parentOf(place))?.get(place.slice(place.lastIndexOf('/') + 1));
    if (kind === undefined) return { kind: 'missing', expected: row.kind, actual: 'nothing' };
    if (row.kind === 'directory' && kind === 'symlink' && row.wasThere) return undefined;
    if (kind !== row.kind) return { kind: 'type', expected: row.kind, actual: kind };
    if (kind === 'file') return there === undefined ? this.#compareFile(row, path) : this.#compareFast(row, there);
    if (kind === 'symlink') {
      const target = sys('read', path, () => readlinkSync(path));
      if (target !== row.target) return { kind: 'modified', expected: row.target, actual: target };
    }
    return this.#compareMetadata(row, there ?? sys('read', path, () => lstatSync(path)));
  }

  #compareFast(row: FileRow, there: Standing): Difference | undefined {
    if (hasOtherSize(row, there)) return sizes(row, there.size);
    const mtimeSeconds = Math.floor(there.mtimeMs / 1000);
    if (!row.isConfig && mtimeSeconds !== row.mtimeSeconds && !isOfFirmware(row.path)) {
      return { kind: 'modified', expected: changedAt(row.mtimeSeconds), actual: changedAt(mtimeSeconds) };
    }
    return this.#compareMetadata(row, there);
  }

  #compareFile(row: FileRow, path: string): Difference | undefined {
    return sys('read', path, () => {
      const fd = openSync(path, READ);
      try {
        const stat = fstatSync(fd);
        if (hasOtherSize(row, stat)) return sizes(row, stat.size);
        const actual = stat.size < BUFFER_BYTES ? this.#hashShort(fd, stat.size) : fileSha256(path);
        this.nBytes += stat.size;
        if (actual !== row.sha256) return { kind: 'modified', expected: row.sha256, actual };
        return this.#compareMetadata(row, stat) ?? this.#compareCapability(row, path);
      } finally {
        closeSync(fd);
      }
    });
  }

  #hashShort(fd: number, size: number): string {
    let filled = 0;
    while (filled < size) {
      const n = readSync(fd, this.#buffer, filled, size - filled, null);
      if (n === 0) break; // it was cut off under us: its hash will be another
      filled += n;
    }
    return hash('sha256', this.#buffer.subarray(0, filled));
  }

  #compareMetadata(row: FileRow, stat: Pick<Standing, 'mode' | 'uid' | 'gid'>): Difference | undefined {
    if (isOfFirmware(row.path)) return undefined;
    const mode = stat.mode & 0o7777;
    if (row.kind !== 'symlink' && mode !== row.mode) return { kind: 'mode', expected: octal(row.mode), actual: octal(mode) };
    if (this.#withOwners && (stat.uid !== row.uid || stat.gid !== row.gid)) {
      return { kind: 'owner', expected: `${row.uid}:${row.gid}`, actual: `${stat.uid}:${stat.gid}` };
    }
    return undefined;
  }

  /** What nobody can run needs none. */
  #mayHaveCapability(row: FileRow): boolean {
    return this.#withOwners && (row.capability !== undefined || (row.mode & 0o111) !== 0);
  }

  #compareCapability(row: FileRow, path: string): Difference | undefined {
    if (!this.#mayHaveCapability(row)) return undefined;
    const raw = readFileCapability(path);
    const actual = raw === undefined ? '' : Buffer.from(raw).toString('hex');
    if (actual === (row.capability ?? '')) return undefined;
    return { kind: 'capability', expected: describeCapability(row.capability ?? ''), actual: describeCapability(actual) };
  }

  /** What is in a folder; `undefined` where there is none. Rows come sorted: the folders of late suffice. */
  #names(folder: string): ReadonlyMap<string, Kind> | undefined {
    const known = this.#folders.get(folder);
    if (known !== undefined || this.#folders.has(folder)) return known;
    if (this.#folders.size >= MAX_FOLDERS) this.#folders.clear();
    const path = under(this.#layout, folder);
    const names = listing(path);
    this.#folders.set(folder, names);
    return names;
  }
}

type Difference = Pick<FileProblem, 'kind' | 'expected' | 'actual'>;

const hasOtherSize = (row: FileRow, stat: { readonly size: number }): boolean =>
  row.sizeBytes >= 0 && stat.size !== row.sizeBytes;

const sizes = (row: FileRow, size: number): Difference => ({
  kind: 'modified',
  expected: count(row.sizeBytes, 'byte'),
  actual: count(size, 'byte'),
});

function listing(path: string): ReadonlyMap<string, Kind> | undefined {
  try {
    return new Map(readdirSync(path, { withFileTypes: true }).map((entry) => [entry.name, kindOf(path, entry)]));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new SystemFault('read', path, error);
  }
}

/** Some file systems do not tell the kind in a listing. */
function kindOf(folder: string, entry: Dirent): Kind {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'directory';
  if (entry.isSymbolicLink()) return 'symlink';
  const stat = lstatSync(`${folder}/${entry.name}`, { throwIfNoEntry: false });
  if (stat?.isFile() === true) return 'file';
  if (stat?.isDirectory() === true) return 'directory';
  return stat?.isSymbolicLink() === true ? 'symlink' : 'other';
}

const octal = (mode: number): string => mode.toString(8).padStart(4, '0');

/** @param seconds  since 1970; file systems keep times that no calendar has */
function changedAt(seconds: number): string {
  const date = new Date(seconds * 1000);
  return `written ${Number.isNaN(date.getTime()) ? `${seconds} s after 1970` : date.toISOString().replace('.000', '')}`;
}
