/**
 * A tar reader that is fed piece by piece and calls back synchronously. The header codecs are npm tar's; what is strict is ours:
 * checksums, sizes, the end mark, names that are not UTF-8 or hold NUL, and everything sparse are errors.
 *
 * @source POSIX.1-2017 pax, ustar interchange format; GNU tar manual, "Basic Tar Format" (types L and K)
 */
import { Header } from 'tar/header';
import { Fault } from '../../base/index.ts';
import { printable } from '../names.ts';
import { CAPABILITY_ATTRIBUTE, decodeCapability } from './capability.ts';
import { decodePax, XATTR_PREFIX } from './pax.ts';
import { plainHeader } from './plain-header.ts';

const BLOCK = 512;
/** Extended headers are names; nobody needs more. */
const MAX_EXTENSION = 1 << 20;
/** Writers fill up to a whole record, of 10 KiB mostly. A few bytes that are unpacked to terabytes of nothing would be read for hours. */
const MAX_NULL_BLOCKS = (16 << 20) / BLOCK;

export interface TarMember {
  /** As written in the archive. */
  readonly name: string;
  readonly kind: 'file' | 'directory' | 'symlink' | 'hardlink';
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes: number;
  readonly target: string;
  /** Hex of its file capabilities; '' where it has none. */
  readonly capability: string;
}

export interface TarHandler {
  /** Before the bytes of a member. */
  begin(member: TarMember): void;
  /** The next bytes of a file. They stay as they are for who keeps them, where what is pushed does. */
  data(bytes: Buffer): void;
  end(): void;
}

type Extension = { path?: string; linkpath?: string; size?: number; uid?: number; gid?: number; capability?: string };
const NO_EXTENSION: Extension = {};

type Body =
  | { kind: 'member' }
  | { kind: 'skip' }
  | { kind: 'extension'; type: 'pax' | 'global' | 'path' | 'linkpath'; chunks: Buffer[] };

/** @throws Fault E-PKM-023 damaged · E-PKM-024 a member of a kind that packages do not have */
export class TarReader {
  readonly #handler: TarHandler;
  readonly #header = Buffer.alloc(BLOCK);
  #filled = 0;
  #body: Body | undefined;
  #left = 0;
  #padding = 0;
  #extension: Extension = NO_EXTENSION;
  #nNullBlocks = 0;

