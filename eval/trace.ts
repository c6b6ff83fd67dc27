/**
 * What an error picks up on its way out: the place it happened at, the user-level steps that led there, and for infinite
 * recursion the values that need each other. Nothing here runs, or is even looked up, unless something failed.
 */
import { bytesToText, Fault, type Span } from '../base/index.ts';
import { engineLimit, InfiniteRecursion, placeFault } from './errors.ts';
import { Steps } from './steps.ts';
import { Lambda, type LambdaSite, PrimOp, PrimOpApp, type Value } from './value.ts';

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
  // That a file is evaluated says its import, or the command.
  if (label?.span === undefined) return error;
  if (!(error instanceof Fault)) return engineLimit(error, label.span) ?? error;
  stepsOf(error).addOf(label, label.span, labelText);
  return error;
}

const labelText = (label: ThunkLabel): string => `while evaluating ${label.text}`;

/** An error leaves a call of `fn` at `span`. */
export function leftCall(error: unknown, fn: Value, span: Span): unknown {
  if (!(error instanceof Fault)) return engineLimit(error, span) ?? error;
  if (placeFault(error, span)) return error;
  stepsOf(error).addOf(calleeOf(fn), span, calleeText);
  return error;
}

/** Gives a fault its place, unless it has one. */
export function locate(error: unknown, span: Span): unknown {
  if (!(error instanceof Fault)) return engineLimit(error, span) ?? error;
  placeFault(error, span);
  return error;
}

const steps = new WeakMap<Fault, Steps>();

/** Records a step; they come innermost first. `isKey`: shown also where the trace is cut short. Cost: O(1), bounded memory. */
export function addStep(error: unknown, text: string, span?: Span, isKey = false): unknown {
  if (!(error instanceof Fault)) return engineLimit(error, span) ?? error;
  stepsOf(error).add(isKey ? { text, span, isKey } : { text, span });
  return error;
}

function stepsOf(error: Fault): Steps {
  let known = steps.get(error);
  if (known === undefined) {
    known = new Steps();
    steps.set(error, known);
  }
  return known;
}

/** An error was caught: should the same be met again, its way begins there. */
export const forgetSteps = (error: Fault): void => {
  steps.delete(error);
};

/** Makes what leaves the evaluator presentable: the steps outermost first, exhaustion of the stack a Fault. */
export function finishTrace(error: unknown): unknown {
  if (!(error instanceof Fault)) return engineLimit(error) ?? error;
  if (error instanceof InfiniteRecursion) error.close();
  const found = steps.get(error);
  if (found !== undefined) {
    steps.delete(error);
    error.trace = [...found.outermostFirst(), ...error.trace];
  }
  // What was suspended by a builtin has no place of its own: that of the step around it says at least which value it was.
  const around = error.labels.length === 0 ? error.trace.findLast(({ span }) => span !== undefined) : undefined;
  if (around?.span !== undefined) error.labels = [{ ...around.span, text: '' }];
  return error;
}

/** What tells how a function is called in messages. */
type Callee = LambdaSite | PrimOp | typeof FUNCTOR;

const FUNCTOR = { description: "a functor (an attribute set with a '__functor' attribute)" };

function calleeOf(fn: Value): Callee {
  if (fn instanceof Lambda) return fn.site;
  if (fn instanceof PrimOp) return fn;
  return fn instanceof PrimOpApp ? fn.op : FUNCTOR;
}

function calleeText(callee: Callee): string {
  if (callee instanceof PrimOp) return `while calling the '${callee.name}' builtin`;
  if ('description' in callee) return `while calling ${callee.description}`;
  return `while calling ${callee.name === undefined ? 'anonymous lambda' : `'${bytesToText(callee.name)}'`}`;
}
