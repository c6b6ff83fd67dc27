/** Files that a user names for what a command makes: `-o FILE`. */
import { closeSync, fchmodSync, fsyncSync, lstatSync, openSync, realpathSync, renameSync, statSync, unlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { syncDirectory, sys, temporaryName, writeAll } from '../base/index.ts';
import type { ByteSink } from '../store/index.ts';

/**
 * The file appears when it is complete and durable, with the mode of the one that it replaces. Links are followed. What is no file is
 * written to as it stands: a rename would put a file in the place of /dev/null, or of a pipe that somebody reads.
 *
 * @param path  absolute. @throws SystemFault
 */
export function writeOutputFile(path: string, write: (sink: ByteSink) => void): void {
  const there = sys('create', path, () => statSync(path, { throwIfNoEntry: false }));
  const isDangling = there === undefined && lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  if (isDangling || there?.isFile() === false) {
    const fd = sys('write', path, () => openSync(path, 'w', 0o644));
    try {
      write((chunk) => sys('write', path, () => writeAll(fd, chunk)));
    } finally {
      closeSync(fd);
    }
    return;
  }
  const final = there === undefined ? path : sys('create', path, () => realpathSync(path));
  const temporary = temporaryName(final);
  const fd = sys('create', path, () => openSync(temporary, 'wx', 0o644));
  let isDone = false;
  try {
    write((chunk) => sys('write', path, () => writeAll(fd, chunk)));
    sys('write', path, () => {
      if (there !== undefined) fchmodSync(fd, there.mode & 0o777);
      fsyncSync(fd);
      renameSync(temporary, final);
    });
    isDone = true;
    syncDirectory(dirname(final));
  } finally {
    closeSync(fd);
    if (!isDone) unlinkSync(temporary);
  }
}
