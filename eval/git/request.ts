/** What `fetchGit` asks of the world, and what it gets. Text, not bytes, except where a path on disk is meant. */
import { fileURLToPath } from 'node:url';
import type { Bytes } from '../../base/index.ts';
import type { Digest, StorePath } from '../../store/index.ts';

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

/** The files of a commit in the store, and what is known of it. */
export interface CommitTree {
  readonly path: StorePath;
  readonly digest: Digest;
  readonly rev: string;
  readonly revCount?: number;
  readonly lastModified: number;
}

/** What earlier evaluations took out of repositories; asked for requests that name their commit. Neither throws. */
export interface CommitMemory {
  /** @param name  in the store path */
  find(request: GitRequest, name: string): CommitTree | undefined;
  keep(request: GitRequest, name: string, tree: CommitTree): void;
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
