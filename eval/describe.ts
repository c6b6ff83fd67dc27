/** How messages name and show values: "an integer: 1", "a set: { a = 1; b = «thunk»; }". Forces nothing. */
import { type Bytes, bytesToText, place } from '../base/index.ts';
import { printName, quote } from '../lang/index.ts';
import { Attrs } from './attrs.ts';
import { floatGeneral } from './builtins/float-text.ts';
import { Thunk } from './thunk.ts';
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
export const describe = (value: Value): string => `${describeType(value)}${value === null ? '' : `: ${preview(value)}`}`;

const MAX_DEPTH = 3;
const MAX_ITEMS = 10;
const MAX_TEXT_BYTES = 256;

/** The value on one line, cut short. */
export function preview(slot: Slot, depth = 0): string {
  if (slot instanceof Thunk) return slot.code === null ? preview(slot.held as Value, depth) : '«thunk»';
  if (slot === null || typeof slot === 'boolean' || typeof slot === 'number' || typeof slot === 'bigint') return String(slot);
  if (typeof slot === 'string') return previewText(slot);
  if (slot instanceof ContextString) return previewText(slot.text);
  if (slot instanceof Float) return floatGeneral(slot.value);
  if (slot instanceof PathValue) return bytesToText(slot.path);
  if (slot instanceof PrimOp) return `«primop ${slot.name}»`;
  if (slot instanceof PrimOpApp) return `«partially applied primop ${slot.op.name}»`;
  if (slot instanceof Lambda) {
    const { name, span } = slot.site;
    return `«lambda ${name === undefined ? '' : `${name} `}@ ${place(span)}»`;
  }
  if (Array.isArray(slot)) {
    if (depth >= MAX_DEPTH && slot.length > 0) return '[ ... ]';
    const items = slot.slice(0, MAX_ITEMS).map((item) => preview(item, depth + 1));
    return bracket('[', items, elided(slot.length - MAX_ITEMS, 'item'), ']');
  }
  if (depth >= MAX_DEPTH && slot.size > 0) return '{ ... }';
  const pairs = slot.names
    .slice(0, MAX_ITEMS)
    .map((name, index) => `${showName(name)} = ${preview(slot.slots[index]!, depth + 1)};`);
  return bracket('{', pairs, elided(slot.size - MAX_ITEMS, 'attribute'), '}');
}

const bracket = (open: string, parts: string[], rest: string[], close: string): string =>
  [open, ...parts, ...rest, close].join(' ');

const elided = (count: number, noun: string): string[] =>
  count > 0 ? [`«${count} ${noun}${count === 1 ? '' : 's'} elided»`] : [];

const previewText = (text: Bytes): string =>
  text.length <= MAX_TEXT_BYTES
    ? bytesToText(quote(text))
    : `${bytesToText(quote(text.slice(0, MAX_TEXT_BYTES)))} «${text.length - MAX_TEXT_BYTES} bytes elided»`;

const showName = (name: Bytes): string => bytesToText(printName(name));
