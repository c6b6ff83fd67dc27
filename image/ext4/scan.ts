/** One look at the contents of files before they have a place: which blocks are not zeros, and what tells these files from others. */
import { createHash, type Hash } from 'node:crypto';
import type { Breath } from '../breath.ts';
import type { ImageEntry } from '../entry.ts';
import { imageFault } from '../faults.ts';
import { type Content, piecesOf } from '../output.ts';
import { BLOCK_BYTES } from './geometry.ts';
import type { Run } from './space.ts';

const PIECE_BYTES: number = 1 << 20;
const ZEROS: Buffer = Buffer.alloc(PIECE_BYTES);

const isZero = (bytes: Uint8Array): boolean => bytes[0] === 0 && Buffer.compare(bytes, ZEROS.subarray(0, bytes.length)) === 0;

/** Of all that goes into one file system. */
export class Scan {
  readonly #hash: Hash = createHash('sha256');

  constructor(name: string) {
    this.#hash.update(`${JSON.stringify(name)}\n`);
  }

  /** All of an entry but its content. */
  add(entry: ImageEntry, number: number): void {
    const { attributes, ...rest } = entry;
    const facts = { ...rest, content: undefined, link: undefined };
    const sorted = [...(attributes ?? [])].map(([name, value]) => [name, Buffer.from(value).toString('latin1')]);
    sorted.sort(([a], [b]) => (a! < b! ? -1 : 1));
    this.#hash.update(`${number} ${JSON.stringify([Object.entries(facts).sort(([a], [b]) => (a < b ? -1 : 1)), sorted])}\n`);
  }

  /** @returns runs of blocks of the content that have to be stored */
  async content(content: Content, breath: Breath): Promise<Run[]> {
    const runs: Run[] = [];
    let [start, block] = [-1, 0];
    for (const piece of piecesOf(content, PIECE_BYTES)) {
      this.#hash.update(piece);
      const isEmpty = isZero(piece);
      for (let at = 0; at < piece.length; at += BLOCK_BYTES, block++) {
        const isHole = isEmpty || isZero(piece.subarray(at, at + BLOCK_BYTES));
        if (!isHole && start === -1) start = block;
        if (!isHole || start === -1) continue;
        runs.push({ start, count: block - start });
        start = -1;
      }
      await breath.did(piece.length);
    }
    if (start !== -1) runs.push({ start, count: block - start });
    return runs;
  }

  /** As lower-case hex. Once. */
  digest(): string {
    return this.#hash.digest('hex');
  }
}

/**
 * A content in pieces, each with its first block: those of the runs have to be stored, and what is between has to be zeros still.
 *
 * @throws Fault E-IMG-001
 */
export function* dividedPieces(
  content: Content,
  runs: readonly Run[],
): Generator<{ readonly block: number; readonly bytes: Uint8Array; readonly isStored: boolean }> {
  let [block, index] = [0, 0];
  for (const piece of piecesOf(content, PIECE_BYTES)) {
    const end = block + Math.ceil(piece.length / BLOCK_BYTES);
    for (let at = block; at < end; ) {
      const run = runs[index];
      const isStored = run !== undefined && run.start <= at;
      const until = Math.min(end, isStored ? run.start + run.count : (run?.start ?? end));
      const bytes = piece.subarray((at - block) * BLOCK_BYTES, (until - block) * BLOCK_BYTES);
      if (!isStored && !isZero(bytes)) throw imageFault.changed(content instanceof Uint8Array ? 'content' : content.file);
      yield { block: at, bytes, isStored };
      at = until;
      if (isStored && at === run.start + run.count) index++;
    }
    block = end;
  }
}
