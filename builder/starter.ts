/** Who starts sandboxes: whether builds can have users of their own, or share the one that runs igos. */
import { existsSync, readFileSync } from 'node:fs';
import type { Starter } from './launch/steps.ts';

/** First of the users that builds run as when igos is run by root: far above any that people have. */
export const FIRST_BUILD_UID = 0x34000000;

/** More than run at once. */
const MAX_BUILDS = 1 << 16;

let hasBuildUsers: boolean | undefined;

/**
 * Whether builds get users of their own: only root can give them, and only where they exist. The root of a container that another user
 * has started is that user, and knows few others.
 */
export function isPrivileged(): boolean {
  hasBuildUsers ??= process.getuid?.() === 0 && isMapped('/proc/self/uid_map') && isMapped('/proc/self/gid_map');
  return hasBuildUsers;
}

export const starter = (): Starter => ({ uid: process.geteuid!(), gid: process.getegid!(), isPrivileged: isPrivileged() });

/**
 * Whether the users of builds are among those of this namespace.
 *
 * @source user_namespaces(7)
 */
function isMapped(path: string): boolean {
  // A kernel without namespaces of users has no such file, and all users.
  if (!existsSync(path)) return true;
  return readFileSync(path, 'latin1')
    .trimEnd()
    .split('\n')
    .map((line) => line.trim().split(/ +/).map(Number) as [first: number, outside: number, count: number])
    .some(([first, , count]) => first <= FIRST_BUILD_UID && FIRST_BUILD_UID + MAX_BUILDS <= first + count);
}
