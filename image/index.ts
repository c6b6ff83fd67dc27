/** Trees of files → file systems and what machines start from: bytes that depend on nothing but what was given. */
export { imageCodes } from './codes.ts';
export * from './entry.ts';
export * from './output.ts';
export type { CompressionName } from './squashfs/compression.ts';
export * from './squashfs/write-squashfs.ts';
