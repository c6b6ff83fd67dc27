/** Bytes → names, and the object store: hashes, store paths, derivations, NAR, the objects and their index. */
export { prepareOutputs } from './add-outputs.ts';
export { assertThere } from './assert-there.ts';
export * from './aterm.ts';
export * from './base32.ts';
export { cacheCodes } from './cache/codes.ts';
export { isWrittenCompression } from './cache/compression-name.ts';
export type * from './cache/index.ts';
export { type BrokenOff, removeBrokenOff } from './cache/partial.ts';
export { storeCodes } from './codes.ts';
export * from './compare.ts';
export {
  type CompleteDerivation,
  completeDerivation,
  type InputDerivation,
  type InputOutput,
  type UnfinishedDerivation,
} from './complete-derivation.ts';
export { damaged } from './damaged.ts';
export { type Mention, mentions, type Reference, waysBetween } from './dependency.ts';
export * from './derivation.ts';
export * from './derivation-json.ts';
export type { DerivationText } from './derivation-text.ts';
export { DiskMeter, type DiskUsage } from './disk-usage.ts';
export { exportPaths } from './export.ts';
export { ReferenceGraph, readGraph } from './graph.ts';
export * from './hash.ts';
export { ModuloHasher } from './hash-modulo.ts';
export { type HostSpec, hostTree, rememberedHostFiles, resolveHostFiles } from './host.ts';
export type { ImportOptions, SignedPath } from './import.ts';
export { type Ingested, ingest } from './ingest.ts';
export { PlacedFiles, removeFolders, startFileLanes, unlinkMany, unlinkPlaced } from './lanes/placed-files.ts';
export { eachTimed, filterTimed, type TimedFile, type TimedFiles, timedFile } from './lanes/timed-files.ts';
export { type Explanation, type KeepOptions, type KeepReason, whyLive } from './liveness.ts';
export { decodeManifest, encodeManifest, ManifestBuilder } from './manifest.ts';
export { dumpNar, unpackNar, withFileSource } from './nar.ts';
export { type ByteSource, bytesSource, readNar } from './nar-decode.ts';
export { type ByteSink, NarEncoder } from './nar-encode.ts';
export { narOfBytes } from './nar-of-file.ts';
export { openStore } from './object-store.ts';
export { readTree } from './read-tree.ts';
export { ReferenceScanner } from './references.ts';
export * from './resolve.ts';
export { forsakenLinks, isThere, OWNER_FILE, type OwnedLinks } from './root-owner.ts';
export { addRoot, removeRoot, type StorePlace, storePathOf } from './roots.ts';
export { hasFileLoop } from './screen/file-loop.ts';
export { PlacedLoop } from './screen/placed-loop.ts';
export { nameSmallSource } from './small-source.ts';
export * from './store-path.ts';
export { compareTreeOrder, listTree, orderTree, type TreeVisitor, teeVisitors } from './tree.ts';
export type * from './types.ts';
export { removeTree, TreeWriter } from './write-tree.ts';
export { compressingSink, decompressingSource } from './zstd-frames.ts';
/** Signatures and binary caches: network, keys and servers, which most commands do without. */
export const loadCaches = (): Promise<typeof import('./cache/index.ts')> => import('./cache/index.ts');
