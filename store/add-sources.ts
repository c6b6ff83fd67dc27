/**
 * Files and trees become store objects, named by their content.
 *
 * @source docs/store.md §6
 */
import { type Bytes, bytesToText, Fault, textToBytes } from '../base/index.ts';
import type { StoreCode } from './codes.ts';
import { hashBytes } from './hash.ts';
import { type Ingested, ingest } from './ingest.ts';
import { type ByteSource, readNar } from './nar-decode.ts';
import { readTree } from './read-tree.ts';
import { nameSmallSource } from './small-source.ts';
import type { InodeData } from './source-files.ts';
import { type StatKey, StatKeyBuilder, statKey } from './stat-key.ts';
import { type ContentAddress, contentAddressedPath, formatContentAddress, parseStoreName } from './store-path.ts';
import { listTree, orderTree, type TreeVisitor } from './tree.ts';
import type { AddOptions, Digest, FinishedObject, StorePath, TreeEntry } from './types.ts';

/** An object and what it is named by. */
export interface Named {
  readonly path: StorePath;
  readonly digest: Digest;
}

/** Where what is added goes: at once into the store, or with others later. */
export interface SourceSink {
  readonly storeDir: string;
  /** Whether it is there, and stays. */
  hold(path: StorePath): boolean;
  cacheGet(key: string): string | undefined;
  cachePut(entries: readonly (readonly [key: string, value: string])[]): void;
  /**
   * Has `make` write a copy to a place that nothing is at.
   *
   * @param make  `undefined` where the copy is not wanted
   */
  take<T>(make: (realPath: string) => { readonly result: T; readonly object: FinishedObject | undefined }): T;
}

/** Reads, names and copies sources, and remembers by their inodes what they were. */
export class SourceAdder {
  readonly #sink: SourceSink;

  constructor(sink: SourceSink) {
    this.#sink = sink;
  }

  computePath(name: string, source: Bytes, options: AddOptions = {}): Named {
    return nameSmallSource(name, source, options, this.#sink.storeDir) ?? this.#compute(sourceOf(name, source, options));
  }

  addPath(name: string, source: Bytes, options: AddOptions = {}): Named {
    return this.#add(sourceOf(name, source, options));
  }

  ensurePath(name: string, source: Bytes, options: AddOptions = {}): Named {
    const small = nameSmallSource(name, source, options, this.#sink.storeDir);
    if (small !== undefined) return this.#sink.hold(small.path) ? small : this.#copy(sourceOf(name, source, options));
    const found = sourceOf(name, source, options);
    const state = statKey(found.entries);
    const named = this.#remembered(found, state.key) ?? this.#identify(found, read(found));
    if (!this.#sink.hold(named.path)) return this.#copy(found, state);
    this.#remember(found, state, named);
    return named;
  }

  computeTree(name: string, entries: readonly TreeEntry[]): Named {
    return this.#compute(treeSource(name, entries));
  }

  addTree(name: string, entries: readonly TreeEntry[]): Named {
    return this.#add(treeSource(name, entries));
  }

  addNar(name: string, source: ByteSource): Named {
    parseStoreName(name);
    return this.#take({ name, method: 'nar', algorithm: 'sha256' }, (visitor) => readNar(source, visitor));
  }

  #compute(source: Source): Named {
    const key = statKey(source.entries).key;
    const remembered = this.#remembered(source, key);
    if (remembered !== undefined) return remembered;
    return this.#identify(source, read(source));
  }

  #add(source: Source): Named {
    // What was never seen needs no second look at its inodes: they are noted while it is read.
    if (this.#sink.cacheGet(this.#key(source)) === undefined) return this.#copy(source);
    const state = statKey(source.entries);
    const remembered = this.#remembered(source, state.key);
    return remembered !== undefined && this.#sink.hold(remembered.path) ? remembered : this.#copy(source, state);
  }

  /** Reads and copies in one pass; the copy is dropped where its path is valid. */
  #copy(source: Source, known?: StatKey): Named {
    const state = known === undefined ? new StatKeyBuilder(source.entries) : undefined;
    const drive = (visitor: TreeVisitor) => readSource(source, visitor, state && ((stat) => state.file(stat)));
    const named = this.#take(source, drive, source.entries.length);
    this.#remember(source, known ?? state!.end(), named);
    return named;
  }

  #take(how: Naming, drive: (visitor: TreeVisitor) => void, nExpected = 0): Named {
    return this.#sink.take((realPath) => {
      const ingested = ingest(drive, { copyTo: textToBytes(realPath), algorithm: how.algorithm, nExpected });
      const { path, digest, ca } = this.#identify(how, ingested);
      const { narHash, narSizeBytes, manifest } = ingested;
      const info = { path, narHash, narSizeBytes, references: [], ca: formatContentAddress(ca) };
      return { result: { path, digest }, object: this.#sink.hold(path) ? undefined : { realPath, info, manifest } };
    });
  }

  #remember(source: Source, { key, isSettled }: StatKey, { path, digest }: Named): void {
    if (!isSettled) return;
    const name = this.#key(source);
    const value = `${key} ${digest.hex} ${path}`;
    if (this.#sink.cacheGet(name) !== value) this.#sink.cachePut([[name, value]]);
  }

  /** What was found when the same files, unchanged since, were added before. */
  #remembered(source: Source, key: string): Named | undefined {
    const [oldKey, hex, path] = this.#sink.cacheGet(this.#key(source))?.split(' ') ?? [];
    if (oldKey !== key || hex === undefined || path === undefined) return undefined;
    return { path: path as StorePath, digest: { algorithm: source.algorithm, hex } };
  }

  /** With the store's folder: what is remembered are paths, and one home may serve several folders. */
  #key({ name, method, algorithm, place }: Source): string {
    return `source ${this.#sink.storeDir} ${name} ${method} ${algorithm} ${place}`;
  }

  #identify(how: Naming, ingested: Ingested): Named & { ca: ContentAddress } {
    const { name, method, algorithm } = how;
    const digest: Digest = { algorithm, hex: method === 'flat' ? ingested.flatDigest! : ingested.narDigest };
    const ca: ContentAddress = { kind: 'fixed', method, digest };
    return { path: contentAddressedPath(ca, name, { others: [], self: false }, this.#sink.storeDir), digest, ca };
  }
}

