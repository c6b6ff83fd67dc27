/** The system calls that Node lacks and we want: `syncfs`, `renameat2`, and those for extended attributes. Bound by koffi on first use. */
import { spawnSync } from 'node:child_process';
import { closeSync, constants, openSync, renameSync } from 'node:fs';
import { type Bytes, bytesToText } from './bytes.ts';
import { errnoName } from './errno.ts';
import { SystemFault } from './fault.ts';
import { loadKoffi } from './koffi.ts';

/** `syncfs(2)`, which flushes the file system of an open file; 0 where it did. */
export interface SyncFileSystem {
  (fd: number): number;
  /** By another thread. */
  async(fd: number, done: (error: unknown, result: number) => void): void;
}

interface Library {
  readonly syncfs: SyncFileSystem;
  llistxattr(path: Uint8Array, list: Uint8Array | null, size: number): number;
  lremovexattr(path: Uint8Array, name: Uint8Array): number;
  lgetxattr(path: Uint8Array, name: Uint8Array, value: Uint8Array, size: number): number;
  lsetxattr(path: Uint8Array, name: Uint8Array, value: Uint8Array, size: number, flags: number): number;
  errno(): number;
  /** Absent in C libraries older than 2018. */
  readonly renameat2?: (from: number, a: string, to: number, b: string, flags: number) => number;
  /** Absent in C libraries of others than Linux. */
  readonly sync_file_range?: (fd: number, offset: number, length: number, flags: number) => number;
}

let library: Library | undefined | null;

function load(): Library | undefined {
  if (library === undefined) {
    try {
      const koffi = loadKoffi();
      const libc = koffi.load(null);
      library = {
        ...optional(() => ({
          renameat2: libc.func(
            'int renameat2(int from, const char *a, int to, const char *b, unsigned int flags)',
          ) as NonNullable<Library['renameat2']>,
        })),
        ...optional(() => ({
          sync_file_range: libc.func(
            'int sync_file_range(int fd, int64_t offset, int64_t length, unsigned int flags)',
          ) as NonNullable<Library['sync_file_range']>,
        })),
        syncfs: libc.func('int syncfs(int fd)') as SyncFileSystem,
        llistxattr: libc.func(
          'long llistxattr(const uint8_t *path, _Out_ uint8_t *list, unsigned long size)',
        ) as Library['llistxattr'],
        lgetxattr: libc.func(
          'long lgetxattr(const uint8_t *path, const uint8_t *name, _Out_ uint8_t *value, unsigned long size)',
        ) as Library['lgetxattr'],
        lsetxattr: libc.func(
          'int lsetxattr(const uint8_t *path, const uint8_t *name, const uint8_t *value, unsigned long size, int flags)',
        ) as Library['lsetxattr'],
        errno: () => koffi.errno(),
        lremovexattr: libc.func('int lremovexattr(const uint8_t *path, const uint8_t *name)') as Library['lremovexattr'],
      };
    } catch {
      library = null; // no prebuilt binding for this platform: the portable way below
    }
  }
  return library ?? undefined;
}

function optional<T extends object>(bind: () => T): T | undefined {
  try {
    return bind();
  } catch {
    return undefined;
  }
}

const AT_FDCWD = -100;
const RENAME_EXCHANGE = 2;

/**
 * Two files or folders of one file system change places, by one rename where the system has it: neither name ever stands for nothing.
 * Elsewhere by three, through a name beside `a`.
 *
 * @throws SystemFault
 */
export function exchangePaths(a: string, b: string): void {
  if (load()?.renameat2?.(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE) === 0) return;
  const aside = `${a}.exchange`;
  try {
    renameSync(b, aside);
    renameSync(a, b);
    renameSync(aside, a);
  } catch (error) {
    throw new SystemFault('exchange', b, error);
  }
}

/** `undefined` without a binding for this platform. */
export const syncFileSystemCall = (): SyncFileSystem | undefined => load()?.syncfs;

/** Makes everything written so far on the file system that holds `path` durable. One flush, whatever the number of files. @throws SystemFault */
export function syncFileSystem(path: string): void {
  const bound = load();
  if (bound === undefined) {
    const result = spawnSync('sync', ['-f', path]);
    if (result.status !== 0) throw new SystemFault('sync the file system of', path, result.error ?? { code: 'EIO' });
    return;
  }
  const fd = openSync(path, constants.O_RDONLY);
  try {
    if (bound.syncfs(fd) !== 0) throw new SystemFault('sync the file system of', path, { code: 'EIO' });
  } finally {
    closeSync(fd);
  }
}

const SYNC_FILE_RANGE_WRITE = 2;

/**
 * Asks the system to begin writing a part of an open file to disk, so that a later flush finds less to do. Says nothing of when it is
 * there; where it cannot be asked, nothing is done.
 */
export function startWriteback(fd: number, offset: number, length: number): void {
  load()?.sync_file_range?.(fd, offset, length, SYNC_FILE_RANGE_WRITE);
}

