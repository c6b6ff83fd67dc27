/** One staged item comes to where it shall stand: by a rename, or as well as it can be had where the kernel does not rename. */
import { lstatSync, readdirSync, readlinkSync, type Stats } from 'node:fs';
import { dirname, join } from 'node:path';
import { readFileCapability } from '../base/index.ts';
import { type FileMetadata, ownerOf, type PathName, type RootIo } from './io.ts';

/** Doing it again is no harm. */
export function place(io: RootIo, source: string, path: string): void {
  try {
    io.rename(source, path);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    const staged = lstatSync(source, { throwIfNoEntry: false });
    // it was placed before; between two mounts the kernel does not look for it
    if (staged === undefined && (code === 'ENOENT' || code === 'EXDEV')) return;
    if (staged?.isDirectory() === true && NOT_WHOLE.includes(code)) placeInto(io, source, staged, path);
    else if (staged?.isDirectory() === false && code === 'EXDEV') placeCopy(io, source, staged, path);
    else throw error;
  }
}

/** A folder is there, and not empty; or it is not moved from here to there. */
const NOT_WHOLE = ['ENOTEMPTY', 'EEXIST', 'EXDEV'];

/** Makes the folder there what the staged one is, with what both have in them; the staged one goes. */
function placeInto(io: RootIo, source: string, staged: Stats, path: string): void {
  const owner = ownerOf(staged);
  const mode = staged.mode & 0o7777;
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there?.isDirectory() === true) io.setMetadata(path, mode, owner);
  else io.mkdir(path, mode, owner);
  for (const name of readdirSync(source)) place(io, join(source, name), join(path, name));
  io.rmdir(source);
}

/**
 * One file system may be mounted at several places, or divided into projects with quotas of their own: nothing is renamed from one to
 * another then, and no plan could see it. A copy is made beside the place, and renamed.
 */
function placeCopy(io: RootIo, source: string, staged: Stats, path: string): void {
  const copy = join(dirname(path), '.igos-stage-copy');
  // of one that died
  if (lstatSync(copy, { throwIfNoEntry: false }) !== undefined) io.unlink(copy);
  if (staged.isSymbolicLink()) io.symlink(readlinkSync(source), copy, ownerOf(staged));
  else io.copyFile(source, copy, { ...metadataOf(staged), ...capabilityOf(source) });
  io.rename(copy, path);
  io.unlink(source);
}

/** What a copy of a file has, its capabilities apart. */
export const metadataOf = (stat: { mode: number; uid: number; gid: number; mtimeMs: number }): FileMetadata => ({
  mode: stat.mode & 0o7777,
  owner: ownerOf(stat),
  mtimeSeconds: Math.floor(stat.mtimeMs / 1000),
});

export function capabilityOf(path: PathName): Pick<FileMetadata, 'capability'> {
  if (typeof path !== 'string') return {};
  const value = readFileCapability(path);
  return value === undefined ? {} : { capability: Buffer.from(value).toString('hex') };
}
