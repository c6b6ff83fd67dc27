import type { ImageEntry } from '../types.ts';

/** Whoever runs it gets rights of somebody else: setuid, setgid, or file capabilities. */
export const isPrivileged = (entry: Pick<ImageEntry, 'kind' | 'mode' | 'capability'>): boolean =>
  (entry.capability ?? '') !== '' || ((entry.kind === 'file' || entry.kind === 'hardlink') && (entry.mode & 0o6000) !== 0);
