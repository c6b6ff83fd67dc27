/** Outputs as builds leave them may be closed to their owner: what the store reads without being root has to be opened first. */
import { chmodSync, lstatSync, readdirSync } from 'node:fs';
import { sys } from '../base/index.ts';

const OWNER_READS = 0o400;
const OWNER_ENTERS = 0o700;

/** Lets the owner read every file and folder below `path`. Cost: an `lstat` a file. */
export function openLocked(path: string): void {
  sys('open', path, () => open(Buffer.from(path)));
}

function open(path: Buffer): void {
  const stat = lstatSync(path);
  const isFolder = stat.isDirectory();
  if (!isFolder && !stat.isFile()) return;
  const wanted = isFolder ? OWNER_ENTERS : OWNER_READS;
  if ((stat.mode & wanted) !== wanted) chmodSync(path, (stat.mode & 0o7777) | wanted);
  if (!isFolder) return;
  for (const name of readdirSync(path, { encoding: 'buffer' })) open(Buffer.concat([path, Buffer.from('/'), name]));
}
