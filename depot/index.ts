/** Outputs and recipes → Genode's depot: archives of several origins side by side, versioned, signed by their creators. */
export { archiveHash } from './archive-hash.ts';
export * from './archive-name.ts';
export { type BuildOptions, buildArchives } from './build.ts';
export { type DepotCode, depotCodes } from './codes.ts';
export * from './dependencies.ts';
export { Depot } from './depot.ts';
export { type DownloadEvent, type DownloadOptions, downloadArchives, quarantineArchives } from './download.ts';
export * from './extract.ts';
export { gpgHasSecretKey, gpgSigner } from './gpg-signer.ts';
export * from './layout.ts';
export * from './lists.ts';
export { nextVersion } from './next-version.ts';
export type { Keys, NewKey, Signer, Verified, VerifyRequest } from './openpgp.ts';
export { packFolder } from './pack.ts';
export { type PublishedArchive, type PublishOptions, publishArchives } from './publish.ts';
export * from './recipe.ts';
export { type UnpackLimits, unpackArchive } from './unpack.ts';
export { readDownloadLocation, readPublicKeyFile, type UserPlaces } from './users.ts';

/** Keys and signatures; loading openpgp.js takes 60 ms. */
export const loadOpenPgp = (): Promise<typeof import('./openpgp.ts')> => import('./openpgp.ts');
export { type Collected, type CollectOptions, collectDepot } from './collect.ts';
export { type Difference, differencesOf } from './differences.ts';
export { indexPage, type PageOptions } from './index-page.ts';
export { listDepot, listPublished } from './listing.ts';
export { archivePackages, PACKAGE_SUFFIX, type PackageArchivesOptions, type PackageForDepot } from './package-archives.ts';
export { problemOfRuntime } from './runtime-file.ts';
export { type DepotServer, type ServeDepotOptions, serveDepot } from './serve.ts';
export { signedCopy, type VerifiedArchive, type VerifyDepotOptions, verifyDepot } from './verify.ts';
