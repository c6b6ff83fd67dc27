import type { FileRow } from './types.ts';

/** An empty regular file of root's, to be filled in. */
export const blankRow = (path: string, owner: string): FileRow => ({
  path,
  owner,
  kind: 'file',
  mode: 0o644,
  uid: 0,
  gid: 0,
  sizeBytes: 0,
  sha256: '',
  target: '',
  isConfig: false,
  wasThere: false,
  mtimeSeconds: 0,
});
