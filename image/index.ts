/** Trees of files → file systems and what machines start from: bytes that depend on nothing but what was given. */
export { authenticodeHash, countSignatures, signProgram } from './authenticode.ts';
export { imageCodes } from './codes.ts';
export { guidOf } from './disk/guid.ts';
export { type DiskLayout, type DiskOptions, layoutDisk, type Partition } from './disk/layout-disk.ts';
export * from './disk/partition-types.ts';
export * from './entry.ts';
export { type Ext4Layout, type Ext4Options, layoutExt4 } from './ext4/layout-ext4.ts';
export { type FatEntry, type FatOptions, layoutFat } from './fat/layout-fat.ts';
export * from './initramfs.ts';
export { type IsoOptions, layoutIso } from './iso/layout-iso.ts';
export type { IsoEntry } from './iso/nodes.ts';
export type { Layout, Part } from './layout.ts';
export * from './output.ts';
export { type Pem, readSigner, type Signer } from './signer.ts';
export type { CompressionName } from './squashfs/compression.ts';
export * from './squashfs/write-squashfs.ts';
export * from './uki.ts';
export * from './verity.ts';