/** Longest list of names of attributes that Linux hands out. */
const MAX_ATTRIBUTE_LIST = 1 << 16;
let attributeList: Buffer | undefined;

/**
 * Removes every extended attribute of a file, folder or symlink (not followed), access control lists among them. Security labels stay:
 * they are the policy of the machine, not of the file. Without a binding for this platform, nothing is done.
 *
 * @param path  bytes
 * @throws SystemFault an attribute that cannot be removed. Cost: one system call, 2 µs, where there are none
 */
export function removeExtendedAttributes(path: Bytes): void {
  const bound = load();
  if (bound === undefined) return;
  attributeList ??= Buffer.allocUnsafeSlow(MAX_ATTRIBUTE_LIST);
  const at = Buffer.from(`${path}\0`, 'latin1');
  // Negative: the file system has no attributes, which is as good as none.
  const size = bound.llistxattr(at, attributeList, attributeList.length);
  for (const name of size <= 0 ? [] : attributeList.toString('latin1', 0, size).split('\0')) {
    if (name === '' || name === 'security.selinux' || name === 'security.evm' || name === 'security.ima') continue;
    if (bound.lremovexattr(at, Buffer.from(`${name}\0`, 'latin1')) !== 0)
      throw new SystemFault(`remove the attribute '${bytesToText(name)}' of`, bytesToText(path), { code: 'EPERM' });
  }
}

export interface ExtendedAttribute {
  readonly name: string;
  readonly value: Uint8Array;
}

/** They tell of the bytes of a file, or go with its owner: a file with other bytes has its own. */
const OF_BYTES = ['security.capability', 'security.evm', 'security.ima'];

/**
 * What somebody gave a file that is neither bytes nor mode: access control lists, their own attributes, the security label. A symlink is
 * not followed. Nothing without a binding for this platform. Cost: one system call, 2 µs, where there are none
 */
export function readAttributes(path: string): ExtendedAttribute[] {
  const bound = load();
  if (bound === undefined) return [];
  attributeList ??= Buffer.allocUnsafeSlow(MAX_ATTRIBUTE_LIST);
  const at = Buffer.from(`${path}\0`);
  const size = bound.llistxattr(at, attributeList, attributeList.length);
  const names = size <= 0 ? [] : attributeList.toString('latin1', 0, size).split('\0');
  return names.flatMap((name) => {
    if (name === '' || OF_BYTES.includes(name)) return [];
    const length = bound.lgetxattr(at, Buffer.from(`${name}\0`, 'latin1'), attributeList!, attributeList!.length);
    return length < 0 ? [] : [{ name, value: Uint8Array.from(attributeList!.subarray(0, length)) }];
  });
}

/** Gives a file attributes, those that it can have there. An access control list brings its own mode. */
export function writeAttributes(path: string, attributes: readonly ExtendedAttribute[]): void {
  const at = Buffer.from(`${path}\0`);
  for (const { name, value } of attributes) load()?.lsetxattr(at, Buffer.from(`${name}\0`, 'latin1'), value, value.length, 0);
}

const DEFAULT_ACL = Buffer.from('system.posix_acl_default\0', 'latin1');
const UNREAD = Buffer.alloc(1);

/** Whether a folder hands an access list to what is made in it. Without a binding for this platform: no. */
export const hasDefaultAcl = (folder: string): boolean =>
  (load()?.lgetxattr(Buffer.from(`${folder}\0`), DEFAULT_ACL, UNREAD, 0) ?? 0) > 0;

/** What is made in the folder from now on gets no access list of it. Where there is none, or none can be had, nothing is done. */
export const removeDefaultAcl = (folder: string): void => {
  load()?.lremovexattr(Buffer.from(`${folder}\0`), DEFAULT_ACL);
};

const CAPABILITY = Buffer.from('security.capability\0', 'latin1');
/** Longest form of the attribute that Linux knows. */
const MAX_CAPABILITY = 24;
let capability: Buffer | undefined;

/** The raw file capabilities of a file; `undefined` where it has none, or where they cannot be asked for. Cost: one system call, 2 µs. */
export function readFileCapability(path: string): Uint8Array | undefined {
  const bound = load();
  if (bound === undefined) return undefined;
  capability ??= Buffer.allocUnsafeSlow(MAX_CAPABILITY);
  const size = bound.lgetxattr(Buffer.from(`${path}\0`), CAPABILITY, capability, MAX_CAPABILITY);
  return size <= 0 ? undefined : Buffer.from(capability.subarray(0, size));
}

/** Gives a file capabilities. Every change of its owner or content takes them away again. @throws SystemFault */
export function writeFileCapability(path: string, value: Uint8Array): void {
  const bound = load();
  const result = bound?.lsetxattr(Buffer.from(`${path}\0`), CAPABILITY, value, value.length, 0) ?? -1;
  if (result === 0) return;
  const code = bound === undefined ? 'ENOSYS' : errnoName(bound.errno());
  throw new SystemFault('set the file capabilities of', path, { code });
}
