/** NARs of what is on disk, and back. */
import { closeSync, lstatSync, mkdirSync, openSync, readSync, renameSync } from 'node:fs';
import { type Bytes, bytesToPath, bytesToText, SystemFault, syncFileSystem, sys } from '../base/index.ts';
import { type Ingested, ingest } from './ingest.ts';
import { type ByteSource, readNar } from './nar-decode.ts';
import { type ByteSink, NarEncoder } from './nar-encode.ts';
import { readTree } from './read-tree.ts';
import { listTree, parentPath } from './tree.ts';
import type { AddOptions } from './types.ts';
import { removeTree, sealRoot } from './write-tree.ts';

/**
 * Sends the NAR of a file, folder or symlink to `sink`. Memory: the list of its entries, and a buffer.
 *
 * @param source  absolute
 * @returns       size in bytes
 */
export function dumpNar(source: Bytes, sink: ByteSink, filter?: AddOptions['filter']): number {
  const encoder = new NarEncoder(sink);
  readTree(listTree(source, filter), encoder);
  return encoder.end();
}

let counter = 0;

/**
 * Unpacks a NAR to `target`, which must not exist. Read into a folder of its own beside it, synced and renamed: a bad NAR or a crash
 * leaves nothing there. Metadata is the store's.
 *
 * @returns hash, size and manifest of what was read
 * @throws Fault E-STORE-009 · SystemFault
 */
export function unpackNar(source: ByteSource, target: Bytes): Ingested {
  const shown = bytesToText(target);
  if (sys('create', shown, () => lstatSync(bytesToPath(target), { throwIfNoEntry: false })) !== undefined)
    throw new SystemFault('create', shown, { code: 'EEXIST' });
  const folder = `${parentPath(target)}/.tmp-nar-${process.pid}-${counter++}`;
  sys('create the folder', bytesToText(folder), () => mkdirSync(bytesToPath(folder), 0o700));
  try {
    const copy = `${folder}/x`;
    const result = ingest((visitor) => readNar(source, visitor), { copyTo: copy });
    syncFileSystem(bytesToText(folder));
    sys('rename', bytesToText(target), () => renameSync(bytesToPath(copy), bytesToPath(target)));
    sealRoot(target);
    return result;
  } finally {
    removeTree(folder);
  }
}

/** Opens a file as a source for as long as `use` runs: `withFileSource(path, (source) => readNar(source, …))`. */
export function withFileSource<T>(path: Bytes, use: (source: ByteSource) => T): T {
  const fd = sys('read', bytesToText(path), () => openSync(bytesToPath(path), 'r'));
  try {
    return use((buffer, offset, length) => sys('read', bytesToText(path), () => readSync(fd, buffer, offset, length, null)));
  } finally {
    closeSync(fd);
  }
}
