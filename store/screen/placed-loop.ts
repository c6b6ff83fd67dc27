/** Tells files of a root that are as they should be from those that have to be looked at more closely, by the file loop. */
import { closeSync, constants, openSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { FileLoop, LOOP_BYTES, type Purpose } from './file-loop.ts';
import { type PlacedScan, placedScan } from './placed-scan.ts';

/** Beyond, what the threads wait for is the file system. */
const MAX_THREADS = 4;
/** To be no more than a place to start from: whoever may not list a folder may look at what is in it. @source open(2) */
const O_PATH = 0o10000000;
const READ_FOLDER: number = O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW;
const SLASH = 0x2f;

/** Folders that stay open: processes may have a thousand open files. */
const MAX_OPEN = 200;
/** In the loop's memory: the folder whose files are read, with a slash, more than a path can have; records. */
const FOLDER_AT: number = LOOP_BYTES;
const FOLDER_BYTES = 8192;
const TEXTS_AT: number = FOLDER_AT + FOLDER_BYTES;
const TEXTS_BYTES: number = 1 << 22;
const TEXTS_END: number = TEXTS_AT + TEXTS_BYTES;
/** Of records at once: far more than one can have. */
const PIECE_BYTES: number = 1 << 20;
const MORE_BYTES: number = TEXTS_END - LOOP_BYTES;

const purpose = (hasOwners: boolean): Purpose<PlacedScan> => ({
  timeSeconds: undefined,
  hasOwners,
  // What nobody can run needs none.
  withoutCapabilities: hasOwners ? 0o111 : 0,
  looksFirst: true,
  scanOf: placedScan,
});

/** Where the files of a folder are asked for: relative to an open folder, without the first bytes of their paths. */
interface Start {
  readonly folder: number;
  readonly skip: number;
}

export class PlacedLoop {
  readonly #root: string;
  readonly #loop: FileLoop<PlacedScan>;
  /** By where they really are, below the root. */
  readonly #open = new Map<string, number>();
  #folder: string | undefined;
  #folderBytes = 0;
  #start: Start = { folder: -1, skip: 0 };
  #textsEnd: number = TEXTS_AT;
  #suspects: string[] = [];

  /**
   * @param root       absolute; a real directory
   * @param hasOwners  owners count, and that nothing has capabilities
   * @returns `undefined` where files have to be looked at in another way
   */
  static start(root: string, hasOwners: boolean, nThreads: number = defaultThreads()): PlacedLoop | undefined {
    const loop = FileLoop.startFor(purpose(hasOwners), nThreads, MORE_BYTES);
    return loop === undefined ? undefined : new PlacedLoop(root, loop);
  }

  private constructor(root: string, loop: FileLoop<PlacedScan>) {
    this.#root = root;
    this.#loop = loop;
    this.#openFolder('');
  }

  /**
   * Hands over files, whose records are as `placed-scan.ts` says, paths relative to the root; those of one folder together, or each folder
   * is looked for again.
   *
   * @param realFolder  where a folder of the root really is, below it; `undefined` where it leads astray
   * @returns whether these are records; else none of them counts as looked at
   */
  look(records: Uint8Array, realFolder: (folder: string) => string | undefined): boolean {
    const { memory } = this.#loop;
    for (let from = 0; from < records.length; ) {
      const piece = records.subarray(from, from + PIECE_BYTES);
      this.#makeRoom(piece.length + 1);
      memory[this.#textsEnd++] = 0; // paths begin behind one
      const at = this.#textsEnd;
      memory.set(piece, at);
      this.#textsEnd += piece.length;
      const stop = this.#handOver(at, this.#textsEnd, realFolder);
      // A record that is not whole is in the next piece, if it is in one.
      if (stop === at) return false;
      from += stop - at;
    }
    return true;
  }

  /** Waits for all files. @returns the paths of those that are not as recorded, in no order */
  end(): readonly string[] {
    this.#drain();
    const suspects = this.#suspects;
    this.#suspects = [];
    return suspects;
  }

  close(): void {
    this.#loop.close();
    for (const fd of this.#open.values()) closeSync(fd);
    this.#open.clear();
  }

  #makeRoom(sizeBytes: number): void {
    if (this.#textsEnd + sizeBytes <= TEXTS_END) return;
    this.#drain();
    this.#textsEnd = TEXTS_AT;
  }

  #drain(): void {
    this.#loop.drain((number) => this.#suspects.push(this.#pathBefore(this.#loop.hashOf(number) - this.#loop.address)));
  }

  /** The path that ends there, behind a NUL. */
  #pathBefore(end: number): string {
    const { memory } = this.#loop;
    return memory.toString('utf8', memory.lastIndexOf(0, end - 2) + 1, end - 1);
  }

  /** @returns where a record stands that is not whole, or none; `end` where all were handed over */
  #handOver(at: number, end: number, realFolder: (folder: string) => string | undefined): number {
    const loop = this.#loop;
    const { memory, records } = loop;
    while (at < end) {
      if (loop.isFull) this.#drain();
      if (this.#folder !== undefined) {
        const { folder, skip } = this.#start;
        const from = at;
        at = loop.handOver((room) => records.scan(from, end, folder, FOLDER_AT, this.#folderBytes, skip, room));
        if (at === end || loop.isFull) continue;
      }
      const pathEnd = memory.indexOf(0, at);
      const recordEnd = pathEnd === -1 ? -1 : memory.indexOf(0, pathEnd + 1);
      if (recordEnd === -1 || recordEnd >= end) return at;
      const folder = memory.toString('utf8', at, Math.max(memory.lastIndexOf(SLASH, pathEnd), at));
      if (folder === this.#folder) return at;
      if (this.#enter(folder, realFolder(folder))) continue;
      this.#suspects.push(memory.toString('utf8', at, pathEnd));
      at = recordEnd + 1;
    }
    return at;
  }

  #enter(folder: string, real: string | undefined): boolean {
    const start = real === undefined ? undefined : this.#startOf(folder, real);
    if (start === undefined || folder.length * 3 >= FOLDER_BYTES) return false;
    this.#folder = folder;
    this.#folderBytes = folder === '' ? 0 : this.#loop.memory.write(`${folder}/`, FOLDER_AT);
    this.#start = start;
    return true;
  }

  /** From where both names go on alike, which is the root where no symlink is on the way. */
  #startOf(folder: string, real: string): Start | undefined {
    let [named, meant] = [folder, real];
    if (named === meant) named = meant = '';
    while (named !== '' && meant !== '' && lastPart(named) === lastPart(meant)) [named, meant] = [parent(named), parent(meant)];
    const fd = this.#open.get(meant) ?? this.#openFolder(meant);
    return fd === undefined ? undefined : { folder: fd, skip: named === '' ? 0 : Buffer.byteLength(named) + 1 };
  }

  #openFolder(real: string): number | undefined {
    if (this.#open.size >= MAX_OPEN) return undefined;
    try {
      const fd = openSync(`${this.#root}/${real}`, READ_FOLDER);
      this.#open.set(real, fd);
      return fd;
    } catch {
      return undefined;
    }
  }
}

const defaultThreads = (): number => Math.min(availableParallelism(), MAX_THREADS);
const lastPart = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
const parent = (path: string): string => path.slice(0, Math.max(path.lastIndexOf('/'), 0));
