/**
 * Reads listed trees from disk: every file once, through one reused buffer, synchronously (4× less CPU than promises, 12× less than
 * streams, measured on files of 4 KiB).
 */
import { constants } from 'node:fs';
import { type Bytes, bytesToText, Fault, SystemFault } from '../base/index.ts';
import type { StoreCode } from './codes.ts';
import { type InodeData, type SourceFiles, sourceFiles } from './source-files.ts';
import { specialFile, type TreeVisitor } from './tree.ts';
import type { TreeEntry } from './types.ts';

const BUFFER_SIZE = 1 << 20;
let sharedBuffer: Buffer | undefined;

/**
 * Visits the entries, which are in tree order with all their folders (`listTree`, `orderTree`).
 *
 * @param onStat  told the inode data of each file before it is read
 * @throws Fault E-STORE-010, E-STORE-011 a file became shorter while it was read · SystemFault
 */
export function readTree(entries: readonly TreeEntry[], visitor: TreeVisitor, onStat?: (stat: InodeData) => void): void {
  const open: Bytes[] = [];
  const files = sourceFiles(entries.length);
  for (const entry of entries) {
    while (open.length > 0 && !isBelow(entry.path, open.at(-1)!)) visitor.leaveDirectory(open.pop()!);
    switch (entry.kind) {
      case 'directory':
        visitor.enterDirectory(entry.path);
        open.push(entry.path);
        break;
      case 'symlink':
        visitor.symlink(entry.path, entry.target);
        break;
      case 'file':
        readFile(files, entry.path, entry.realPath, visitor, onStat);
    }
  }
  while (open.length > 0) visitor.leaveDirectory(open.pop()!);
}

const isBelow = (path: Bytes, folder: Bytes): boolean =>
  folder === '' ? path !== '' : path.length > folder.length && path[folder.length] === '/' && path.startsWith(folder);

function readFile(
  files: SourceFiles,
  path: Bytes,
  realPath: Bytes,
  visitor: TreeVisitor,
  onStat?: (stat: InodeData) => void,
): void {
  const fd = reading(realPath, () => files.open(realPath));
  // Taken while in use, so that a visitor that reads trees itself gets another.
  const buffer = sharedBuffer ?? Buffer.allocUnsafeSlow(BUFFER_SIZE);
  sharedBuffer = undefined;
  try {
    const stat = reading(realPath, () => files.status(fd));
    const { mode, size } = stat;
    if ((mode & constants.S_IFMT) !== constants.S_IFREG) throw specialFile(path, realPath);
    onStat?.(stat);
    visitor.beginFile(path, (mode & 0o100) !== 0, size);
    for (let done = 0; done < size; ) {
      const wanted = Math.min(buffer.length, size - done);
      const nRead = reading(realPath, () => files.read(fd, buffer, wanted));
      if (nRead === 0) {
        throw new Fault('E-STORE-011' satisfies StoreCode, `'${bytesToText(realPath)}' became shorter while it was read`, {
          hints: ['let what writes it finish, then run the command again'],
        });
      }
      visitor.fileData(buffer.subarray(0, nRead));
      done += nRead;
    }
    visitor.endFile(path);
  } finally {
    sharedBuffer = buffer;
    files.close(fd);
  }
}

/** `sys` of reading a file, whose path is made text only where that fails. */
function reading<T>(realPath: Bytes, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw new SystemFault('read', bytesToText(realPath), error);
  }
}
