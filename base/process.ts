import { readFileSync } from 'node:fs';
import { SystemFault } from './fault.ts';

let ownStartTime: string | undefined;

/**
 * When a process started, in clock ticks since boot: with the pid it names a process for good. `undefined` if there is none (any more).
 * Cost: a file of the kernel's, 30 µs; of this process once.
 *
 * @throws SystemFault no file can be opened any more
 */
export function processStartTime(pid: number): string | undefined {
  if (pid !== process.pid) return readStartTime(pid);
  ownStartTime ??= readStartTime(pid);
  return ownStartTime;
}

function readStartTime(pid: number): string | undefined {
  try {
    // The second field is the program's name in parentheses, which may hold anything.
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // One that ended, and whose parent has not asked about it yet. With other threads at work only its first one has ended.
    if (/^[ZX]$/.test(fields[0]!) && Number(fields[17]) <= 1) return undefined;
    return fields[19];
  } catch (error) {
    // Where we have no descriptor or memory left, nothing is known of it: who took it for dead would remove what it works on.
    if (/^(EMFILE|ENFILE|ENOMEM)$/.test((error as NodeJS.ErrnoException).code ?? ''))
      throw new SystemFault('look at', `process ${pid}`, error);
    return undefined;
  }
}

/** The process that started another, or has taken its children over; 0 where there is none that can be seen. */
export function parentOf(pid: number): number {
  try {
    return Number(/^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
