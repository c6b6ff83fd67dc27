/** Long work that can be ended: now and then it lets others have their turn. */
import { setImmediate } from 'node:timers/promises';

/** Between two looks at whether somebody wants to end it. */
const BREATH_BYTES: number = 1 << 25;
/** What opening a file costs, beside reading it. */
const FILE_BYTES: number = 1 << 14;

export interface Watching {
  readonly signal?: AbortSignal | undefined;
  /** Called with the bytes of contents that are done, and of all. */
  readonly onBytes?: ((doneBytes: number, totalBytes: number) => void) | undefined;
}

export class Breath {
  readonly #watching: Watching;
  readonly #totalBytes: number;
  #doneBytes = 0;
  #sinceBytes = 0;

  constructor(totalBytes: number, watching: Watching) {
    this.#totalBytes = totalBytes;
    this.#watching = watching;
  }

  /** After each piece of work. @throws what the signal says */
  async did(bytes: number): Promise<void> {
    this.#doneBytes += bytes;
    this.#sinceBytes += bytes + FILE_BYTES;
    if (this.#sinceBytes < BREATH_BYTES) return;
    this.#sinceBytes = 0;
    await setImmediate();
    this.#watching.signal?.throwIfAborted();
    this.#watching.onBytes?.(this.#doneBytes, this.#totalBytes);
  }
}
