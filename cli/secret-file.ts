import { closeSync, constants, fsyncSync, openSync } from 'node:fs';
import { sys, writeAll } from '../base/index.ts';

/** A new file that only its owner can read. Never over another key: what it signed could not be signed again. @throws SystemFault */
export function writeSecret(path: string, text: string): void {
  sys('create', path, () => {
    const fd = openSync(path, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW, 0o600);
    try {
      writeAll(fd, Buffer.from(text));
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  });
}
