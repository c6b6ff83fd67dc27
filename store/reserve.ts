/**
 * Room on the disk that a collection can fall back on: taking paths out of the index needs new pages in it, and there are none where the
 * disk is full, which is when people collect. `<home>/var/reserve` holds bytes by chance, since zeros take no room on some file systems.
 */
import { randomFillSync } from 'node:crypto';
import { existsSync, rmSync, statfsSync, writeFileSync } from 'node:fs';

/** Enough to take a few paths out of a large index: a page for each of them in three tables, and those above. */
const RESERVE_BYTES = 1 << 19;

export class Reserve {
  readonly #path: string;

  constructor(home: string) {
    this.#path = `${home}/var/reserve`;
  }

  /** Sets it aside where that is not done, and where there is room. `<home>/var` is there. Cost: one `access`; the first time half a millisecond. */
  make(): void {
    if (existsSync(this.#path)) return;
    try {
      writeFileSync(this.#path, randomFillSync(Buffer.allocUnsafe(RESERVE_BYTES)), { mode: 0o600 });
    } catch {
      // Another time: it is needed by nobody yet.
      rmSync(this.#path, { force: true });
    }
  }

  /** Whether it is there, and the disk has less room than it takes. */
  isNeeded(): boolean {
    if (!existsSync(this.#path)) return false;
    const { bavail, bsize } = statfsSync(this.#path);
    return bavail * bsize < RESERVE_BYTES;
  }

  /** Gives the room back. @returns whether there was any */
  release(): boolean {
    const wasThere = existsSync(this.#path);
    rmSync(this.#path, { force: true });
    return wasThere;
  }
}
