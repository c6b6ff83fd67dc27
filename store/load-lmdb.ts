import { createRequire } from 'node:module';

/** LMDB, loaded where the index is opened: that takes some 25 ms, which what never looks into the store should not pay (a bundle has it inside). */
export const loadLmdb = (): typeof import('lmdb') => createRequire(import.meta.url)('lmdb');
