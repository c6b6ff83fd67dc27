import { join, resolve } from 'node:path';

/** Where pkm keeps its state below a root, relative to it. No package may own anything there. */
export const STATE_DIR = 'var/lib/igos';

/** What people tell pkm: below a root, as the others. */
export const SETTINGS = 'etc/igos';

/** Places below a root that symlinks of the root may move: `folderInside` finds them. */
export const TRUSTED_KEYS = `${SETTINGS}/trusted-keys`;
export const REPOSITORIES = `${SETTINGS}/repositories.d`;
export const ARCHIVE_CACHE = 'var/cache/igos/archives';

/** The absolute places of one root. */
export interface RootLayout {
  readonly root: string;
  readonly state: string;
  readonly database: string;
  readonly lock: string;
  readonly holder: string;
  readonly manifests: string;
  readonly objects: string;
  readonly staging: string;
  /** Space for when there is none: see `reserve.ts`. */
  readonly reserve: string;
}

/** @param stateFolder  where the state really is, if a symlink inside the root leads elsewhere; relative to the root */
export function rootLayout(root: string, stateFolder: string = STATE_DIR): RootLayout {
  const base = resolve(root);
  const state = join(base, stateFolder);
  return {
    root: base,
    state,
    database: join(state, 'pkm.db'),
    lock: join(state, 'lock.db'),
    holder: join(state, 'lock'),
    manifests: join(state, 'packages'),
    objects: join(state, 'objects'),
    staging: join(state, 'staging'),
    reserve: join(state, 'reserve'),
  };
}

/** Absolute path of a path relative to the root. */
export const under = (layout: RootLayout, path: string): string =>
  layout.root === '/' ? `/${path}` : path === '' ? layout.root : `${layout.root}/${path}`;
