/** Trees of files → file systems and what machines start from: bytes that depend on nothing but what was given. */
export { imageCodes } from './codes.ts';
export { guidOf } from './disk/guid.ts';
export { type DiskOptions, layoutDisk, type Partition } from './disk/layout-disk.ts';
export * from './disk/partition-types.ts';
export { type FatEntry, type FatOptions, layoutFat } from './fat/layout-fat.ts';
export { type IsoOptions, layoutIso } from './iso/layout-iso.ts';
export type { IsoEntry } from './iso/nodes.ts';
export type { Layout, Part } from './layout.ts';
export * from './output.ts';
