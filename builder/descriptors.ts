/**
 * Keeps this process's open files to itself. Node marks its own, but libraries do not (the store's index!), nor does whoever started
 * us; a build that inherits one could write to it from inside of its sandbox.
 */
import { closeSync, constants, openSync, readdirSync } from 'node:fs';
import { loadKoffi } from '../base/index.ts';

type CloseRange = (first: number, last: number, flags: number) => number;

const CLOSE_RANGE_CLOEXEC = 4;
const LAST = 0xffff_ffff;

let closeRange: CloseRange | undefined | null;

/**
 * What to hand to `spawn` for descriptors from `first` up, so that the child gets none of ours: nothing, where the system can mark them
 * all to be closed (Linux 5.11, glibc 2.34), else `/dev/null` for each.
 *
 * Cost: one system call, or one folder read.
 */
export function coverDescriptors(first: number): { stdio: number[]; release: () => void } {
  if (closeRange === undefined) closeRange = bindCloseRange();
  if (closeRange?.(first, LAST, CLOSE_RANGE_CLOEXEC) === 0) return { stdio: [], release: () => {} };
  closeRange = null;
  const highest = Math.max(0, ...readdirSync('/proc/self/fd').map(Number));
  const fd = openSync('/dev/null', constants.O_RDONLY);
  const stdio = Array.from({ length: Math.max(0, highest - first + 1) }, () => fd);
  return { stdio, release: () => closeSync(fd) };
}

function bindCloseRange(): CloseRange | null {
  try {
    return loadKoffi()
      .load(null)
      .func('int close_range(unsigned int first, unsigned int last, unsigned int flags)') as CloseRange;
  } catch {
    return null; // no binding for this platform, or a library without the call: the other way
  }
}
