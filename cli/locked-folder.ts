/** Files that are read, changed and written again: one process does so at a time, or what the other one wrote would be lost. */
import { join } from 'node:path';
import { whileLocked } from '../base/index.ts';
import type { Context } from './context.ts';

/** Runs something while no other igos writes to a folder, which is there; says for whom it waits. */
export function whileOurs<T>(context: Context, folder: string, run: () => T | Promise<T>): Promise<T> {
  const onWait = (pid: number): void => context.out.talk(`waiting for process ${pid}, which writes to '${folder}'`);
  return whileLocked(join(folder, '.igos-lock'), onWait, run);
}
