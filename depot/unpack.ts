import { chmodSync, closeSync, linkSync, mkdirSync, openSync, symlinkSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Parser, type ReadEntry } from 'tar';
import { Fault, sys } from '../base/index.ts';
import { loadCaches } from '../store/index.ts';
import type { DepotCode } from './codes.ts';
import type { Layout } from './layout.ts';

/** What one archive may hold; the limits are far above any real one, and far below what would fill a machine's memory. */
export interface UnpackLimits {
  readonly members: number;
  readonly bytes: number;
}

const LIMITS: UnpackLimits = { members: 1_000_000, bytes: 64 * 2 ** 30 };

/**
 * Unpacks a published archive into an empty folder of ours: what is below its one name `top` becomes what is in the folder. Nothing is
 * written outside, whatever the archive says; files get the modes 0644 and 0755, and no owners or times.
 *
 * @param packed  bytes and not a file: what was found to be signed, whatever has become of the file since
 * @param archive  for messages
 * @throws Fault E-DEPOT-014; the folder then holds a part · E-CACHE-008 no `xz` · SystemFault
 */
export async function unpackArchive(
  packed: Buffer,
  folder: string,
  { archive, top, layout, limits = LIMITS }: { archive: string; top: string; layout: Layout; limits?: UnpackLimits },
): Promise<void> {
  const { decompress } = await loadCaches();
  const target = new Target(folder, top, limits);
  const parser = new Parser({ strict: true, onReadEntry: (entry) => target.take(entry) });
  let failure: unknown;
  parser.on('error', (error: unknown) => {
    failure ??= error;
  });
  // The library leaves out what it has no use for, and takes a map of holes for content.
  parser.on('ignoredEntry', (entry: ReadEntry) => target.refuseKind(entry));
  parser.on('meta', (extension: string) => target.refuseSparse(extension));
  const ended = new Promise<void>((resolve) => {
    parser.on('end', resolve);
    parser.on('error', () => resolve());
  });
  try {
    for await (const chunk of decompress(layout === 'present' ? 'xz' : 'gzip', piecesOf(packed))) {
      // What is behind the last member, too: it may be unpacked to terabytes of nothing.
      target.count(chunk.byteLength);
      parser.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
      if (failure !== undefined || target.failure !== undefined) break;
    }
    if (target.failure === undefined && failure === undefined) {
      parser.end();
      await ended;
    }
  } catch (error) {
    if (error instanceof Fault || (error as NodeJS.ErrnoException).syscall !== undefined) throw error;
    failure ??= error;
  } finally {
    target.close();
  }
  if (target.failure !== undefined) throw damagedOr(target.failure, archive);
  if (failure !== undefined) throw damaged(archive, (failure as Error).message.replace(/^TAR_[A-Z_]+: /, ''));
  if (!target.hasTop) throw damaged(archive, `it does not hold the folder '${top}'`);
}

/** As a stream. */
export async function* piecesOf(bytes: Buffer): AsyncIterable<Buffer> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
}

const PIECE_BYTES = 1 << 20;

class Refused extends Error {}

const damagedOr = (failure: unknown, archive: string): unknown =>
  failure instanceof Refused ? damaged(archive, failure.message) : failure;

const damaged = (archive: string, why: string): Fault =>
  new Fault('E-DEPOT-014' satisfies DepotCode, `the published archive '${archive}' is damaged: ${printable(why)}`, {
    hints: ['download it again; if it stays so, tell its user: it was signed like this'],
  });

const printable = (text: string): string => text.slice(0, 300).replace(/[\x00-\x1f\x7f-\x9f]/g, '?');

/** No system call takes a longer one: PATH_MAX of Linux, without the zero at its end. */
const MAX_PATH_BYTES = 4095;

/** The folder that is filled. Every name in it was made here, which is what makes paths safe: none leads through a link. */
class Target {
  failure: unknown;
  hasTop: boolean = false;
  readonly #folder: string;
  readonly #top: string;
  readonly #limits: UnpackLimits;
  readonly #kinds = new Map<string, 'directory' | 'file' | 'link'>([['', 'directory']]);
  #nMembers = 0;
  #nBytes = 0;
  #nUnpacked = 0;
  #open: number | undefined;

  constructor(folder: string, top: string, limits: UnpackLimits) {
    this.#folder = folder;
    this.#top = top;
    this.#limits = limits;
  }

  take(entry: ReadEntry): void {
    try {
      this.#take(entry);
    } catch (error) {
      this.failure ??= error;
      entry.resume();
    }
  }

  refuseKind({ path, type }: ReadEntry): void {
    this.failure ??= new Refused(`'${path}' is of a kind that archives do not have: ${type}`);
  }

  /** @param extension  an extended header */
  refuseSparse(extension: string): void {
    if (/^\d+ GNU\.sparse\./m.test(extension)) this.failure ??= new Refused('a file in it is sparse');
  }

