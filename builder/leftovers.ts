/** What an igos that was killed leaves behind besides its scratch folders, which are the store's to remove. */
import { removeDeadLocks } from '../base/index.ts';
import { removeDeadCgroups } from './cgroup.ts';
import { removeDeadLogs } from './running-log.ts';

/**
 * Removes the locks, the unfinished logs and the cgroups of processes that are gone. Its builds have died with it, and their mounts with
 * them. Cost: reading three folders that hold what runs.
 *
 * @param home  the store's
 */
export function removeBuildLeftovers(home: string): { nLocks: number; nLogs: number } {
  removeDeadCgroups();
  return { nLocks: removeDeadLocks(`${home}/var/lock`), nLogs: removeDeadLogs(home) };
}
