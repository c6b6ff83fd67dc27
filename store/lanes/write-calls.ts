/** Writes small files by bare system calls. What fails is thrown as `node:fs` throws it: with the code of the error. */
import { constants } from 'node:fs';
import { type Address, AT_FDCWD, type FileCalls, O_CLOEXEC } from '../../base/index.ts';
import { canonicalMtimeSeconds } from '../canonical-metadata.ts';

const { O_CREAT, O_EXCL, O_WRONLY, O_NOFOLLOW } = constants;
const CREATE = O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC;

/** @param folder  -1: the path is absolute */
export function createFileAt(calls: FileCalls, folder: number, path: Address, mode: number): number {
  const fd = calls.openat(folder === -1 ? AT_FDCWD : folder, path, CREATE, mode);
  if (fd === -1) throw failed(calls);
  return fd;
}

/** Seconds and nanoseconds of both times. */
const times: BigInt64Array = new BigInt64Array([BigInt(canonicalMtimeSeconds), 0n, BigInt(canonicalMtimeSeconds), 0n]);
let timesAt: Address | undefined;

/** The bytes of a new, empty file, and its times. */
export function writeAndSeal(calls: FileCalls, fd: number, from: Address, sizeBytes: number): void {
  for (let done = 0; done < sizeBytes; ) {
    const nWritten = calls.pwrite(fd, from + done, sizeBytes - done, done);
    if (nWritten === -1) throw failed(calls);
    done += nWritten;
  }
  timesAt ??= calls.addressOf(new Uint8Array(times.buffer));
  if (calls.futimens(fd, timesAt) === -1) throw failed(calls);
}

const failed = (calls: FileCalls): Error => Object.assign(new Error('a system call failed'), { code: calls.errorName() });
