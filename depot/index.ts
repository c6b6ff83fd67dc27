/** Outputs and recipes → Genode's depot: archives of several origins side by side, versioned, signed by their creators. */
export { archiveHash } from './archive-hash.ts';
export * from './archive-name.ts';
export { depotCodes } from './codes.ts';
export * from './dependencies.ts';
export * from './extract.ts';
export * from './layout.ts';
export * from './lists.ts';
export { nextVersion } from './next-version.ts';
export * from './recipe.ts';
