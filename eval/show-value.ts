/** A value in full as `trace` shows it. Forces nothing. */
import { bytesToText } from '../base/index.ts';
import { printName, quote } from '../lang/index.ts';
import { Attrs } from './attrs.ts';
import { preview } from './describe.ts';
import { blackHole, Thunk } from './thunk.ts';
import { ContextString, type Slot, type Value } from './value.ts';

/** On one line. A set or list met again shows as `«repeated»`, what is not evaluated as `«thunk»`. Text, not bytes. */
export function showValue(slot: Slot): string {
  const parts: string[] = [];
  show(slot, parts, new Set());
  return parts.join('');
}

function show(slot: Slot, parts: string[], seen: Set<unknown>): void {
  const isThunk = slot instanceof Thunk;
  if (isThunk && slot.code !== null) {
    parts.push(slot.code === blackHole ? '«potential infinite recursion»' : '«thunk»');
    return;
  }
  const value = isThunk ? (slot.held as Value) : slot;
  if (typeof value === 'string') parts.push(bytesToText(quote(value)));
  else if (value instanceof ContextString) parts.push(bytesToText(quote(value.text)));
  else if (Array.isArray(value)) {
    // A list is known by the place that holds it, a set by itself, as when results are printed.
    if (isSeen(value.length > 0 ? slot : undefined, parts, seen)) return;
    parts.push('[ ');
    for (const item of value) {
      show(item, parts, seen);
      parts.push(' ');
    }
    parts.push(']');
  } else if (value instanceof Attrs) {
    if (isSeen(value.size > 0 ? value : undefined, parts, seen)) return;
    parts.push('{ ');
    value.names.forEach((name, index) => {
      parts.push(bytesToText(printName(name)), ' = ');
      show(value.slots[index]!, parts, seen);
      parts.push('; ');
    });
    parts.push('}');
  } else parts.push(preview(value));
}

function isSeen(key: unknown, parts: string[], seen: Set<unknown>): boolean {
  if (key === undefined) return false;
  if (seen.has(key)) {
    parts.push('«repeated»');
    return true;
  }
  seen.add(key);
  return false;
}
