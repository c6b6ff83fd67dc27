/** The faults of the evaluator, one function each. Positions are looked up only here: when something went wrong. */

import {
  bytesToText,
  didYouMean,
  Fault,
  type FaultDetails,
  type Label,
  place,
  type Span,
  type SystemFault,
  suggest,
} from '../base/index.ts';
import { printName } from '../lang/index.ts';
import { hintAsGiven } from './as-given.ts';
import type { Inequality } from './inequality.ts';
import { shownPath } from './path.ts';
import { invalidUtf8 } from './utf8.ts';

/** What `tryEval` sees: `throw` and a failed `assert`. Every other fault goes past it. */
export class Catchable extends Fault {}

const SHOWN_CYCLE = 5;

/** A value that needs itself. On its way out it gathers the values of the cycle, until it leaves the one it began with. */
export class InfiniteRecursion extends Fault {
  /** The thunk that was asked for while it was running. */
  readonly entry: object;
  readonly cycle: { readonly name: string; readonly span?: Span }[] = [];
  isOpen: boolean = true as boolean;

  constructor(entry: object) {
    super('E-EVAL-001', 'infinite recursion encountered');
    this.entry = entry;
  }

  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    const ring = this.cycle.reverse();
    const needs = ring.map(({ name }, index) => {
      const next = ring[(index + 1) % ring.length]!.name;
      return next === name ? `'${name}' needs itself` : `'${name}' needs '${next}'`;
    });
    const shown = ring.slice(0, SHOWN_CYCLE);
    this.labels = shown.flatMap(({ span }, index): Label[] => (span === undefined ? [] : [{ ...span, text: needs[index]! }]));
    this.notes = needs.filter((_, index) => index < SHOWN_CYCLE && ring[index]!.span === undefined);
    if (ring.length > SHOWN_CYCLE) this.notes = [...this.notes, `the cycle goes on through ${ring.length - SHOWN_CYCLE} more`];
    if (this.hints.length === 0) this.hints = ['break the cycle: one of these values must not depend on the others'];
  }
}

/** Faults made without a place, and what their primary label is to say once it is known. */
const unplaced = new WeakMap<Fault, string>();

type Details = FaultDetails & { readonly text?: string };

function fault(code: `E-EVAL-${string}`, message: string, span?: Span, { text = '', ...details }: Details = {}): Fault {
  if (span !== undefined) return new Fault(code, message, { ...details, labels: [{ ...span, text }, ...(details.labels ?? [])] });
  const made = new Fault(code, message, details);
  unplaced.set(made, text);
  return made;
}

/** Gives a fault its primary place; false where it has one. */
export function placeFault(made: Fault, span: Span): boolean {
  const text = unplaced.get(made);
  if (text === undefined && (made.labels.length > 0 || made instanceof InfiniteRecursion)) return false;
  unplaced.delete(made);
  made.labels = [{ ...span, text: text ?? '' }, ...made.labels];
  return true;
}

/** What is known of a name that nothing defines. */
export interface Unbound {
  /** A builtin that needs the prefix. */
  readonly isBuiltin: boolean;
  /** Hints for a name that nothing is near to. */
  readonly otherwise?: () => readonly string[];
}

export const undefinedVariable = (name: string, candidates: Iterable<string>, span: Span, about: Unbound): Fault =>
  fault('E-EVAL-002', `undefined variable '${bytesToText(name)}'`, span, {
    text: 'not found in this scope',
    hints: isBehindDigit(span)
      ? ["a number and a name side by side are a call; numbers are written in decimal, a power of ten as '1.0e3'"]
      : isBetweenQuotes(span)
        ? [`a string and a name side by side are a call; a quote within a string is written '\\"'`]
        : nameHints(name, candidates, span, about),
  });

function nameHints(name: string, candidates: Iterable<string>, span: Span, { isBuiltin, otherwise }: Unbound): readonly string[] {
  const found = near(name, candidates);
  if (isBuiltin) return [`it is a builtin: builtins.${name}`, ...found];
  return found.length > 0 ? found : [...shellHint(name, span), ...(otherwise?.() ?? [])];
}

/** `sort`: globals have the builtins that need the prefix as `__sort`. */
export const isPrefixedBuiltin = (name: string, globals: { has(name: string): boolean }): boolean => globals.has(`__${name}`);

