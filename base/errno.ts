/** Names of the system's errors. Node's are those of libuv, which has none for a few that a disk gives. */
import { constants } from 'node:os';
import { getSystemErrorMap } from 'node:util';

/** `ENOSPC` for 28. */
export function errnoName(errno: number): string {
  const known = getSystemErrorMap().get(-errno)?.[0];
  return known ?? Object.entries(constants.errno).find(([, value]) => value === errno)?.[0] ?? `error ${errno}`;
}