/** What the name of an object is made of besides its bytes. */
interface Naming {
  readonly name: string;
  readonly method: 'flat' | 'nar';
  readonly algorithm: Digest['algorithm'];
}

/** A tree to be added, and how it is to be named. */
interface Source extends Naming {
  /** In tree order, complete. */
  readonly entries: readonly TreeEntry[];
  /** What tells this source from others in the cache. */
  readonly place: Bytes;
}

function sourceOf(name: string, source: Bytes, options: AddOptions): Source {
  const { method = 'nar', algorithm = 'sha256' } = options;
  parseStoreName(name);
  const entries = listTree(source, options.filter);
  if (method === 'flat' && entries[0]?.kind !== 'file') {
    throw new Fault(
      'E-STORE-020' satisfies StoreCode,
      `'${bytesToText(source)}' is not a file, so it cannot be added by the hash of its bytes alone`,
      {
        hints: ['add it as a tree (recursive)'],
      },
    );
  }
  return { name, entries, method, algorithm, place: source };
}

function treeSource(name: string, entries: readonly TreeEntry[]): Source {
  parseStoreName(name);
  const ordered = orderTree(entries);
  const files = ordered.map((entry) => `${entry.path}\0${entry.kind === 'file' ? entry.realPath : ''}`);
  return { name, entries: ordered, method: 'nar', algorithm: 'sha256', place: hashBytes('sha256', files.join('\0')) };
}

const readSource = (source: Source, visitor: TreeVisitor, onStat?: (stat: InodeData) => void): void =>
  readTree(source.entries, source.method === 'flat' ? withoutExecutable(visitor) : visitor, onStat);

const read = (source: Source): Ingested => ingest((visitor) => readSource(source, visitor), { algorithm: source.algorithm });

/** A flat hash says nothing of modes, so there is but one mode. */
const withoutExecutable = (visitor: TreeVisitor): TreeVisitor => ({
  enterDirectory: (path) => visitor.enterDirectory(path),
  leaveDirectory: (path) => visitor.leaveDirectory(path),
  symlink: (path, target) => visitor.symlink(path, target),
  beginFile: (path, _isExecutable, sizeBytes) => visitor.beginFile(path, false, sizeBytes),
  fileData: (chunk) => visitor.fileData(chunk),
  endFile: (path) => visitor.endFile(path),
});
