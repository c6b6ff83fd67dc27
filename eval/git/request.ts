/** What `fetchGit` asks of the world, and what it gets. Text, not bytes, except where a path on disk is meant. */
import { fileURLToPath } from 'node:url';
import type { Bytes } from '../../base/index.ts';

export interface GitRequest {
  /** `https://…`, `ssh://…`, `git://…`, `http://…` or `file:///…`. */
  readonly url: string;
  /** Full (`refs/heads/main`) or `HEAD`; absent: of a local repository the working tree, else `HEAD`. */
  readonly ref?: string;
  /** 40 or 64 hexadecimal digits. */
  readonly rev?: string;
  /** Look for `rev` under all refs. */
  readonly allRefs: boolean;
  /** Only the one commit is fetched. */
  readonly isShallow: boolean;
  /** Leave out what `.gitattributes` marks `export-ignore`. */
  readonly honoursExportIgnore: boolean;
  /** Also the files of submodules, and of theirs. */
  readonly hasSubmodules: boolean;
}

/** Where it is on this machine; `undefined` for one from elsewhere. */
export const localRepository = ({ url }: GitRequest): string | undefined =>
  url.startsWith('file://') ? fileURLToPath(new URL(url)) : undefined;

export interface GitTree {
  /** The files, alone in a folder, on disk until `dispose`. */
  readonly path: Bytes;
  /** Absent for a working tree with changes. */
  readonly rev?: string;
  /** Of a working tree with changes: the commit below. */
  readonly dirtyRev?: string;
  /** Commits up to `rev`; absent where the history is not there. */
  readonly revCount?: number;
  /** Seconds since 1970, of the commit; 0 where there is none. */
  readonly lastModified: number;
  /** Paths of this machine of which another tree comes once they change. Absent where that cannot be, or nobody can tell. */
  origins?(): readonly Bytes[];
  dispose(): void;
}
