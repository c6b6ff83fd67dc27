/**
 * A commit's files on disk, byte for byte as committed: no line end conversion, no filters, no substitution. Names come from the
 * repository and may be hostile: nothing is written through a link or outside of the folder.
 */
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { type Bytes, bytesToPath, bytesToText, formatBytes, hasRoomFor, sys } from '../../base/index.ts';
import { builtinFault } from '../builtins/faults.ts';
import type { Git } from './run-git.ts';

interface Entry {
  readonly mode: string;
  readonly object: string;
  /** Bytes; 0 for what is no blob. */
  readonly size: number;
  readonly path: Bytes;
}

/** Blobs read by one process of git. */
const BATCH_BYTES = 64 << 20;

/** @param target an empty folder. Cost: every blob is read once and written once */
export function exportTree(
  git: Git,
  rev: string,
  target: Bytes,
  isIgnored: (entries: readonly Bytes[]) => ReadonlySet<Bytes>,
): void {
  const all = listTree(git, rev);
  const ignored = isIgnored(all.map(({ path }) => path));
  const entries = all.filter(({ path }) => !ignored.has(path));
  const folders = new Set<Bytes>(['']);
  const blobs = entries.filter(({ mode }) => mode !== '160000');
  needRoom(rev, blobs, target);
  // A submodule that is not fetched is an empty folder.
  for (const { path } of entries.filter(({ mode }) => mode === '160000')) makeFolder(target, path, folders);
  for (let at = 0; at < blobs.length; ) {
    const batch: Entry[] = [];
    for (let bytes = 0; at < blobs.length && (batch.length === 0 || bytes + blobs[at]!.size <= BATCH_BYTES); at++) {
      bytes += blobs[at]!.size;
      batch.push(blobs[at]!);
    }
    writeBatch(git, batch, target, folders);
  }
}

/** Files of a disk take whole blocks, mostly of this size. */
const BLOCK = 4096;

/** One file of a repository of a few KB may stand for a hundred thousand of the tree. */
function needRoom(rev: string, blobs: readonly Entry[], target: Bytes): void {
  const bytes = blobs.reduce((sum, { size }) => sum + Math.ceil(size / BLOCK) * BLOCK, 0);
  if (hasRoomFor(bytesToText(target), bytes)) return;
  throw builtinFault(
    'E-EVAL-141',
    `the files of the commit '${rev}' have ${formatBytes(bytes)}, for which the disk has no room`,
    {
      hints: ['look at what is in the repository; if it is right, make room, or name a larger disk by TMPDIR'],
    },
  );
}

/** All that is not a folder, in the order of paths. @throws Fault E-EVAL-141 a name that no tree may have */
export function listTree(git: Git, rev: string): Entry[] {
  const listing = git.read(['ls-tree', '-r', '-z', '-l', '--full-tree', rev]);
  return listing
    .split('\0')
    .filter((line) => line !== '')
    .map((line) => {
      const [, mode, object, size, path] = /^(\d{6}) \w+ ([0-9a-f]+) +(\d+|-|BAD)\t([\s\S]*)$/.exec(line)!;
      checkName(path!);
      if (size === 'BAD') throw missingFile(path!);
      return { mode: mode!, object: object!, size: size === '-' ? 0 : Number(size), path: path! };
    });
}

function checkName(path: Bytes): void {
  for (const part of path.split('/')) {
    if (part === '' || part === '.' || part === '..' || part.toLowerCase() === '.git') {
      throw builtinFault(
        'E-EVAL-141',
        `the repository holds a file with the name '${bytesToText(path)}', which no tree may have`,
      );
    }
  }
}

function writeBatch(git: Git, batch: readonly Entry[], target: Bytes, folders: Set<Bytes>): void {
  const maxBytes = batch.reduce((sum, { size }) => sum + size + 200, 1 << 16);
  const output = git.read(['cat-file', '--batch'], { input: batch.map(({ object }) => `${object}\n`).join(''), maxBytes });
  let at = 0;
  for (const { mode, path } of batch) {
    const headEnd = output.indexOf('\n', at);
    const size = Number(/ blob (\d+)$/.exec(output.slice(at, headEnd))?.[1]);
    if (!Number.isSafeInteger(size)) throw missingFile(path);
    writeEntry(mode, target, path, output.slice(headEnd + 1, headEnd + 1 + size), folders);
    at = headEnd + size + 2;
  }
}

const missingFile = (path: Bytes): Error =>
  builtinFault('E-EVAL-141', `the repository lacks the file '${bytesToText(path)}'`, {
    hints: ["'git fsck' tells what else is damaged"],
  });

function writeEntry(mode: string, target: Bytes, path: Bytes, content: Bytes, folders: Set<Bytes>): void {
  makeFolder(target, path.slice(0, Math.max(0, path.lastIndexOf('/'))), folders);
  const file = bytesToPath(`${target}/${path}`);
  sys('write', bytesToText(path), () => {
    if (mode === '120000') {
      if (content === '' || content.includes('\0'))
        throw builtinFault('E-EVAL-141', `the repository holds a link that leads nowhere: '${bytesToText(path)}'`);
      symlinkSync(bytesToPath(content), file);
    } else {
      writeFileSync(file, content, { encoding: 'latin1', flag: 'wx', mode: 0o644 });
      if (mode === '100755') chmodSync(file, 0o755);
    }
  });
}

/** Each made by us: where a link stands, making the folder fails. */
function makeFolder(target: Bytes, path: Bytes, folders: Set<Bytes>): void {
  if (folders.has(path)) return;
  makeFolder(target, path.slice(0, Math.max(0, path.lastIndexOf('/'))), folders);
  sys('make the folder', bytesToText(path), () => mkdirSync(bytesToPath(`${target}/${path}`)));
  folders.add(path);
}
