/**
 * What an error picks up on its way out: the place it happened at, the user-level steps that led there, and for infinite
 * recursion the values that need each other. Nothing here runs, or is even looked up, unless something failed.
 */
import { Fault, type Span, type TraceStep } from '../base/index.ts';
import { InfiniteRecursion, isStackExhaustion, placeFault, stackExhausted } from './errors.ts';
import type { Value } from './value.ts';

/** What a suspended computation is for the user. */
export interface ThunkLabel {
  /** "the attribute 'x'", "the variable 'x'". */
  readonly text: string;
  readonly name: string;
  /** Absent for a whole file. */
  readonly span?: Span;
}

const labels = new WeakMap<object, ThunkLabel>();

/** Names the thunks that run this code. */
export const labelCode = (code: object, label: ThunkLabel): void => {
  labels.set(code, label);
};

/** An error leaves a thunk that runs `code`; `thunk` tells where a cycle closes. */
export function leftThunk(error: unknown, code: object, thunk: object): unknown {
  const label = labels.get(code);
  if (error instanceof InfiniteRecursion && error.isOpen) {
    if (label !== undefined) error.cycle.push(label);
    if (error.entry === thunk) error.close();
    return error;
  }
  return label === undefined ? error : addStep(error, `while evaluating ${label.text}`, label.span);
}

/** An error leaves a call of `fn` at `span`. */
export function leftCall(error: unknown, fn: Value, span: Span): unknown {
  if (isStackExhaustion(error)) return stackExhausted(error, span);
  if (!(error instanceof Fault)) return error;
  if (placeFault(error, span)) return error;
  return addStep(error, `while calling ${describeCallee(fn)}`, span);
}

/** Gives a fault its place, unless it has one. */
export function locate(error: unknown, span: Span): unknown {
  if (isStackExhaustion(error)) return stackExhausted(error, span);
  if (error instanceof Fault) placeFault(error, span);
  return error;
}

/** The steps that a fault went through: the innermost, and a ring of the outermost, since a deep recursion has a million. */
class Steps {
  readonly #inner: TraceStep[] = [];
  readonly #outer: TraceStep[] = [];
  #dropped = 0;

  add(step: TraceStep): void {
    if (this.#inner.length < KEPT) this.#inner.push(step);
    else if (this.#outer.length < KEPT) this.#outer.push(step);
    else this.#outer[this.#dropped++ % KEPT] = step;
  }

  outermostFirst(): TraceStep[] {
    const first = this.#dropped % KEPT;
    return [...this.#inner, ...this.#outer.slice(first), ...this.#outer.slice(0, first)].reverse();
  }
}

const KEPT = 200;
const steps = new WeakMap<Fault, Steps>();

/** Records a step; they come innermost first. Cost: O(1), bounded memory. */
export function addStep(error: unknown, text: string, span?: Span): unknown {
  if (isStackExhaustion(error)) return stackExhausted(error, span);
  if (!(error instanceof Fault)) return error;
  let known = steps.get(error);
  if (known === undefined) {
    known = new Steps();
    steps.set(error, known);
  }
  known.add({ text, span });
  return error;
}

/** An error was caught: should the same be met again, its way begins there. */
export const forgetSteps = (error: Fault): void => {
  steps.delete(error);
};

/** Makes what leaves the evaluator presentable: the steps outermost first, exhaustion of the stack a Fault. */
export function finishTrace(error: unknown): unknown {
  if (isStackExhaustion(error)) return stackExhausted(error);
  if (!(error instanceof Fault)) return error;
  if (error instanceof InfiniteRecursion) error.close();
  const found = steps.get(error);
  if (found !== undefined) {
    steps.delete(error);
    error.trace = [...found.outermostFirst(), ...error.trace];
  }
  return error;
}

function describeCallee(fn: Value): string {
  if (typeof fn === 'object' && fn !== null) {
    if ('site' in fn) return fn.site.name === undefined ? 'an anonymous function' : `the function '${fn.site.name}'`;
    if ('impl' in fn) return `the builtin '${fn.name}'`;
    if ('op' in fn) return `the builtin '${fn.op.name}'`;
  }
  return 'a functor';
}
