/** How messages name and show values: "an integer: 1", "a set: { a = 1; b = «thunk»; }". Forces nothing. */

import { type Bytes, bytesToText, place } from '../base/index.ts';
import { printName, quote } from '../lang/index.ts';
import { Attrs } from './attrs.ts';
import { floatGeneral } from './builtins/float-text.ts';
import { shownPath } from './path.ts';
import { blackHole, Thunk } from './thunk.ts';
import { ContextString, Float, Lambda, PathValue, PrimOp, PrimOpApp, type Slot, type Value } from './value.ts';

/** The type with its article, in the words of the manual. */
export function describeType(value: Value): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return 'a string';
  if (typeof value === 'number' || typeof value === 'bigint') return 'an integer';
  if (typeof value === 'boolean') return 'a Boolean';
  if (value instanceof Attrs) return 'a set';
  if (Array.isArray(value)) return 'a list';
  if (value instanceof ContextString) return 'a string with context';
  if (value instanceof Float) return 'a float';
  if (value instanceof PathValue) return 'a path';
  if (value instanceof PrimOp) return `the built-in function '${value.name}'`;
  if (value instanceof PrimOpApp) return `the partially applied built-in function '${value.op.name}'`;
  return 'a function';
}

/** Type and value: what follows "but found". */
export const describe = (value: Value): string => `${describeType(value)}: ${preview(value)}`;

const MAX_DEPTH = 10;
/** Of all sets together; the same for the items of lists. */
const MAX_ATTRIBUTES = 10;
const MAX_ITEMS = 10;
const MAX_TEXT_BYTES = 1024;

/** The value on one line, cut short: in all ten attributes and ten items. What stands in it twice is shown once. */
export const preview = (slot: Slot): string => new Preview().show(slot, 0);

class Preview {
  readonly #seen = new Set<unknown>();
  #attributes = 0;
  #items = 0;

  /** @param place  where a list stands: it is known by that, as where results are printed */
  show(slot: Slot, depth: number, place: Slot = slot): string {
    if (slot instanceof Thunk) {
      if (slot.code === null) return this.show(slot.held as Value, depth, slot);
      return slot.code === blackHole ? '«potential infinite recursion»' : '«thunk»';
    }
    if (slot === null || typeof slot === 'boolean' || typeof slot === 'number' || typeof slot === 'bigint') return String(slot);
    if (typeof slot === 'string') return this.#text(slot);
    if (slot instanceof ContextString) return this.#text(slot.text);
    if (slot instanceof Float) return floatGeneral(slot.value);
    if (slot instanceof PathValue) return bytesToText(shownPath(slot.path));
    if (slot instanceof PrimOp) return `«primop ${slot.name}»`;
    if (slot instanceof PrimOpApp) return `«partially applied primop ${slot.op.name}»`;
    // A function that nothing asked for is suspended in Nix; here a closure is made at once. Only printing could tell.
    if (slot instanceof Lambda) return depth > 0 ? '«thunk»' : showLambda(slot);
    const key = Array.isArray(slot) ? place : slot;
    if (slot instanceof Attrs ? this.#seen.has(key) : slot.length > 0 && this.#seen.has(key)) return '«repeated»';
    this.#seen.add(key);
    if (depth >= MAX_DEPTH) return Array.isArray(slot) ? '[ ... ]' : '{ ... }';
    return Array.isArray(slot) ? this.#list(slot, depth) : this.#set(slot, depth);
  }

  #list(list: readonly Slot[], depth: number): string {
    let text = '[';
    for (let i = 0; i < list.length; i++) {
      if (this.#items >= MAX_ITEMS) return `${text} ${elided(list.length - i, 'item')} ]`;
      text += ` ${this.show(list[i]!, depth + 1)}`;
      this.#items++;
    }
    return `${text} ]`;
  }

  #set(set: Attrs, depth: number): string {
    let text = '{';
    const order = importantFirst(set.names);
    for (let i = 0; i < order.length; i++) {
      if (this.#attributes >= MAX_ATTRIBUTES) return `${text} ${elided(order.length - i, 'attribute')} }`;
      const at = order[i]!;
      text += ` ${showName(set.names[at]!)} = ${this.show(set.slots[at]!, depth + 1)};`;
      this.#attributes++;
    }
    return `${text} }`;
  }

  #text(text: Bytes): string {
    if (text.length <= MAX_TEXT_BYTES) return bytesToText(quote(text));
    return `${bytesToText(quote(text.slice(0, MAX_TEXT_BYTES)))} ${elided(text.length - MAX_TEXT_BYTES, 'byte')}`;
  }
}

function showLambda({ site: { name, span } }: Lambda): string {
  return `«lambda ${name === undefined ? '' : `${name} `}@ ${place(span)}»`;
}

/** What says what a set is comes first, so that it is not what is cut off. */
function importantFirst(names: readonly Bytes[]): number[] {
  const isImportant = (name: Bytes): boolean => name === 'type' || name === '_type';
  const order = names.map((_, i) => i);
  return [...order.filter((i) => isImportant(names[i]!)), ...order.filter((i) => !isImportant(names[i]!))];
}

const elided = (count: number, noun: string): string => `«${count} ${noun}${count === 1 ? '' : 's'} elided»`;

const showName = (name: Bytes): string => bytesToText(printName(name));
