/**
 * Results as `nix repl` prints them: sets and lists with more than one item on lines of their own, what lies deeper than `maxDepth`
 * as `{ ... }`, derivations by their path, functions by their place. Evaluates what it shows; an error inside shows in its place.
 */

import { type Bytes, Fault, place, textToBytes } from '../base/index.ts';
import { printName, quote } from '../lang/index.ts';
import { Attrs } from './attrs.ts';
import { floatGeneral } from './builtins/float-text.ts';
import { stackExhausted } from './errors.ts';
import { shownPath } from './path.ts';
import { force } from './thunk.ts';
import { ContextString, Float, Lambda, PathValue, PrimOp, PrimOpApp, type Slot, type Value } from './value.ts';

/** What a piece of the text is, for those who paint it. */
export type PrettyRole = 'literal' | 'string' | 'path' | 'function' | 'name' | 'mark' | 'error';

export interface PrettyOptions {
  /** Levels of sets and lists that are opened; 1 shows a set's values, but not what is in them. Default: all. */
  readonly maxDepth?: number;
  readonly paint?: (role: PrettyRole, text: Bytes) => Bytes;
}

/** Indentation grows with depth: a structure deeper than this is one without an end. */
const MAX_DEPTH = 1000;
const INDENT = 2;

/** @throws Fault where the value itself cannot be evaluated, or is nested without an end */
export function prettyValue(slot: Slot, { maxDepth = Number.POSITIVE_INFINITY, paint = plain }: PrettyOptions = {}): Bytes {
  const out: Bytes[] = [];
  new Printer(out, maxDepth, paint).print(slot, 0);
  return out.join('');
}

const plain = (_role: PrettyRole, text: Bytes): Bytes => text;
/** `«…»`, as bytes. */
const mark = (text: Bytes): Bytes => `\xc2\xab${text}\xc2\xbb`;

class Printer {
  readonly #out: Bytes[];
  readonly #maxDepth: number;
  readonly #paint: (role: PrettyRole, text: Bytes) => Bytes;
  readonly #seen = new Set<Slot>();

  constructor(out: Bytes[], maxDepth: number, paint: (role: PrettyRole, text: Bytes) => Bytes) {
    this.#out = out;
    this.#maxDepth = maxDepth;
    this.#paint = paint;
  }

  print(slot: Slot, depth: number): void {
    const value = force(slot);
    if (depth > MAX_DEPTH) throw stackExhausted(undefined);
    if (Array.isArray(value)) this.#list(value, slot, depth);
    else if (value instanceof Attrs) this.#set(value, depth);
    else this.#out.push(this.#atom(value));
  }

  /** A value inside another: its error is shown, and the rest goes on. */
  #inner(slot: Slot, depth: number): void {
    const length = this.#out.length;
    try {
      this.print(slot, depth);
    } catch (error) {
      if (!(error instanceof Fault) || error.code === 'E-EVAL-017') throw error;
      this.#out.length = length;
      this.#out.push(this.#paint('error', mark(textToBytes(`error: ${error.message}`))));
    }
  }

  /** It is known by the place that holds it, as where results are printed in one line. */
  #list(list: readonly Slot[], place: Slot, depth: number): void {
    if (list.length > 0 && this.#isRepeated(place)) return;
    if (depth >= this.#maxDepth) {
      this.#out.push('[ ... ]');
      return;
    }
    const space = this.#space(list, depth);
    this.#out.push('[');
    for (const item of list) {
      this.#out.push(space);
      this.#inner(item, depth + 1);
    }
    this.#out.push(space.slice(0, space.length - (space === ' ' ? 0 : INDENT)), ']');
  }

  #set(set: Attrs, depth: number): void {
    if (set.size > 0 && this.#isRepeated(set)) return;
    if (isDerivation(set)) {
      this.#out.push(this.#paint('path', mark(`derivation${derivationPath(set)}`)));
      return;
    }
    if (depth >= this.#maxDepth) {
      this.#out.push('{ ... }');
      return;
    }
    const space = this.#space(set.slots, depth);
    this.#out.push('{');
    set.names.forEach((name, index) => {
      this.#out.push(space, this.#paint('name', printName(name)), ' = ');
      this.#inner(set.slots[index]!, depth + 1);
      this.#out.push(';');
    });
    this.#out.push(space.slice(0, space.length - (space === ' ' ? 0 : INDENT)), '}');
  }

  #isRepeated(place: Slot): boolean {
    if (this.#seen.has(place)) {
      this.#out.push(this.#paint('mark', mark('repeated')));
      return true;
    }
    this.#seen.add(place);
    return false;
  }

  /** What stands between items: a blank, or a line end with the indentation of the items. */
  #space(items: readonly Slot[], depth: number): Bytes {
    return items.length > 1 || (items.length === 1 && isNested(items[0]!)) ? `\n${' '.repeat((depth + 1) * INDENT)}` : ' ';
  }

  #atom(value: Exclude<Value, Slot[] | Attrs>): Bytes {
    const paint = this.#paint;
    if (typeof value === 'string') return paint('string', quote(value));
    if (value instanceof ContextString) return paint('string', quote(value.text));
    if (value instanceof Float) return paint('literal', floatGeneral(value.value));
    if (value instanceof PathValue) return paint('path', shownPath(value.path));
    if (value instanceof PrimOp) return paint('function', mark(`primop ${value.name}`));
    if (value instanceof PrimOpApp) return paint('function', mark(`partially applied primop ${value.op.name}`));
    if (value instanceof Lambda) {
      const { name, span } = value.site;
      return paint('function', mark(`lambda ${name === undefined ? '' : `${name} `}@ ${textToBytes(place(span))}`));
    }
    return paint('literal', String(value));
  }
}

function isNested(slot: Slot): boolean {
  try {
    const value = force(slot);
    return Array.isArray(value) || value instanceof Attrs;
  } catch (error) {
    if (error instanceof Fault) return false; // shown where the item is printed
    throw error;
  }
}

/** Whether a set says that it is a derivation. @throws Fault where its type cannot be evaluated */
export function isDerivation(set: Attrs): boolean {
  const type = set.get('type');
  return type !== undefined && textOf(force(type)) === 'derivation';
}

function derivationPath(set: Attrs): Bytes {
  const slot = set.get('drvPath');
  const path = slot === undefined ? undefined : textOf(force(slot));
  return path === undefined ? '' : ` ${path}`;
}

const textOf = (value: Value): Bytes | undefined =>
  typeof value === 'string' ? value : value instanceof ContextString ? value.text : undefined;