  constructor(handler: TarHandler) {
    this.#handler = handler;
  }

  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#left > 0) {
        const n = Math.min(this.#left, chunk.length - at);
        this.#take(chunk.subarray(at, at + n));
        at += n;
        this.#left -= n;
        if (this.#left === 0) this.#endBody();
      } else if (this.#padding > 0) {
        const n = Math.min(this.#padding, chunk.length - at);
        at += n;
        this.#padding -= n;
      } else if (this.#filled === 0 && chunk.length - at >= BLOCK) {
        this.#readHeader(chunk.subarray(at, at + BLOCK));
        at += BLOCK;
      } else {
        const n = Math.min(BLOCK - this.#filled, chunk.length - at);
        chunk.copy(this.#header, this.#filled, at, at + n);
        at += n;
        this.#filled += n;
        if (this.#filled === BLOCK) {
          this.#filled = 0;
          this.#readHeader(this.#header);
        }
      }
    }
  }

  /** Call it after the last piece. */
  finish(): void {
    if (this.#left > 0 || this.#filled > 0 || this.#nNullBlocks < 2) throw damaged('it is cut off');
  }

  #readHeader(block: Buffer): void {
    if (block[0] === 0 && block.every((byte) => byte === 0)) {
      this.#nNullBlocks += 1;
      if (this.#nNullBlocks > MAX_NULL_BLOCKS) throw damaged('more than 16 MiB of nothing are at its end');
      return;
    }
    if (this.#nNullBlocks > 0) throw damaged('there is data after its end');
    const plain = this.#extension === NO_EXTENSION ? plainHeader(block) : undefined;
    if (plain !== undefined) {
      const { name, isFolder, mode, uid, gid } = plain;
      const sizeBytes = isFolder ? 0 : plain.sizeBytes;
      const kind = isFolder ? 'directory' : 'file';
      this.#handler.begin({ name, kind, mode: mode & 0o7777, uid, gid, sizeBytes, target: '', capability: '' });
      this.#begin({ kind: isFolder ? 'skip' : 'member' }, sizeBytes);
      return;
    }
    const header = decode(() => new Header(block, 0, this.#extension));
    if (!header.cksumValid) throw damaged('the checksum of a header is wrong');
    const size = header.size ?? 0;
    if (!Number.isSafeInteger(size) || size < 0) throw damaged('the size of a member is no size');
    const extension = EXTENSIONS[header.type];
    if (extension !== undefined) {
      if (size > MAX_EXTENSION) throw damaged('an extended header is too long');
      this.#begin({ kind: 'extension', type: extension, chunks: [] }, size);
      return;
    }
    const name = this.#extension.path ?? header.path ?? '';
    const target = this.#extension.linkpath ?? header.linkpath ?? '';
    const capability = this.#extension.capability ?? '';
    this.#extension = NO_EXTENSION;
    const kind = KINDS[header.type];
    if (capability === UNKNOWN_CAPABILITY) throw hostile(name, 'its file capabilities are of no known form');
    if (kind === undefined) throw hostile(name, `it is a ${TYPE_NAMES[header.type] ?? `member of type '${header.type}'`}`);
    for (const text of [name, target]) if (text.includes('\ufffd')) throw hostile(name, 'its name or target is not UTF-8');
    const { mode = 0o644, uid = 0, gid = 0 } = header;
    const sizeBytes = kind === 'file' ? size : 0;
    this.#handler.begin({ name, kind, mode: mode & 0o7777, uid, gid, sizeBytes, target, capability });
    this.#begin({ kind: kind === 'file' ? 'member' : 'skip' }, kind === 'directory' ? 0 : size);
  }

  #begin(body: Body, size: number): void {
    this.#body = body;
    this.#left = size;
    this.#padding = (BLOCK - (size % BLOCK)) % BLOCK;
    if (size === 0) this.#endBody();
  }

  #take(bytes: Buffer): void {
    if (this.#body?.kind === 'member') this.#handler.data(bytes);
    else if (this.#body?.kind === 'extension') this.#body.chunks.push(Buffer.from(bytes));
  }

  #endBody(): void {
    const body = this.#body;
    this.#body = undefined;
    if (body?.kind === 'extension') this.#extend(body.type, Buffer.concat(body.chunks));
    else this.#handler.end();
  }

  #extend(type: 'pax' | 'global' | 'path' | 'linkpath', bytes: Buffer): void {
    if (type === 'global') return; // comments of git and the like; it may not rename members
    if (type !== 'pax') {
      const text = bytes.toString('utf8').replace(/\0+$/, '');
      if (text.includes('\0')) throw hostile(text, 'its name contains a NUL byte');
      this.#extension = { ...this.#extension, [type]: text };
      return;
    }
    const records = decodePax(bytes);
    if (records === undefined) throw damaged('an extended header is none');
    if ([...records.keys()].some((key) => key.startsWith('GNU.sparse.'))) {
      throw hostile(this.#extension.path ?? records.get('GNU.sparse.name')?.toString('utf8') ?? '', 'it is a sparse file');
    }
    this.#extension = { ...this.#extension, ...texts(records), ...numbers(records), ...capabilities(records) };
  }
}

function texts(records: ReadonlyMap<string, Buffer>): Extension {
  const found: Extension = {};
  for (const key of ['path', 'linkpath'] as const) {
    const text = records.get(key)?.toString('utf8');
    if (text?.includes('\0') === true) throw hostile(text, 'its extended header contains a NUL byte');
    if (text !== undefined) found[key] = text;
  }
  return found;
}

function numbers(records: ReadonlyMap<string, Buffer>): Extension {
  const found: Extension = {};
  for (const key of ['size', 'uid', 'gid'] as const) {
    const text = records.get(key)?.toString('latin1');
    if (text === undefined) continue;
    if (!/^\d{1,15}$/.test(text)) throw damaged(`the ${key} of an extended header is no number`);
    found[key] = Number(text);
  }
  return found;
}

/** Said of the member that follows, once its name is known. */
const UNKNOWN_CAPABILITY = 'unknown';

/** Other attributes are left behind: they are of the machine that made the archive. */
function capabilities(records: ReadonlyMap<string, Buffer>): Extension {
  const raw = records.get(XATTR_PREFIX + CAPABILITY_ATTRIBUTE);
  if (raw === undefined) return {};
  return { capability: decodeCapability(raw) ?? UNKNOWN_CAPABILITY };
}

/** The codecs throw errors of their own on numbers that are none. */
function decode<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw damaged(`a header makes no sense (${(error as Error).message})`);
  }
}

const KINDS: Readonly<Record<string, TarMember['kind']>> = {
  File: 'file',
  OldFile: 'file',
  ContiguousFile: 'file',
  Directory: 'directory',
  SymbolicLink: 'symlink',
  Link: 'hardlink',
};

const EXTENSIONS: Readonly<Record<string, 'pax' | 'global' | 'path' | 'linkpath'>> = {
  ExtendedHeader: 'pax',
  OldExtendedHeader: 'pax',
  GlobalExtendedHeader: 'global',
  NextFileHasLongPath: 'path',
  OldGnuLongPath: 'path',
  NextFileHasLongLinkpath: 'linkpath',
};

const TYPE_NAMES: Readonly<Record<string, string>> = {
  CharacterDevice: 'character device',
  BlockDevice: 'block device',
  FIFO: 'FIFO',
  SparseFile: 'sparse file',
};

export const damaged = (why: string): Fault =>
  new Fault('E-PKM-023', `the archive cannot be read: ${why}`, { hints: ['get it again from where it came'] });

export const hostile = (name: string, why: string, hints: readonly string[] = []): Fault =>
  new Fault('E-PKM-024', `refusing the archive because of its member '${printable(name)}': ${why}`, {
    notes: ['nothing was changed'],
    hints: [...hints, 'do not install archives from whoever made this one'],
  });
