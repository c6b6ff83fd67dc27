/** The steps that an error went through on its way out. A deep recursion has a million: memory is bounded, repetition is counted. */
import type { TraceStep } from '../base/index.ts';

/** Of the innermost steps, and of the outermost. */
const KEPT = 200;

/** Repeated steps in a row that are shown all the same. */
const SHOWN_DUPLICATES = 3;

export class Steps {
  readonly #inner: TraceStep[] = [];
  readonly #outer: TraceStep[] = [];
  #dropped = 0;
  #last: TraceStep | undefined;

  /** They come innermost first. Cost: O(1). */
  add(step: TraceStep): void {
    const last = this.#last;
    if (last !== undefined && isSame(last, step)) {
      last.times = (last.times ?? 1) + 1;
      return;
    }
    this.#last = step;
    if (this.#inner.length < KEPT) this.#inner.push(step);
    else if (this.#outer.length < KEPT) this.#outer.push(step);
    else this.#outer[this.#dropped++ % KEPT] = step;
  }

  outermostFirst(): TraceStep[] {
    const first = this.#dropped % KEPT;
    const outer = [...this.#outer.slice(first), ...this.#outer.slice(0, first)].reverse();
    const gap = this.#dropped > 0 ? [{ text: `(${this.#dropped} steps are not kept)` }] : [];
    return withoutDuplicates([...outer, ...gap, ...this.#inner.toReversed()]);
  }
}

const isSame = (a: TraceStep, b: TraceStep): boolean =>
  a.text === b.text && a.span?.start === b.span?.start && a.span?.source === b.span?.source;

/** Of functions that call each other a thousand times, each is shown once; a few repetitions stay. */
function withoutDuplicates(steps: readonly TraceStep[]): TraceStep[] {
  const kept: TraceStep[] = [];
  const seen = new Set<string>();
  let skipped: TraceStep[] = [];
  const flush = (): void => {
    if (skipped.length <= SHOWN_DUPLICATES) kept.push(...skipped);
    else {
      kept.push({ text: `(${skipped.length} duplicate steps omitted)` });
      seen.clear();
    }
    skipped = [];
  };
  for (const step of steps) {
    const key = `${step.text}\0${step.span?.start}\0${step.span?.source.name}`;
    if (seen.has(key)) skipped.push(step);
    else {
      flush();
      seen.add(key);
      kept.push(step);
    }
  }
  flush();
  return kept;
}
