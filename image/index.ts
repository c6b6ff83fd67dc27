/** Trees of files → file systems and what machines start from: bytes that depend on nothing but what was given. */
export { authenticodeHash, countSignatures, signProgram } from './authenticode.ts';
export { imageCodes } from './codes.ts';
export * from './entry.ts';
export * from './output.ts';
export type { CompressionName } from './squashfs/compression.ts';
export * from './squashfs/write-squashfs.ts';
export * from './initramfs.ts';
export { type Pem, readSigner, type Signer } from './signer.ts';
export * from './uki.ts';
export * from './verity.ts';
