/** Bytes → names, and the object store: hashes, store paths, derivations, NAR, the objects and their index. */
export * from './aterm.ts';
export * from './base32.ts';
export { storeCodes } from './codes.ts';
export * from './derivation.ts';
export * from './derivation-json.ts';
export * from './hash.ts';
export * from './resolve.ts';
export * from './store-path.ts';
export type * from './types.ts';
