/** The builders that igos has in itself. */
import type { Derivation } from '../store/index.ts';

/** Lays the files of Debian packages over each other (debian/unpack-debian.ts). */
export const unpackDebianBuilder = 'builtin:unpackDebian';

/** Whether igos gets the output by its hash, instead of making it. */
export const isFetched = (drv: Derivation): boolean => drv.builder.startsWith('builtin:') && drv.builder !== unpackDebianBuilder;
