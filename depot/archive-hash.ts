import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { type Bytes, bytesToPath, bytesToText, compareBytes, sys, textToBytes } from '../base/index.ts';
import { listTree } from '../store/index.ts';
import type { Layout } from './layout.ts';

/**
 * The hash that a recipe keeps of its archive: SHA-1 over the names and then the contents of all regular files, as 40 hex digits.
 * It sees neither modes nor symlinks nor empty folders. In 2017 it saw no names either.
 *
 * @param folder  of the archive
 * @throws SystemFault
 */
export function archiveHash(folder: string, layout: Layout = 'present'): string {
  const files = listTree(textToBytes(folder)).filter((entry) => entry.kind === 'file');
  files.sort((a, b) => compareBytes(a.path, b.path));
  const hash = createHash('sha1');
  if (layout === 'present') for (const { path } of files) hash.update(Buffer.from(`./${path}\n`, 'latin1'));
  else if (files.length === 0) hash.update('\n');
  const buffer = Buffer.allocUnsafe(1 << 16);
  for (const { realPath } of files) readFile(realPath, buffer, (bytes) => hash.update(bytes));
  return hash.digest('hex');
}

function readFile(path: Bytes, buffer: Buffer, take: (bytes: Buffer) => void): void {
  sys('read', bytesToText(path), () => {
    const fd = openSync(bytesToPath(path), 'r');
    try {
      for (let n = readSync(fd, buffer); n > 0; n = readSync(fd, buffer)) take(buffer.subarray(0, n));
    } finally {
      closeSync(fd);
    }
  });
}
