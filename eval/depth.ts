/**
 * How deep calls and data may nest. Calls are bounded by the stack alone, and not counted, unless a bound was asked for
 * (`--max-call-depth`). Data that is walked (deepSeq, JSON, XML, structured attributes) is bounded always, by 10,000 levels as in
 * Nix where nothing else was asked for: the end of an endless list comes soon, and its message says where it goes on.
 */
import type { Span } from '../base/index.ts';
import { tooDeep } from './errors.ts';
import type { EvalSettings } from './io.ts';

const DATA_DEPTH = 10_000;

/** Levels of sets and lists that are walked. */
export const dataDepth = ({ maxCallDepth }: EvalSettings): number => maxCallDepth ?? DATA_DEPTH;

/** The calls that are running. */
export class CallDepth {
  readonly #limit: number;
  #now = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** @throws Fault E-EVAL-017 */
  enter(span: Span): void {
    if (this.#now >= this.#limit) throw tooDeep(this.#limit, span);
    this.#now++;
  }

  leave(): void {
    this.#now--;
  }
}
