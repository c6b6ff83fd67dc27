/** What the commands do with a result: apply it to `--arg`s, and walk to `-A a.b.0`. */
import { type Bytes, bytesToText, didYouMean } from '../base/index.ts';
import { Attrs, attrsFromMap } from './attrs.ts';
import { call } from './call.ts';
import { describe } from './describe.ts';
import { badSelection, missingAutoArgument } from './errors.ts';
import { force } from './thunk.ts';
import { Lambda, type Slot, type Value } from './value.ts';

/**
 * Calls a function of formals with those of the arguments that it takes (all of them, if it ends in `...`). Other values, and
 * functions of one plain argument, stay as they are.
 *
 * @throws Fault E-EVAL-024 a formal has neither argument nor default
 */
export function callWithAutoArgs(value: Value, args: ReadonlyMap<Bytes, Slot>): Value {
  if (value instanceof Attrs && value.has('__functor')) {
    return callWithAutoArgs(call(force(value.get('__functor')!), value), args);
  }
  if (!(value instanceof Lambda) || value.site.node.param.kind !== 'formals') return value;
  const { formals, isOpen } = value.site.node.param;
  const passed = new Map<Bytes, Slot>(isOpen ? args : []);
  for (const { name, fallback, start, end } of formals) {
    const arg = args.get(name);
    if (arg !== undefined) passed.set(name, arg);
    else if (fallback === undefined) throw missingAutoArgument(name, { source: value.site.span.source, start, end });
  }
  return call(value, attrsFromMap(passed));
}

/** Splits `a."b.c".0`. Quotes may stand around part of a name, and a last dot means nothing. @throws Fault E-EVAL-023 */
function parseAttrPath(path: Bytes): Bytes[] {
  const parts: Bytes[] = [];
  const pattern = /((?:"[^"]*"|[^."])*)(?:\.|$)/y;
  let at = 0;
  while (at < path.length) {
    pattern.lastIndex = at;
    const found = pattern.exec(path);
    if (found === null || found[1] === '') {
      const what = found === null ? 'missing closing quote' : 'empty attribute name';
      throw badSelection(`${what} in selection path '${bytesToText(path)}'`, ['write a.b, or a."b.c" for names with dots']);
    }
    parts.push(found[1]!.replaceAll('"', ''));
    at = pattern.lastIndex;
  }
  return parts;
}

/** Walks an attribute path, calling functions on the way, but for one at its end. @throws Fault E-EVAL-023 */
export function selectAttrPath(start: Value, path: Bytes, args: ReadonlyMap<Bytes, Slot>): Value {
  let value = start;
  for (const name of parseAttrPath(path)) value = step(callWithAutoArgs(value, args), name, path);
  return value;
}

function step(value: Value, name: Bytes, path: Bytes): Value {
  const where = `selection path '${bytesToText(path)}'`;
  if (Array.isArray(value) && /^[0-9]+$/.test(name)) {
    const item = value[Number(name)];
    if (item === undefined) {
      throw badSelection(`list index ${name} in ${where} is out of range`, [`the list has ${value.length} items, from 0 on`]);
    }
    return force(item);
  }
  if (!(value instanceof Attrs)) {
    const kind = /^[0-9]+$/.test(name) ? 'a list' : 'a set';
    throw badSelection(`the expression selected by the ${where} should be ${kind} but is ${describe(value)}`);
  }
  const slot = value.get(name);
  if (slot === undefined) {
    throw badSelection(`attribute '${bytesToText(name)}' in ${where} not found`, didYouMean(name, value.names));
  }
  return force(slot);
}
