/**
 * What an import writes: all of it or nothing where the place is new, and only what changed where an earlier import lies there.
 * `.igos-import` says of which system they are, and lists the files with their hashes, so that files edited since are seen, and files
 * that went are removed.
 */
import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { compareBytes, Fault, makeDirectory, SystemFault, sys, writeFileAtomic } from '../base/index.ts';

/** Path below the tree, with `/` → content. */
export type TreeFiles = ReadonlyMap<string, { readonly data: Uint8Array; readonly isExecutable?: boolean }>;

export const LIST = '.igos-import';

export interface WriteOptions {
  /** The other system: an import of one does not take the place of an import of another. */
  readonly of: string;
  /** Gives up what is in the way. */
  readonly isForced?: boolean;
}

export interface Written {
  readonly nWritten: number;
  readonly nRemoved: number;
  readonly nSame: number;
}

/** Whether an import wrote what lies there. */
export const isImport = (place: string): boolean => existsSync(join(place, LIST));

/**
 * @param from  the tree that was read: nothing is written into it
 * @throws Fault E-IMPORT-006, 008
 */
export function writeTree(out: string, from: string, files: TreeFiles, options: WriteOptions): Written {
  const place = resolve(out);
  if (isBelow(realOf(place), realpathSync(from))) {
    throw new Fault('E-IMPORT-006', `'${out}' lies in the tree that is read`, { hints: ['name another folder behind -o'] });
  }
  const list = `# ${options.of}\n${renderList(files)}`;
  if (!existsSync(place) || (lstatSync(place).isDirectory() && readdirSync(place).length === 0)) {
    writeNew(place, files, list);
    return { nWritten: files.size, nRemoved: 0, nSame: 0 };
  }
  if (!statSync(place).isDirectory() || !isImport(place)) {
    throw new Fault('E-IMPORT-006', `'${out}' is there, and no import wrote it`, { hints: ['name a new folder behind -o'] });
  }
  return replace(out, place, files, list, options);
}

function writeNew(place: string, files: TreeFiles, list: string): void {
  const scratch = join(dirname(place), `.${basename(place)}.${process.pid}.importing`);
  sys('write', scratch, () => rmSync(scratch, { recursive: true, force: true }));
  try {
    const made = new Set<string>();
    for (const [path, { data, isExecutable = false }] of files) {
      const target = join(scratch, path);
      const folder = dirname(target);
      if (!made.has(folder)) makeDirectory(folder);
      made.add(folder);
      sys('write', target, () => writeFileSync(target, data, { mode: isExecutable ? 0o755 : 0o644 }));
    }
    makeDirectory(scratch);
    sys('write', scratch, () => writeFileSync(join(scratch, LIST), list));
    // rename takes the place of an empty folder
    sys('write', place, () => renameSync(scratch, place));
  } catch (error) {
    rmSync(scratch, { recursive: true, force: true });
    if (error instanceof SystemFault && error.errno === 'ENOTEMPTY') {
      throw new Fault('E-IMPORT-006', `'${place}' was written by another process meanwhile`, { hints: ['import again'] });
    }
    throw error;
  }
}

function replace(out: string, place: string, files: TreeFiles, list: string, { of, isForced = false }: WriteOptions): Written {
  const listed = readFileSync(join(place, LIST), 'utf8');
  const other = /^# (.+)$/m.exec(listed)?.[1];
  if (other !== undefined && other !== of && !isForced) {
    throw new Fault('E-IMPORT-006', `'${out}' is an import of ${other}`, {
      hints: ['name a new folder behind -o', 'or give it up with --force'],
    });
  }
  const before = readList(listed);
  const edited = [...before].filter(([path, hash]) => {
    const now = hashOf(join(place, path));
    const next = files.get(path);
    return now !== undefined && now !== hash && !(next !== undefined && now === sha256(next.data));
  });
  if (edited.length > 0 && !isForced) {
    const names = edited.map(([path]) => path);
    throw new Fault('E-IMPORT-008', `files in '${out}' were edited since they were imported: ${shorten(names)}`, {
      hints: ['keep the changes as overrides in a tree laid over this one', 'give them up with --force'],
    });
  }
  const taken = [...files].flatMap(([path, { data }]) => {
    const now = before.has(path) ? undefined : hashOf(join(place, path));
    return now === undefined || now === sha256(data) ? [] : [path];
  });
  if (taken.length > 0 && !isForced) {
    throw new Fault('E-IMPORT-006', `'${out}' has files that no import wrote, where some would go: ${shorten(taken)}`, {
      hints: ['move them away, or give them up with --force'],
    });
  }
  let nWritten = 0;
  let nSame = 0;
  for (const [path, { data, isExecutable = false }] of files) {
    const target = join(place, path);
    const mode = isExecutable ? 0o755 : 0o644;
    if (hashOf(target) === sha256(data) && (statSync(target).mode & 0o111) === (mode & 0o111)) {
      nSame++;
      continue;
    }
    makeDirectory(dirname(target));
    writeFileAtomic(target, data, { mode, sync: false });
    nWritten++;
  }
  const gone = [...before.keys()].filter((path) => !files.has(path) && existsSync(join(place, path)));
  for (const path of gone) sys('remove', join(place, path), () => unlinkSync(join(place, path)));
  writeFileAtomic(join(place, LIST), list);
  return { nWritten, nRemoved: gone.length, nSame };
}

const sha256 = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');

/** Of a regular file; undefined where there is none. */
function hashOf(path: string): string | undefined {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  return stat.isFile() ? sha256(readFileSync(path)) : '';
}

const renderList = (files: TreeFiles): string =>
  [...files]
    .map(([path, { data }]) => `${sha256(data)}  ${path}\n`)
    .sort(compareBytes)
    .join('');

/** Lines that name places outside are passed over: the file may have been edited. */
const readList = (text: string): Map<string, string> =>
  new Map(
    [...text.matchAll(/^([0-9a-f]{64}) {2}(.+)$/gm)]
      .filter(([, , path]) => !path!.startsWith('/') && !path!.split('/').includes('..'))
      .map(([, hash, path]) => [path!, hash!]),
  );

const shorten = (names: readonly string[]): string =>
  names.length <= 5 ? names.join(', ') : `${names.slice(0, 5).join(', ')} and ${names.length - 5} more`;

const isBelow = (path: string, folder: string): boolean => path === folder || path.startsWith(folder + sep);

/** The real path of what is there, and of the nearest folder above what is not. */
function realOf(path: string): string {
  if (existsSync(path)) return realpathSync(path);
  const above = dirname(path);
  return above === path ? path : join(realOf(above), basename(path));
}
