/** The steps that an error went through on its way out. A deep recursion has a million: memory is bounded, repetition is counted. */
import type { Span, TraceStep } from '../base/index.ts';

/** Of the innermost steps, and of the outermost. */
const KEPT = 200;

/** Repeated steps in a row that are shown all the same. */
const SHOWN_DUPLICATES = 3;

/** As many steps are recognised when they come again; a recursion has few different ones. */
const RECOGNISED = 64;

/** A step, and what it is of where that can be told without its text. */
interface Known {
  readonly of: object;
  readonly step: TraceStep;
}

export class Steps {
  readonly #inner: Run[] = [];
  readonly #outer: Run[] = [];
  #dropped = 0;
  #last: Run | undefined;
  readonly #known = new Map<Span, Known>();

  /** They come innermost first. Cost: O(1). */
  add(step: TraceStep): void {
    const last = this.#last;
    if (last !== undefined && isSame(last.step, step)) {
      last.times++;
      return;
    }
    if (this.#outer.length < KEPT) {
      this.#last = { step, times: 1 };
      (this.#inner.length < KEPT ? this.#inner : this.#outer).push(this.#last);
      return;
    }
    const run = this.#outer[this.#dropped++ % KEPT]!;
    run.step = step;
    run.times = 1;
    this.#last = run;
  }

  /**
   * The same of what comes from a place again and again: takes no memory from the second time on. A recursion that filled the stack has
   * a million steps, and each collection of garbage looks through that stack.
   *
   * @param of  whose step it is: at one place it tells the text
   */
  addOf<Of extends object>(of: Of, span: Span, text: (of: Of) => string): void {
    const found = this.#known.get(span);
    if (found?.of === of) {
      const last = this.#last!;
      if (last.step === found.step) last.times++;
      else this.add(found.step);
      return;
    }
    const step = { text: text(of), span };
    if (this.#known.size < RECOGNISED) this.#known.set(span, { of, step });
    this.add(step);
  }

  outermostFirst(): TraceStep[] {
    const first = this.#dropped % KEPT;
    const outer = [...this.#outer.slice(first), ...this.#outer.slice(0, first)].reverse();
    const gap = this.#dropped > 0 ? [{ text: `(${this.#dropped} steps are not kept)` }] : [];
    return withoutDuplicates([...outer.map(stepOf), ...gap, ...this.#inner.toReversed().map(stepOf)]);
  }
}

/** A step that came so often in a row. */
interface Run {
  step: TraceStep;
  times: number;
}

const stepOf = ({ step, times }: Run): TraceStep => (times === 1 ? step : { ...step, times });

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
