import { readFileSync } from 'node:fs';

/** When a process started, in clock ticks since boot: with the pid it names a process for good. `undefined` if there is none. */
export function processStartTime(pid: number): string | undefined {
  try {
    // The second field is the program's name in parentheses, which may hold anything.
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
