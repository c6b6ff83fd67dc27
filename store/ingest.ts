/**
 * One pass over a tree that yields all there is to know of it: NAR hash and size, manifest, references, the hash modulo itself, and
 * a copy if one is wanted. Cost: one read; two SHA-256 of every byte (the NAR's and the file's). Large trees are copied with other threads.
 */
import { createHash, type Hash } from 'node:crypto';
import { type Bytes, Sha256 } from '../base/index.ts';
import { ModuloHasher } from './hash-modulo.ts';
import { TreeCopier } from './lanes/copy-tree.ts';
import { ManifestBuilder } from './manifest.ts';
import { type ByteSink, NarEncoder } from './nar-encode.ts';
import { readTree } from './read-tree.ts';
import { ReferenceScanner } from './references.ts';
import { type TreeVisitor, teeVisitors } from './tree.ts';
import type { HashAlgorithm, Manifest, TreeEntry } from './types.ts';

export interface IngestOptions {
  /** Where to copy the tree to; must not exist. */
  readonly copyTo?: Bytes;
  /** Hash parts to look for. */
  readonly scanFor?: Iterable<string>;
  /** Also hash the NAR modulo this hash part. */
  readonly modulo?: string;
  /** Also hash the NAR, and the bytes if the tree is one file, by this algorithm. */
  readonly algorithm?: HashAlgorithm;
  /** How many entries the tree has, where that is known, so that other threads are asked for help in time. */
  readonly nExpected?: number;
}

export interface Ingested {
  /** SHA-256 of the NAR, hex. */
  readonly narHash: string;
  readonly narSizeBytes: number;
  readonly manifest: Manifest;
  readonly found: ReadonlySet<string>;
  /** Hex, with how often the part occurred; where `modulo` was given. */
  readonly modulo?: { readonly hex: string; readonly nOccurrences: number };
  /** By `algorithm`; hex. */
  readonly narDigest: string;
  /** By `algorithm`; where the root is a file. */
  readonly flatDigest?: string;
}

/** Reads listed entries (tree order) from disk. @throws Fault and SystemFault as `readTree`; a partial copy is then left behind */
export function ingestTree(entries: readonly TreeEntry[], options: IngestOptions = {}): Ingested {
  return ingest((visitor) => readTree(entries, visitor), { nExpected: entries.length, ...options });
}

/** Takes whatever drives a visitor. */
export function ingest(drive: (visitor: TreeVisitor) => void, options: IngestOptions = {}): Ingested {
  const { algorithm = 'sha256' } = options;
  const narHash = new Sha256();
  const otherHash = algorithm === 'sha256' ? undefined : createHash(algorithm);
  const scanner = options.scanFor === undefined ? undefined : new ReferenceScanner(options.scanFor);
  const modulo = options.modulo === undefined ? undefined : new ModuloHasher('sha256', options.modulo);
  const sink: ByteSink = (chunk) => {
    narHash.update(chunk);
    otherHash?.update(chunk);
    scanner?.update(chunk);
    modulo?.update(chunk);
  };
  const encoder = new NarEncoder(sink);
  // SHA-256 of every file is in the manifest already.
  const flat = algorithm === 'sha256' ? undefined : new RootFileHasher(algorithm);
  const { copyTo, nExpected = 0 } = options;
  const copier = copyTo === undefined ? undefined : new TreeCopier(copyTo, { nExpected });
  const manifestMaker = copier ?? new ManifestBuilder();
  try {
    drive(teeVisitors([encoder, flat, manifestMaker].filter((visitor) => visitor !== undefined)));
    copier?.end();
  } finally {
    copier?.close();
  }
  const narSizeBytes = encoder.end();
  const narHex = narHash.digest();
  const manifest = manifestMaker.manifest();
  const root = manifest[0];
  const flatDigest = flat === undefined ? (root?.kind === 'file' ? root.sha256 : undefined) : flat.digest();
  return {
    narHash: narHex,
    narSizeBytes,
    manifest,
    found: scanner?.found ?? new Set(),
    narDigest: otherHash?.digest('hex') ?? narHex,
    ...(modulo === undefined ? {} : { modulo: modulo.end() }),
    ...(flatDigest === undefined ? {} : { flatDigest }),
  };
}

/** Hashes the bytes of a tree that is a single file; idle in all other trees. */
class RootFileHasher implements TreeVisitor {
  readonly #algorithm: HashAlgorithm;
  #hash: Hash | undefined;

  constructor(algorithm: HashAlgorithm) {
    this.#algorithm = algorithm;
  }

  enterDirectory(): void {}
  leaveDirectory(): void {}
  symlink(): void {}
  beginFile(path: Bytes): void {
    if (path === '') this.#hash = createHash(this.#algorithm);
  }
  fileData(chunk: Uint8Array): void {
    this.#hash?.update(chunk);
  }
  endFile(): void {}

  digest(): string | undefined {
    return this.#hash?.digest('hex');
  }
}
