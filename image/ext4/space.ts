/** Which blocks of a file system are whose: first the places that are fixed, then the rest from the first block on. */
import { Bug } from '../../base/index.ts';

/** Blocks that stand one after the other. */
export interface Run {
  readonly start: number;
  readonly count: number;
}

export class Space {
  readonly #blocks: number;
  /** In the order of their places, none touching another's. */
  readonly #fixed: Run[] = [];
  /** Of what is left all is taken before this. */
  #next = 0;
  /** The first of the fixed that ends behind `#next`. */
  #index = 0;

  constructor(blocks: number) {
    this.#blocks = blocks;
  }

  /** Takes this place. */
  fix(start: number, count: number): void {
    const at = this.#indexBehind(start);
    const isFree = (this.#fixed[at]?.start ?? this.#blocks) >= start + count;
    if (!isFree) throw new Bug(`blocks ${start} to ${start + count} of a file system are taken`);
    this.#fixed.splice(at, 0, { start, count });
  }

  /** Takes the first place at or behind `from` where so many stand together. Only before `take`. */
  fixFirst(from: number, count: number): number {
    let start = from;
    for (let at = this.#indexBehind(from); ; at++) {
      const next = this.#fixed[at];
      if ((next?.start ?? this.#blocks) - start >= count) break;
      if (next === undefined) throw new Bug(`no ${count} blocks behind block ${from} of a file system`);
      start = Math.max(start, next.start + next.count);
    }
    this.fix(start, count);
    return start;
  }

  /** The next that are free, in as many pieces as the fixed ones make of them. */
  take(count: number): Run[] {
    const runs: Run[] = [];
    for (let left = count; left > 0; ) {
      const fixed = this.#fixed[this.#index];
      const free = Math.min(left, (fixed?.start ?? this.#blocks) - this.#next);
      if (free > 0) {
        runs.push({ start: this.#next, count: free });
        this.#next += free;
        left -= free;
      } else {
        if (fixed === undefined) throw new Bug(`a file system of ${this.#blocks} blocks is too small by ${left}`);
        this.#next = fixed.start + fixed.count;
        this.#index++;
      }
    }
    return runs;
  }

  /** The parts of these that are taken; some are named twice. */
  *takenIn({ start, count }: Run): Generator<Run> {
    const end = start + count;
    if (this.#next > start) yield { start, count: Math.min(end, this.#next) - start };
    for (let at = this.#indexBehind(start); at < this.#fixed.length && this.#fixed[at]!.start < end; at++) {
      const fixed = this.#fixed[at]!;
      const from = Math.max(fixed.start, start);
      yield { start: from, count: Math.min(fixed.start + fixed.count, end) - from };
    }
  }

  /** The index of the first that ends behind a block. */
  #indexBehind(block: number): number {
    let [low, high] = [0, this.#fixed.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const { start, count } = this.#fixed[middle]!;
      if (start + count > block) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