  /** Bytes of the archive, unpacked. */
  count(sizeBytes: number): void {
    this.#nUnpacked += sizeBytes;
    if (this.#nUnpacked > 2 * this.#limits.bytes) this.failure ??= new Refused('nothing comes to an end in it');
  }

  close(): void {
    if (this.#open !== undefined) closeSync(this.#open);
    this.#open = undefined;
  }

  #take(entry: ReadEntry): void {
    if (this.failure !== undefined) return void entry.resume();
    this.#countMember();
    const path = this.#inside(entry.path);
    switch (entry.type) {
      case 'Directory':
      case 'GNUDumpDir':
        this.#makeDirectory(path);
        return void entry.resume();
      case 'File':
      case 'OldFile':
      case 'ContiguousFile':
        this.#writeFile(path, entry);
        return;
      case 'SymbolicLink':
        this.#symlink(path, entry.linkpath ?? '');
        return void entry.resume();
      case 'Link':
        this.#hardLink(path, this.#inside(entry.linkpath ?? ''));
        return void entry.resume();
      default:
        this.refuseKind(entry);
        return void entry.resume();
    }
  }

  #countMember(): void {
    if (++this.#nMembers > this.#limits.members) throw new Refused(`it has more than ${this.#limits.members} members`);
  }

  // Path below the top, '' for the top itself.
  #inside(name: string): string {
    if (name.length > MAX_PATH_BYTES || Buffer.byteLength(name) > MAX_PATH_BYTES)
      throw new Refused(`a path in it has more than ${MAX_PATH_BYTES} bytes`);
    if (name.includes('\0')) throw new Refused('a name has a NUL byte');
    if (name.includes('\ufffd')) throw new Refused(`'${name}' is no UTF-8`);
    if (name.startsWith('/')) throw new Refused(`'${name}' is absolute`);
    const parts = name.split('/').filter((part) => part !== '' && part !== '.');
    if (parts.includes('..')) throw new Refused(`'${name}' leads out of the archive`);
    if (parts[0] !== this.#top) throw new Refused(`'${name}' is beside the folder '${this.#top}'`);
    if (parts.some((part) => Buffer.byteLength(part) > 255)) throw new Refused('a name is longer than 255 bytes');
    this.hasTop = true;
    return parts.slice(1).join('/');
  }

  #makeDirectory(path: string): void {
    const kind = this.#kinds.get(path);
    if (kind === 'directory') return;
    if (kind !== undefined) throw new Refused(`'${path}' is there twice`);
    this.#makeParent(path);
    sys('make the folder', this.#at(path), () => mkdirSync(this.#at(path)));
    this.#kinds.set(path, 'directory');
  }

  #begin(path: string, kind: 'file' | 'link'): void {
    if (path === '') throw new Refused(`'${this.#top}' is no folder`);
    if (this.#kinds.has(path)) throw new Refused(`'${path}' is there twice`);
    for (let above = parentOf(path), there = this.#kinds.get(above); there !== 'directory'; there = this.#kinds.get(above)) {
      if (there !== undefined) throw new Refused(`'${path}' is below '${above}', which is no folder`);
      above = parentOf(above);
    }
    this.#makeParent(path);
    this.#kinds.set(path, kind);
  }

  /** Folders that no member is are members too: one name may have two thousand of them. */
  #makeParent(path: string): void {
    const parent = parentOf(path);
    if (!this.#kinds.has(parent)) this.#countMember();
    this.#makeDirectory(parent);
  }

  #writeFile(path: string, entry: ReadEntry): void {
    this.#begin(path, 'file');
    this.#nBytes += entry.size;
    if (this.#nBytes > this.#limits.bytes) throw new Refused(`it has more than ${this.#limits.bytes} bytes`);
    const at = this.#at(path);
    const mode = ((entry.mode ?? 0) & 0o111) === 0 ? 0o644 : 0o755;
    const fd = sys('write', at, () => openSync(at, 'wx', mode));
    this.#open = fd;
    entry.on('data', (chunk: Buffer) => {
      try {
        for (let done = 0; done < chunk.length; ) done += sys('write', at, () => writeSync(fd, chunk, done));
      } catch (error) {
        this.failure ??= error;
      }
    });
    entry.on('end', () => {
      this.close();
      // Whatever the umask.
      chmodSync(at, mode);
    });
  }

  #symlink(path: string, target: string): void {
    this.#begin(path, 'link');
    if (target === '' || target.includes('\0')) throw new Refused(`the link '${path}' has no target`);
    if (leadsOut(parentOf(path), target)) throw new Refused(`the link '${path}' leads out of the archive: '${target}'`);
    sys('link', this.#at(path), () => symlinkSync(target, this.#at(path)));
  }

  #hardLink(path: string, target: string): void {
    if (this.#kinds.get(target) !== 'file')
      throw new Refused(`the hard link '${path}' is to '${target}', which is no file before it`);
    this.#begin(path, 'file');
    sys('link', this.#at(path), () => linkSync(this.#at(target), this.#at(path)));
  }

  #at(path: string): string {
    return path === '' ? this.#folder : join(this.#folder, path);
  }
}

// Only leading `..` are taken: behind a name that is a link itself, they would start where that one leads.
function leadsOut(folder: string, target: string): boolean {
  const parts = target.split('/').filter((part) => part !== '' && part !== '.');
  const nUp = parts.findIndex((part) => part !== '..');
  const climbs = nUp === -1 ? parts.length : nUp;
  const depth = folder === '' ? 0 : folder.split('/').length;
  return target.startsWith('/') || climbs > depth || parts.slice(climbs).includes('..');
}

const parentOf = (path: string): string => {
  const parent = dirname(path);
  return parent === '.' ? '' : parent;
};
