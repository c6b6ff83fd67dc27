/**
 * Texts become store objects: derivations, and what evaluation writes. Many at a time, each a small file.
 *
 * @source docs/store.md §2
 */
import { closeSync, constants, openSync } from 'node:fs';
import { type Bytes, compareBytes, SystemFault, syncFileSystem, syncFileSystemCall, textToBytes } from '../base/index.ts';
import { hashBytes } from './hash.ts';
import { TextNars } from './nar-encode.ts';
import { type Places, registerObjects } from './register.ts';
import { formatContentAddress } from './store-path.ts';
import type { FinishedObject, LaterTexts, StorePath, TextToAdd } from './types.ts';
import { isUmaskTight, removeTree, writeObjectFile } from './write-tree.ts';

/** Writes and registers what is missing, by path. @throws SystemFault */
export function addTexts(places: Places, missing: ReadonlyMap<StorePath, TextToAdd>): void {
  const staged = new StagedTexts(places, missing);
  try {
    staged.register({ isDurable: false });
  } finally {
    staged.close();
  }
}

/** Files in a scratch folder, complete but for their registration. */
export class StagedTexts implements LaterTexts {
  readonly #places: Places;
  readonly #folder: string;
  readonly #objects: FinishedObject[] = [];
  #flushed: Promise<void> | undefined;
  #finished: Promise<void> | undefined;
  #isOpen: boolean = true;

  constructor(places: Places, missing: ReadonlyMap<StorePath, TextToAdd>) {
    this.#places = places;
    this.#folder = places.staging.make('add');
    try {
      const nars = new TextNars();
      const isMasked = isUmaskTight();
      for (const [path, { text, references }] of missing) this.#write(path, nars.of(text), references, isMasked);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Has what was written go to the disk while the caller does something else. */
  flush(): void {
    this.#flushed ??= flushed(this.#folder);
    // Whoever waits for it is told.
    this.#flushed.catch(() => {});
  }

  finish(): Promise<void> {
    this.#finished ??= this.#finish();
    return this.#finished;
  }

  async #finish(): Promise<void> {
    try {
      await this.#flushed;
      if (this.#isOpen) this.register({ isDurable: this.#flushed !== undefined });
    } finally {
      this.close();
    }
  }

  register(options: { readonly isDurable: boolean }): void {
    registerObjects(this.#places, this.#objects, options);
  }

  /** What is not registered by then never is. */
  close(): void {
    if (this.#isOpen) removeTree(textToBytes(this.#folder));
    this.#isOpen = false;
  }

  #write(
    path: StorePath,
    { nar, data }: { nar: Buffer; data: Buffer },
    references: readonly StorePath[],
    isMasked: boolean,
  ): void {
    const sha256 = hashBytes('sha256', data);
    const realPath = `${this.#folder}/${this.#objects.length}`;
    writeObjectFile(realPath, data, isMasked);
    this.#objects.push({
      realPath,
      manifest: [{ kind: 'file', path: '', isExecutable: false, sizeBytes: data.length, sha256 }],
      info: {
        path,
        narHash: hashBytes('sha256', nar),
        narSizeBytes: nar.length,
        references: [...new Set(references)].sort(compareBytes),
        ca: formatContentAddress({ kind: 'text', digest: { algorithm: 'sha256', hex: sha256 } }),
      },
    });
  }
}

/** A flush of the file system by another thread, where that can be had. */
async function flushed(folder: string): Promise<void> {
  const sync = syncFileSystemCall();
  if (sync === undefined) return syncFileSystem(folder);
  const fd = openSync(folder, constants.O_RDONLY);
  try {
    await new Promise<void>((resolve, reject) => {
      sync.async(fd, (_, result) => {
        if (result === 0) resolve();
        else reject(new SystemFault('sync the file system of', folder, { code: 'EIO' }));
      });
    });
  } finally {
    closeSync(fd);
  }
}

/** Texts of derivations that this process has written, and holds: whoever goes on to build them needs not read them. */
export class WrittenDerivations {
  readonly #texts = new Map<StorePath, Bytes>();
  #nBytes = 0;

  /** Those of derivations, as far as there is room. */
  add(texts: ReadonlyMap<StorePath, TextToAdd>): void {
    for (const [path, { text }] of texts) {
      if (!path.endsWith('.drv') || !this.hasRoom(text.length) || this.#texts.has(path)) continue;
      this.#texts.set(path, text);
      this.#nBytes += text.length;
    }
  }

  hasRoom(nBytes: number): boolean {
    return this.#nBytes + nBytes <= MAX_WRITTEN_BYTES;
  }

  get(path: StorePath): Bytes | undefined {
    return this.#texts.get(path);
  }
}

const MAX_WRITTEN_BYTES = 1 << 23;
