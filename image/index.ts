/** Trees of files → file systems and what machines start from: bytes that depend on nothing but what was given. */
export { imageCodes } from './codes.ts';
export * from './initramfs.ts';
export * from './output.ts';
export * from './verity.ts';
