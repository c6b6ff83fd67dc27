/**
 * An archive of store paths → the store. The archive comes from outside: everything it says is checked or, for paths that are not
 * named by their content, believed only if the caller says so.
 *
 * @source docs/store.md §8
 */
import { normalize } from 'node:path';
import { type Bytes, bytesToText, compareBytes, Fault, textToBytes } from '../base/index.ts';
import type { StoreCode } from './codes.ts';
import { contentAddressOf } from './content-address-of.ts';
import { exportMagic } from './export.ts';
import { type Ingested, type IngestOptions, ingest, ingestTree } from './ingest.ts';
import { type ByteSource, NarReader, readOneNar } from './nar-decode.ts';
import { type Places, registerObjects } from './register.ts';
import {
  type ContentAddress,
  formatContentAddress,
  hashPartLength,
  maxNameLength,
  parseStorePath,
  tryParseStorePath,
} from './store-path.ts';
import { listTree } from './tree.ts';
import type { FinishedObject, PathInfo, StorePath } from './types.ts';
import { removeTree } from './write-tree.ts';

export interface ImportOptions {
  /** Take paths that are not named by their content as well, on the archive's word. */
  readonly isTrusted?: boolean;
  /** Whether somebody who is trusted signed this. Asked for paths with signatures that are not named by their content. */
  readonly vouches?: (info: SignedPath) => boolean;
  /** Called for each path, in order, when it was read and checked. */
  readonly onPath?: (path: StorePath, isNew: boolean) => void;
}

/** What a signature is of, and the signatures. */
export type SignedPath = Pick<PathInfo, 'path' | 'narHash' | 'narSizeBytes' | 'references'> & {
  /** Not empty. */
  readonly signatures: readonly string[];
};

/** Longest signature field that is read over. */
const MAX_SIGNATURE_LENGTH = 1 << 16;

/** More than any object has; fewer than would fill memory. */
const MAX_REFERENCES = 1 << 20;

/** What is read is registered in batches, each in one transaction: by bytes of NAR, and by paths. */
const BATCH_BYTES = 2 ** 30;
const BATCH_PATHS = 2000;

/**
 * Reads one archive and registers its paths, references first. After an error the store has whole batches of what stood before it,
 * and nothing else; an archive of less than 1 GiB is one batch.
 *
 * @returns the paths of the archive, in its order
 * @throws Fault E-STORE-040 not such an archive · E-STORE-042 of another store folder · E-STORE-043 a path that nothing vouches for ·
 *   E-STORE-015 a reference is neither valid nor before it
 */
export function importArchive(
  places: Places,
  storeDir: string,
  source: ByteSource,
  { isTrusted = false, vouches = () => false, onPath = () => {} }: ImportOptions = {},
): StorePath[] {
  const reader = new NarReader(source, notArchive);
  const batch = new Batch(places);
  const paths: StorePath[] = [];
  try {
    for (;;) {
      const more = reader.length();
      if (more === 0) break;
      if (more !== 1) throw reader.fault(`expected 0 or 1 before a path, not ${more}`);
      const staged = batch.stage((visitor) => readOneNar(reader, visitor));
      const trailer = readTrailer(reader, storeDir, maxPathLength(storeDir));
      paths.push(trailer.path);
      // A collection in another process must not take away what we find to be there.
      places.temporaryRoots.add([trailer.path, ...trailer.references]);
      const isNew = !batch.has(trailer.path);
      if (isNew) {
        const missing = trailer.references.find((reference) => reference !== trailer.path && !batch.has(reference));
        if (missing !== undefined) throw missingReference(trailer.path, missing);
        const { ingested, realPath } = staged;
        const again = (options: IngestOptions): Ingested => ingestTree(listTree(textToBytes(realPath)), options);
        const ca = contentAddressOf(trailer, ingested, again, storeDir);
        const isVouchedFor = (): boolean => trailer.signatures.length > 0 && vouches({ ...trailer, ...ingested });
        if (ca === undefined && !isTrusted && !isVouchedFor()) throw untrusted(trailer);
        batch.add(trailer, staged, ca);
      } else removeTree(textToBytes(staged.realPath));
      onPath(trailer.path, isNew);
    }
    reader.expectEnd();
    batch.register();
  } finally {
    batch.close();
  }
  return paths;
}

interface Trailer {
  readonly path: StorePath;
  /** Sorted, no two equal. */
  readonly references: readonly StorePath[];
  readonly deriver?: StorePath;
  /** `name:base64`, in the form of Nix; whether they are right is not known. */
  readonly signatures: readonly string[];
}

/** What stands in the place of a signature and is none of ours is of a kind that nobody writes since 2014. */
const SIGNATURES = /^[^\s:]+:[A-Za-z0-9+/]+={0,2}(?: [^\s:]+:[A-Za-z0-9+/]+={0,2})*$/;

const maxPathLength = (storeDir: string): number => storeDir.length + hashPartLength + maxNameLength + 2;

