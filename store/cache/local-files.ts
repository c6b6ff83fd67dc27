/** Which files the store has already, by content. */
import { type Bytes, textToBytes } from '../../base/index.ts';
import { joinPath } from '../tree.ts';
import type { ObjectStore, StorePath } from '../types.ts';

/** Made when it is first asked, from all manifests: 0.5 µs a file and some 30 µs a path. */
export class LocalFiles {
  readonly #store: ObjectStore;
  #places: Map<string, { path: StorePath; file: Bytes }> | undefined;

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  /** The real path of a file that had this SHA-256 (hex) when it was registered: its reader checks. */
  find(sha256: string): Bytes | undefined {
    this.#places ??= this.#collect();
    const place = this.#places.get(sha256);
    return place === undefined ? undefined : joinPath(textToBytes(this.#store.toReal(place.path)), place.file);
  }

  #collect(): Map<string, { path: StorePath; file: Bytes }> {
    const places = new Map<string, { path: StorePath; file: Bytes }>();
    for (const path of this.#store.allPaths()) {
      if (path.endsWith('.drv') || !this.#store.isValid(path)) continue;
      for (const entry of this.#store.manifest(path)) {
        if (entry.kind === 'file') places.set(entry.sha256, { path, file: entry.path });
      }
    }
    return places;
  }
}