/** `0x10`, `1e6`. */
const isBehindDigit = ({ source, start }: Span): boolean => /[0-9]/.test(source.text.charAt(start - 1));

/** `"he said "hi" to me"`. */
const isBetweenQuotes = ({ source, start }: Span): boolean => source.text.charAt(start - 1) === '"';

/** `"echo ${HOME}"`: shell text has variables of its own. */
function shellHint(name: string, { source, start, end }: Span): readonly string[] {
  if (source.text.slice(start - 2, start) !== '${' || source.text.charAt(end) !== '}') return [];
  return [`a variable of the shell is $${name}, or ''\${${name}} in an indented string and \\\${${name}} in a quoted one`];
}

/** Builtins of Nix that igos does not have. */
export const LEFT_OUT: ReadonlySet<string> = new Set([
  'exec',
  'fetchClosure',
  'fetchFinalTree',
  'fetchMercurial',
  'getFlake',
  'importNative',
]);

/** A name as it is written: in quotes where it is no identifier. */
const shownName = (name: string): string => bytesToText(printName(name));

export function missingAttribute(name: string, names: readonly string[], span?: Span, defined?: Span): Fault {
  const asGiven = span && hintAsGiven(name, span);
  return fault('E-EVAL-003', `attribute '${shownName(name)}' missing`, span, {
    text: 'not in this set',
    labels: defined === undefined ? [] : [{ ...defined, text: 'the set is defined here' }],
    notes: [names.length === 0 ? 'the set is empty' : `the set has: ${listed(names)}`],
    hints:
      LEFT_OUT.has(name) && names.includes('derivationStrict')
        ? ['this builtin of Nix is left out; docs/language.md says why, and what to use']
        : asGiven !== undefined
          ? [asGiven]
          : near(name, names),
  });
}

/** `expected`: "a set"; `found`: "an integer: 1". */
export const wrongType = (expected: string, found: string, span?: Span, hints: readonly string[] = []): Fault =>
  fault('E-EVAL-004', `expected ${expected} but found ${found}`, span, { hints });

export const notAFunction = (found: string): Fault =>
  fault('E-EVAL-005', `attempt to call something which is not a function but ${found}`, undefined, {
    text: 'called here',
    hints: [
      found.startsWith('a set')
        ? "a set is called through its '__functor'"
        : "a call takes all that follows as arguments: is an operator, a ';' or a pair of parentheses missing?",
      ...(found.startsWith('a float') ? ['a version is text and stands in quotes: "1.5.2"'] : []),
    ],
  });

/** `unknown`: what was given and is no argument. */
export function missingArgument(fn: string, name: string, unknown: readonly string[], definition: Span): Fault {
  const meant = near(name, unknown).length > 0 ? suggest(name, unknown) : undefined;
  return fault('E-EVAL-006', `${fn} called without required argument '${shownName(name)}'`, undefined, {
    text: 'called here',
    labels: [{ ...definition, text: `'${bytesToText(name)}' has no default` }],
    hints: meant === undefined ? [] : [`'${bytesToText(meant)}' was given: did you mean '${bytesToText(name)}'?`],
  });
}

export const unexpectedArgument = (fn: string, name: string, expected: readonly string[], definition: Span): Fault =>
  fault('E-EVAL-007', `${fn} called with unexpected argument '${shownName(name)}'`, undefined, {
    text: 'called here',
    labels: [{ ...definition, text: expected.length === 0 ? 'it takes no arguments' : `it takes ${listed(expected)}` }],
    hints: near(name, expected),
  });

/** `inequality`: why the condition, an `==`, is false. */
export function failedAssertion(condition: string, span: Span, inequality?: Inequality): Catchable {
  const isFalse: Label = { ...span, text: 'this is false' };
  if (inequality === undefined) {
    return new Catchable('E-EVAL-008', `assertion '${condition}' failed`, { labels: [isFalse] });
  }
  const { message, path, left, right } = inequality;
  const sides: Label[] = [];
  if (left !== undefined) sides.push({ ...left, text: 'the left-hand side has it here' });
  if (right !== undefined) sides.push({ ...right, text: 'the right-hand side has it here' });
  return new Catchable('E-EVAL-008', message, {
    labels: [isFalse, ...sides],
    notes: [`the assertion is '${condition}'`, ...(path === '' ? [] : [`they differ at ${path}`])],
  });
}

