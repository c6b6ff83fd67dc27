/** Signatures and binary caches. Reached through `loadCaches` of the store, so that commands without caches do not load it. */
export { BinaryCache, type CacheLifetimes } from './binary-cache.ts';
export { compress, decompress, fileBytes } from './compression.ts';
export type { WrittenCompression } from './compression-name.ts';
export { pathFingerprint } from './fingerprint.ts';
export {
  generateKey,
  keyRing,
  type PublicKey,
  parsePublicKey,
  parseSecretKey,
  type SecretKey,
  signText,
  trustedSigner,
} from './keys.ts';
export { type NarInfo, parseNarInfo } from './narinfo.ts';
export { openTransport, type TransportOptions } from './open-transport.ts';
export { type PullEvent, type PullOptions, type PullResult, pull } from './pull.ts';
export { type PushOptions, push } from './push.ts';
export { repairFromCaches } from './repair.ts';
export { type CacheServer, type ServeOptions, serveCache } from './serve.ts';
export { type CacheSettings, readSettings } from './settings.ts';
export type { S3Credentials } from './sigv4.ts';
export { CacheSubstituter } from './substitute.ts';
export { CacheProblem, type Transport, withRetries } from './transport.ts';
export type { Trust } from './trust.ts';
