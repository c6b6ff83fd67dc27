/** Outputs and archives → a root: transactions, generations, supersede, configuration, verify, history. */
import type { AdoptOptions, AdoptReport } from './adopt/adopt.ts';
import type { ReadArchiveOptions } from './archive/read-archive.ts';
import type { RebuildOptions, RebuildReport } from './rebuild/rebuild.ts';
import type { WriteIndexOptions, WrittenIndex } from './repository/write-index.ts';
import type { PackageImage } from './types.ts';

export { pkmCodes } from './codes.ts';
export type { ConfigFile, ConfigState } from './config/list-config.ts';
export type { ConfigChoice, ConfigSettled, ConfigVersions } from './config/settle-config.ts';
export type { GcOptions, GcReport } from './gc.ts';
export { directoryEntry, type ImageParts, makeImage } from './image.ts';
export { imageFromStore, type StorePackage } from './image-from-store.ts';
export { type FileMetadata, type FileWriter, type RootIo, realIo } from './io.ts';
export type { RootLayout } from './layout.ts';
export type { LockHolder } from './lock.ts';
export type { ManifestDivergence } from './manifest-text.ts';
export { openRoot } from './open-root.ts';
export { withoutPaths } from './plan/as-declared.ts';
export { installOrder } from './plan/install-order.ts';
export { hasMarks, isMergeable, mergeWithMarks } from './plan/merge.ts';
export type { Candidate } from './plan/offers.ts';
export type { AvailablePackage, GenerationDiff, ListOptions, PackageInfo } from './query.ts';
export type { RepairReport } from './repair.ts';
export type { OutdatedPackage } from './repository/available.ts';
export type { CleanCacheOptions, CleanCacheReport } from './repository/clean-cache.ts';
export type { FetchOptions } from './repository/fetch.ts';
export type { PackageFiles } from './repository/file-list.ts';
export { IDENTITY_WORDS, isIdentity } from './repository/identity.ts';
export type { KnownRepository } from './repository/known.ts';
export type { RepositorySettings } from './repository/settings.ts';
export type { FetchedRepository, SyncReport, SyncWish } from './repository/sync.ts';
export type { ArchiveTrust } from './repository/trust.ts';
export type { ChangeOptions, InstallRequest, OpenOptions, RemoveRequest } from './requests.ts';
export type { Root } from './root.ts';
export { servicesOf, withServices } from './services.ts';
export type { HistoryEntry } from './state/history.ts';
export type { Hold } from './state/holds.ts';
export type { StorePins } from './store-pins.ts';
export { systemOf, systemPackage } from './system-package.ts';
export type { ProgramResult, RootProgram, RunInRoot } from './triggers/run-in-root.ts';
export type * from './types.ts';
export type { VerifyOptions, VerifyReport } from './verify.ts';
export type { FileProblem } from './verifying/checker.ts';
export { compareReleases, compareVersions } from './versions.ts';
export type { AdoptOptions, AdoptReport, ReadArchiveOptions, RebuildOptions, RebuildReport, WriteIndexOptions, WrittenIndex };

// Archives and indexes are needed by few commands: their modules are loaded on first use.

/** An archive as an image, unpacked into a folder of the caller; `Root.readArchive` is the way to install one. */
export const imageFromArchive = async (file: string, options: ReadArchiveOptions): Promise<PackageImage> =>
  (await import('./archive/read-archive.ts')).imageFromArchive(file, options);

/** Writes an image as an `.igos.tar.gz`, the same to the bit everywhere; the whole file or none. */
export const writeArchive = async (
  image: PackageImage,
  file: string,
  signal?: AbortSignal,
): Promise<{ sha256: string; sizeBytes: number }> =>
  (await import('./archive/write-archive.ts')).writeArchive(image, file, signal);

/** Indexes the archives of a folder, and signs the index with ed25519 keys. */
export const writeIndex = async (folder: string, options: WriteIndexOptions): Promise<WrittenIndex> =>
  (await import('./repository/write-index.ts')).writeIndex(folder, options);
/** SHA-256 of an archive, as hex. @throws SystemFault */
export const archiveSha256 = async (file: string): Promise<string> =>
  (await import('./repository/write-index.ts')).sha256Of(file);

/** Makes a lost or damaged database anew of the text manifests. @throws Fault E-PKM-028 · E-PKM-020 · E-PKM-021 */
export const rebuildDatabase = async (root: string, options: RebuildOptions): Promise<RebuildReport> =>
  (await import('./rebuild/rebuild.ts')).rebuildDatabase(root, options);

/** Takes over a root that InterGenOS's pkm managed. @throws Fault E-PKM-064 · E-PKM-020 */
export const adoptRoot = async (root: string, options: AdoptOptions): Promise<AdoptReport> =>
  (await import('./adopt/adopt.ts')).adoptRoot(root, options);