export const thrown = (message: string): Catchable => new Catchable('E-EVAL-009', bytesToText(message));

export const overflow = (doing: string, expression: string, span?: Span): Fault =>
  fault('E-EVAL-011', `integer overflow in ${doing} ${expression}`, span, { notes: ['integers have 64 bits'] });

export const divisionByZero = (span?: Span): Fault => fault('E-EVAL-012', 'division by zero', span);

export const cannotCoerce = (found: string, hints: readonly string[]): Fault =>
  fault('E-EVAL-013', `cannot coerce ${found}`, undefined, { hints });

export const cannotAdd = (added: string, to: string, span?: Span): Fault =>
  fault('E-EVAL-014', `cannot add ${added} to ${to}`, span, {
    hints: added === 'a string' ? ["write a number into a string with '${toString x}'"] : [],
  });

interface Shown {
  readonly type: string;
  readonly text: string;
}

/** Values of different types, or (`isSameType`) of one that has no order. */
export function cannotCompare([left, right]: readonly Shown[], isSameType: boolean, span?: Span): Fault {
  const types = `cannot compare ${left!.type} with ${right!.type}`;
  const values = `${left!.text} and ${right!.text}`;
  const message = isSameType
    ? `${types}; values of that type are incomparable (values are ${values})`
    : `${types}; values are ${values}`;
  return fault('E-EVAL-015', message, span);
}

export const duplicateAttribute = (name: string, span: Span, first?: Span): Fault =>
  fault(
    'E-EVAL-016',
    `dynamic attribute '${shownName(name)}' already defined${first === undefined ? '' : ` at ${place(first)}`}`,
    span,
    {
      text: 'defined again',
      labels: first === undefined ? [] : [{ ...first, text: 'first defined here' }],
    },
  );

const STACK_OVERFLOW = 'stack overflow; max-call-depth exceeded';

export const stackExhausted = (cause: unknown, span?: Span): Fault =>
  fault('E-EVAL-017', STACK_OVERFLOW, span, {
    text: 'nested too deeply here',
    hints: ['look for a recursion without an end', "fold over lists with builtins.foldl' instead of recursing by hand"],
    cause,
  });

/** More levels than the settings allow. */
export const tooDeep = (limit: number, span?: Span): Fault =>
  fault('E-EVAL-017', STACK_OVERFLOW, span, {
    text: 'nested too deeply here',
    hints: ['look for a recursion without an end', `more than ${limit} levels are allowed with --max-call-depth`],
  });

export const notInSearchPath = (name: string, isPure: boolean): Catchable =>
  new Catchable(
    'E-EVAL-018',
    isPure
      ? `cannot look up '<${bytesToText(name)}>' in pure evaluation mode (use '--impure' to override)`
      : `file '${bytesToText(name)}' was not found in the Nix search path (add it using $NIX_PATH or -I)`,
    { hints: ['add it with -I NAME=PATH'] },
  );

/** `element`: one of the string's context, as it is written there. */
export function unwantedContext(text: string, element: string, span?: Span): Fault {
  const dependency = bytesToText(element.replace(/^(!.*!|=)/, ''));
  return fault(
    'E-EVAL-019',
    `the string '${bytesToText(text)}' is not allowed to refer to a store path (such as '${dependency}')`,
    span,
  );
}

export const contextInPath = (span?: Span): Fault =>
  fault('E-EVAL-020', 'a string that refers to a store path cannot be appended to a path', span, {
    hints: ['interpolate the path into the string instead: "${path}/…"'],
  });

export const notAnExpression = (path: string): Fault =>
  fault('E-EVAL-021', `'${bytesToText(path)}' holds declarations, not an expression`, undefined, {
    hints: ['declarations become part of the tree that their folder belongs to; they cannot be imported'],
  });

export const notAbsolute = (text: string): Fault =>
  fault('E-EVAL-022', `string '${bytesToText(text)}' doesn't represent an absolute path`, undefined, {
    hints: ['write a path literal: ./x is relative to the file it stands in'],
  });

export const badSelection = (message: string, hints: readonly string[] = []): Fault =>
  fault('E-EVAL-023', message, undefined, { hints });

