/**
 * Reads listed trees from disk: every file once, through one reused buffer, synchronously (4× less CPU than promises, 12× less than
 * streams, measured on files of 4 KiB).
 */
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { type Bytes, bytesToPath, bytesToText, Fault, sys } from '../base/index.ts';
import type { StoreCode } from './codes.ts';
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
export function readTree(entries: readonly TreeEntry[], visitor: TreeVisitor, onStat?: (stat: Stats) => void): void {
  const open: Bytes[] = [];
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
        readFile(entry.path, entry.realPath, visitor, onStat);
    }
  }
  while (open.length > 0) visitor.leaveDirectory(open.pop()!);
}

const isBelow = (path: Bytes, folder: Bytes): boolean =>
  folder === '' ? path !== '' : path.length > folder.length && path[folder.length] === '/' && path.startsWith(folder);

function readFile(path: Bytes, realPath: Bytes, visitor: TreeVisitor, onStat?: (stat: Stats) => void): void {
  const shown = bytesToText(realPath);
  // O_NONBLOCK: a pipe that took the file's place must not make us wait for a writer.
  const fd = sys('read', shown, () =>
    openSync(bytesToPath(realPath), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK),
  );
  // Taken while in use, so that a visitor that reads trees itself gets another.
  const buffer = sharedBuffer ?? Buffer.allocUnsafeSlow(BUFFER_SIZE);
  sharedBuffer = undefined;
  try {
    const stat = sys('read', shown, () => fstatSync(fd));
    if (!stat.isFile()) throw specialFile(path, realPath);
    onStat?.(stat);
    visitor.beginFile(path, (stat.mode & 0o100) !== 0, stat.size);
    for (let done = 0; done < stat.size; ) {
      const wanted = Math.min(buffer.length, stat.size - done);
      const nRead = sys('read', shown, () => readSync(fd, buffer, 0, wanted, null));
      if (nRead === 0) {
        throw new Fault('E-STORE-011' satisfies StoreCode, `'${shown}' became shorter while it was read`, {
          hints: ['let what writes it finish, then run the command again'],
        });
      }
      visitor.fileData(buffer.subarray(0, nRead));
      done += nRead;
    }
    visitor.endFile(path);
  } finally {
    sharedBuffer = buffer;
    closeSync(fd);
  }
}