function readTrailer(reader: NarReader, storeDir: string, limit: number): Trailer {
  const magic = reader.length();
  if (magic !== exportMagic) throw reader.fault("the mark 'NIXE' is missing behind a NAR");
  const readPath = (): StorePath => storePathOf(reader.string(limit, 'store path'), storeDir);
  const path = readPath();
  const nReferences = reader.length();
  if (nReferences > MAX_REFERENCES) throw reader.fault(`'${path}' with ${nReferences} references`);
  const references = new Set<StorePath>();
  for (let i = 0; i < nReferences; i++) references.add(readPath());
  const deriver = reader.string(limit, 'store path');
  const hasSignature = reader.length();
  if (hasSignature > 1) throw reader.fault(`expected 0 or 1 before a signature, not ${hasSignature}`);
  const signature = hasSignature === 1 ? reader.string(MAX_SIGNATURE_LENGTH, 'signature') : '';
  return {
    path,
    references: [...references].sort(compareBytes),
    signatures: SIGNATURES.test(signature) ? signature.split(' ') : [],
    ...(deriver === '' ? {} : { deriver: storePathOf(deriver, storeDir) }),
  };
}

function storePathOf(text: Bytes, storeDir: string): StorePath {
  const folder = text.slice(0, text.lastIndexOf('/'));
  if (folder !== storeDir && normalize(`/${folder}`) === folder && tryParseStorePath(text, folder) !== undefined) {
    throw new Fault(
      'E-STORE-042' satisfies StoreCode,
      `the archive holds '${bytesToText(text)}', and this store is '${storeDir}'`,
      {
        hints: [
          `give a store of that folder: --store-dir ${bytesToText(folder)} --home DIR`,
          'the folder is part of every hash, so that paths cannot be brought from one to the other',
        ],
      },
    );
  }
  return parseStorePath(text, storeDir);
}

interface Staged {
  readonly realPath: string;
  readonly ingested: Ingested;
}

/** What was read and is not registered yet. */
class Batch {
  readonly #places: Places;
  #folder: string | undefined;
  #objects: FinishedObject[] = [];
  readonly #paths = new Set<StorePath>();
  #sizeBytes = 0;
  #nStaged = 0;

  constructor(places: Places) {
    this.#places = places;
  }

  stage(drive: Parameters<typeof ingest>[0]): Staged {
    if (this.#objects.length >= BATCH_PATHS || this.#sizeBytes >= BATCH_BYTES) this.register();
    this.#folder ??= this.#places.staging.make('add');
    const realPath = `${this.#folder}/${this.#nStaged++}`;
    return { realPath, ingested: ingest(drive, { copyTo: textToBytes(realPath) }) };
  }

  has(path: StorePath): boolean {
    if (this.#paths.has(path)) return true;
    const { index, temporaryRoots } = this.#places;
    if (!index.has(path)) return false;
    // What the archive need not bring must not be collected before its referrers are there.
    temporaryRoots.add([path]);
    return index.has(path);
  }

  add({ path, references, deriver, signatures }: Trailer, { realPath, ingested }: Staged, ca: ContentAddress | undefined): void {
    const { manifest, narHash, narSizeBytes } = ingested;
    this.#paths.add(path);
    this.#sizeBytes += narSizeBytes;
    this.#objects.push({
      realPath,
      manifest,
      info: {
        path,
        narHash,
        narSizeBytes,
        references,
        ...(deriver === undefined ? {} : { deriver }),
        ...(ca === undefined ? {} : { ca: formatContentAddress(ca) }),
        ...(signatures.length === 0 ? {} : { signatures }),
      },
    });
  }

  register(): void {
    registerObjects(this.#places, this.#objects);
    this.#objects = [];
    this.#sizeBytes = 0;
    this.close();
  }

  close(): void {
    if (this.#folder !== undefined) removeTree(textToBytes(this.#folder));
    this.#folder = undefined;
  }
}

const notArchive = (reason: string, offset: number): Fault =>
  new Fault('E-STORE-040' satisfies StoreCode, `not an archive of store paths: ${reason} (near byte ${offset})`, {
    hints: ["such archives are made by 'igos store export' and 'nix-store --export'"],
  });

const missingReference = (path: StorePath, missing: StorePath): Fault =>
  new Fault(
    'E-STORE-015' satisfies StoreCode,
    `'${path}' refers to '${missing}', which is neither in the store nor before it in the archive`,
    {
      hints: ['export the whole closure: igos store export -r PATH'],
    },
  );

const untrusted = ({ path, signatures }: Trailer): Fault => {
  const names = [...new Set(signatures.map((signature) => `'${signature.split(':')[0]!.slice(0, 80)}'`))];
  const reason =
    names.length === 0 ? 'has no signature of it' : `has it signed by ${names.join(', ')}, but with no key that is trusted`;
  return new Fault('E-STORE-043' satisfies StoreCode, `nothing vouches for '${path}'`, {
    notes: [`its name says how it was built, not what is in it, and the archive ${reason}`],
    hints: [
      ...(names.length === 0
        ? []
        : ["if you trust whoever signed it: --trusted-key NAME:KEY, or 'trusted-public-keys' in etc/caches.conf"]),
      'if you trust whoever made the archive: igos store import --no-check-sigs',
    ],
  });
};