export const missingAutoArgument = (name: string, definition: Span): Fault =>
  fault('E-EVAL-024', `cannot evaluate a function that has an argument without a value ('${bytesToText(name)}')`, definition, {
    text: 'this argument has no default',
    hints: [`pass it: --arg ${name} EXPRESSION, or --argstr ${name} TEXT`],
  });

export const notJson = (found: string): Fault => fault('E-EVAL-025', `cannot convert ${found} to JSON`);

/** A file of the user's that the system does not give. `beside`: what else is in its folder. */
export function unreadable(path: string, cause: SystemFault, beside: readonly string[] = []): Fault {
  const shown = bytesToText(shownPath(path));
  const reason = cause.message.slice(cause.message.lastIndexOf(': ') + 2);
  const message: Readonly<Record<string, string>> = {
    ENOENT: `path '${shown}' does not exist`,
    ENOTDIR: `'${shown}' is not a directory`,
    EISDIR: `file '${shown}' is not a regular file`,
  };
  const otherwise = `opening '${shown}': ${reason.charAt(0).toUpperCase()}${reason.slice(1)}`;
  const name = path.slice(path.lastIndexOf('/') + 1);
  const longer = beside.find((each) => each === `${name}.nix` || each === `${name}.igos`);
  const hints = longer === undefined ? near(name, beside) : [`did you mean '${longer}'?`];
  return fault('E-EVAL-026', message[cause.errno] ?? otherwise, undefined, { cause, hints: hints.map(bytesToText) });
}

export const notUtf8 = (bytes: string): Fault =>
  fault('E-EVAL-027', `JSON serialization error: [json.exception.type_error.316] ${invalidUtf8(bytes)}`, undefined, {
    notes: ['JSON is Unicode text: a string with other bytes has no JSON form'],
  });

/** What `__toString` gave where only a string will do; `verb` is Nix's. */
export const notAString = (found: string, verb: 'should' | 'must'): Fault =>
  fault('E-EVAL-004', `\`__toString\` ${verb} return a string, but got ${found}`);

export const sourceChanged = (path: string): Fault =>
  fault('E-EVAL-090', `'${bytesToText(path)}' was changed after it was evaluated`, undefined, {
    hints: ["evaluate again (in the repl: ':r')"],
  });

export const forbiddenPath = (path: string): Fault =>
  fault(
    'E-EVAL-028',
    `access to absolute path '${bytesToText(path)}' is forbidden in pure evaluation mode (use '--impure' to override)`,
    undefined,
    { hints: ['what evaluation may read is below the file, tree or Git checkout that it was given, below -I, or in the store'] },
  );

export const impure = (what: string): Fault =>
  fault('E-EVAL-028', `${what} is not allowed in pure evaluation mode`, undefined, { hints: ['allow it with --impure'] });

const SHOWN = 12;
const listed = (names: readonly string[]): string => {
  const shown = names.slice(0, SHOWN).map(bytesToText).join(', ');
  return names.length > SHOWN ? `${shown}, … (${names.length - SHOWN} more)` : shown;
};

/** A limit of the engine that a program ran into, as a fault; `undefined` for any other error. Needs little stack: little may be left. */
export function engineLimit(error: unknown, span?: Span): Fault | undefined {
  if (isStackExhaustion(error)) return stackExhausted(error, span);
  if (!(error instanceof RangeError)) return undefined;
  const { message } = error;
  const isTooLarge = message.startsWith('Invalid string length') || message.startsWith('Invalid array length');
  return isTooLarge ? tooLarge(error, span) : undefined;
}

const tooLarge = (cause: unknown, span?: Span): Fault =>
  fault('E-EVAL-029', 'a string or list grew too large', span, { text: 'made here', cause });

/** V8's own errors when the JavaScript stack is full; the second comes from a regular expression that could not be compiled. */
export const isStackExhaustion = (error: unknown): error is Error =>
  error instanceof RangeError
    ? error.message.startsWith('Maximum call stack')
    : error instanceof SyntaxError && error.message.endsWith('Stack overflow');

/** One letter is near to every other: no guess. */
const near = (name: string, candidates: Iterable<string>): string[] => (name.length < 2 ? [] : didYouMean(name, candidates));
