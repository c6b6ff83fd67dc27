/** Results as `nix-instantiate --eval` prints them: one line, names sorted, floats with six digits. */

import type { Bytes } from '../base/index.ts';
import { printName, quote } from '../lang/index.ts';
import { Attrs } from './attrs.ts';
import { floatGeneral } from './builtins/float-text.ts';
import { shownPath } from './path.ts';
import { blackHole, Thunk } from './thunk.ts';
import { ContextString, Float, Lambda, PathValue, PrimOp, PrimOpApp, type Slot, type Value } from './value.ts';

/**
 * Forces nothing: what is not evaluated prints as `<CODE>`, so force (deeply) before. A set or list met a second time prints as
 * `«repeated»`, which also ends cycles.
 */
export function printValue(slot: Slot, options: { readonly isStrict: boolean } = { isStrict: true }): Bytes {
  const out: Bytes[] = [];
  print(slot, { out, seen: new Set(), isStrict: options.isStrict });
  return out.join('');
}

interface Printing {
  readonly out: Bytes[];
  readonly seen: Set<unknown>;
  readonly isStrict: boolean;
}

/** `«repeated»` and its like, as bytes. */
const REPEATED = '\xc2\xabrepeated\xc2\xbb';
const RUNNING = '\xc2\xabpotential infinite recursion\xc2\xbb';

function print(slot: Slot, printing: Printing): void {
  const { out } = printing;
  if (slot instanceof Thunk) {
    if (slot.code === null) {
      const held = slot.held as Value;
      // A list is known by the place that holds it, not by its items: the same list from two calls prints twice.
      if (Array.isArray(held)) printList(held, printing, slot);
      else print(held, printing);
    } else out.push(slot.code === blackHole ? RUNNING : '<CODE>');
  } else if (Array.isArray(slot)) printList(slot, printing);
  else if (slot instanceof Attrs) printSet(slot, printing);
  else out.push(printAtom(slot));
}

/** A function that nothing asked for is suspended in Nix; here a closure is made at once. Only printing could tell. */
function printInner(slot: Slot, printing: Printing): void {
  if (!printing.isStrict && slot instanceof Lambda) printing.out.push('<CODE>');
  else print(slot, printing);
}

function printList(list: Slot[], printing: Printing, place: unknown = list): void {
  const { out, seen } = printing;
  if (list.length > 0 && seen.has(place)) {
    out.push(REPEATED);
    return;
  }
  seen.add(place);
  out.push('[ ');
  for (const item of list) {
    printInner(item, printing);
    out.push(' ');
  }
  out.push(']');
}

function printSet(set: Attrs, printing: Printing): void {
  const { out, seen } = printing;
  if (set.size > 0 && seen.has(set)) {
    out.push(REPEATED);
    return;
  }
  seen.add(set);
  out.push('{ ');
  for (let i = 0; i < set.size; i++) {
    const name = set.names[i]!;
    out.push(printName(name), ' = ');
    printInner(set.slots[i]!, printing);
    out.push('; ');
  }
  out.push('}');
}

function printAtom(value: Exclude<Value, Slot[] | Attrs>): Bytes {
  if (typeof value === 'string') return quote(value);
  if (value instanceof ContextString) return quote(value.text);
  if (value instanceof Float) return floatGeneral(value.value);
  if (value instanceof PathValue) return shownPath(value.path);
  if (value instanceof Lambda) return '<LAMBDA>';
  if (value instanceof PrimOp) return value.formals === undefined ? '<PRIMOP>' : '<LAMBDA>';
  if (value instanceof PrimOpApp) return '<PRIMOP-APP>';
  return String(value);
}
