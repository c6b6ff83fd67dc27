/**
 * What build systems install and a package should not have: files that two packages would have in common, and times of day. It is done
 * here and not in the build, so that it needs no program there.
 */
import { chmodSync, closeSync, lstatSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { type Bytes, bytesToPath, bytesToText, sys } from '../base/index.ts';
import { neutraliseArchive } from './ar.ts';
import { type OutputFile, openFile } from './output-files.ts';

/**
 * Tidies one file. Members of archives always lose their times (`ar.ts`); the rest is done where `isWhole` says so:
 *
 * - `usr/lib/*.la` of libtool: makes later links depend on files of all the libraries below; plugins in deeper folders keep theirs
 * - `usr/share/info/dir`, `perllocal.pod`, `.packlist`: every package of the kind installs one, with a time or the build's paths in it
 * - byte code of Python gets the time that its source has in a store, `.gz` files none
 *
 * @returns whether the file is gone
 */
export function tidyFile(file: OutputFile, isWhole: boolean): boolean {
  const { path, realPath } = file;
  if (path.endsWith('.a')) {
    makeWritable(realPath);
    neutraliseArchive(realPath);
  } else if (isWhole && isSuperfluous(file)) {
    sys('remove', bytesToText(realPath), () => {
      makeWritable(realPath.slice(0, realPath.lastIndexOf('/')));
      unlinkSync(bytesToPath(realPath));
    });
    return true;
  } else if (isWhole && (path.endsWith('.pyc') || path.endsWith('.gz'))) clearTime(file);
  return false;
}

const LIBTOOL = /^usr\/lib(?:64|32)?(?:\/[^/]*-linux-[^/]*)?\/[^/]+\.la$/;
const PERL = /^usr\/(?:lib|lib64|share)\/perl[^/]*\/.*(?:perllocal\.pod|\/\.packlist)$/;

function isSuperfluous(file: OutputFile): boolean {
  const { path } = file;
  if (path === 'usr/share/info/dir' || PERL.test(path)) return true;
  return LIBTOOL.test(path) && start(file, 128).toString('latin1').includes('libtool library file');
}

/** The header of a `.pyc` without a hash, and of a gzip file; anything else is left alone. */
function clearTime(file: OutputFile): void {
  const { realPath } = file;
  const header = start(file, 16);
  if (realPath.endsWith('.pyc')) {
    // PEP 552: magic ending in \r\n, flags, time of the source in seconds, its size. Every file of a store has the time 1.
    if (header.length === 16 && header[2] === 13 && header[3] === 10 && header.readUInt32LE(4) === 0)
      overwrite(realPath, 8, Buffer.from([1, 0, 0, 0]));
    return;
  }
  // RFC 1952: the time stands at 4; a header with a checksum of itself (flag 2) has to stay.
  if (header.length >= 10 && header[0] === 0x1f && header[1] === 0x8b && (header[3]! & 2) === 0)
    overwrite(realPath, 4, Buffer.alloc(4));
}

function start(file: OutputFile, lengthBytes: number): Buffer {
  return sys('read', bytesToText(file.realPath), () => {
    const fd = openFile(file);
    try {
      const data = Buffer.alloc(lengthBytes);
      return data.subarray(0, readSync(fd, data, 0, lengthBytes, 0));
    } finally {
      closeSync(fd);
    }
  });
}

function overwrite(realPath: Bytes, at: number, data: Buffer): void {
  sys('rewrite', bytesToText(realPath), () => {
    makeWritable(realPath);
    const fd = openSync(bytesToPath(realPath), 'r+');
    try {
      writeSync(fd, data, 0, data.length, at);
    } finally {
      closeSync(fd);
    }
  });
}

/** Builds install read-only files, too; which modes a file has in a store is decided there. */
function makeWritable(realPath: Bytes): void {
  const path = bytesToPath(realPath);
  const { mode } = lstatSync(path);
  if ((mode & 0o600) !== 0o600) chmodSync(path, (mode & 0o7777) | 0o600);
}
