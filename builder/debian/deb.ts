/**
 * A Debian binary package: an `ar` archive of `debian-binary`, `control.tar…` and `data.tar…`. Only the last one counts here: no script of a
 * package is ever run.
 *
 * @source deb(5); the common ar format
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { sys, writeAll } from '../../base/index.ts';
import { buildFault } from '../build-fault.ts';

const MAGIC = '!<arch>\n';
const HEADER_BYTES = 60;
const CHUNK_BYTES = 1 << 20;

/** Writes the archive of files that is inside of the package at `deb` to `target`, as it is. @throws Fault E-BUILD-013 · SystemFault */
export function extractData(deb: string, target: string): void {
  sys('read', deb, () => {
    const fd = openSync(deb, 'r');
    try {
      const { start, sizeBytes } = findData(fd);
      const out = openSync(target, 'wx', 0o644);
      try {
        const buffer = Buffer.alloc(Math.min(CHUNK_BYTES, sizeBytes));
        for (let done = 0; done < sizeBytes; ) {
          const count = readSync(fd, buffer, 0, Math.min(buffer.length, sizeBytes - done), start + done);
          if (count === 0) throw noPackage('it ends too early');
          writeAll(out, buffer.subarray(0, count));
          done += count;
        }
      } finally {
        closeSync(out);
      }
    } finally {
      closeSync(fd);
    }
  });
}

function findData(fd: number): { start: number; sizeBytes: number } {
  const end = fstatSync(fd).size;
  const header = Buffer.alloc(HEADER_BYTES);
  const read = (at: number, length: number): string => header.toString('latin1', 0, readSync(fd, header, 0, length, at));
  if (read(0, MAGIC.length) !== MAGIC) throw noPackage('it is no ar archive');
  for (let at = MAGIC.length, index = 0; at < end; index++) {
    const text = read(at, HEADER_BYTES);
    const size = /^(\d{1,10}) *$/.exec(text.slice(48, 58))?.[1];
    if (text.length < HEADER_BYTES || !text.endsWith('`\n') || size === undefined) throw noPackage('it is damaged');
    const start = at + HEADER_BYTES;
    const sizeBytes = Number(size);
    if (start + sizeBytes > end) throw noPackage('it ends too early');
    const name = text.slice(0, 16).trimEnd().replace(/\/$/, '');
    if (index === 0) {
      const version = name === 'debian-binary' ? read(start, Math.min(sizeBytes, 16)) : '';
      if (!/^2\.\d+\n/.test(version)) throw noPackage('it is of another format than 2.0');
    }
    if (/^data\.tar(?:\.[a-z0-9]+)?$/.test(name)) return { start, sizeBytes };
    at = start + sizeBytes + (sizeBytes & 1);
  }
  throw noPackage('it holds no files (data.tar)');
}

const noPackage = (reason: string) =>
  buildFault('E-BUILD-013', `cannot unpack the Debian package: ${reason}`, {
    hints: ['the hash was right: look at what the lock file names (igos seed lock)'],
  });
