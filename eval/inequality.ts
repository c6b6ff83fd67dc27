/** Why `a == b` is false: what a failed `assert a == b` says. Follows `equals` (compare.ts) step by step. */
import { type Bytes, bytesToText, type Span } from '../base/index.ts';
import { printName } from '../lang/index.ts';
import { isNumeric } from './arithmetic.ts';
import { Attrs } from './attrs.ts';
import { equals, isDerivation } from './compare.ts';
import { describeType, preview } from './describe.ts';
import { force } from './thunk.ts';
import { addStep } from './trace.ts';
import { ContextString, Float, PathValue, type Slot, type Value } from './value.ts';

export interface Inequality {
  readonly message: string;
  /** Where in the values they differ: `.a.b[0]`; empty for the values themselves. */
  readonly path: string;
  /** The innermost attribute on each side, where it is known. */
  readonly left?: Span | undefined;
  readonly right?: Span | undefined;
}

/** The first difference; `undefined` where there is none. @throws Fault whatever evaluating the parts throws */
export function findInequality(a: Value, b: Value): Inequality | undefined {
  if (isNumeric(a) && isNumeric(b)) {
    return equals(a, b) ? undefined : differ(`${described(a, 'with')} is not equal to ${described(b, 'with')}`);
  }
  if (kindOf(a) !== kindOf(b)) return differ(`${described(a, 'of')} is not equal to ${described(b, 'of')}`);
  if (Array.isArray(a)) return inLists(a, b as Slot[]);
  if (a instanceof Attrs) return inSets(a, b as Attrs);
  if (equals(a, b)) return undefined;
  if (kindOf(a) === 'function')
    return differ('distinct functions and immediate comparisons of identical functions compare as unequal');
  return differ(`${kindOf(a)} '${preview(a)}' is not equal to ${kindOf(b)} '${preview(b)}'`);
}

const differ = (message: string): Inequality => ({ message, path: '' });

const described = (value: Value, word: 'of' | 'with'): string => `${describeType(value)} ${word} value '${preview(value)}'`;

function kindOf(value: Value): string {
  if (value === null) return 'null';
  if (typeof value === 'boolean') return 'boolean';
  if (typeof value === 'string' || value instanceof ContextString) return 'string';
  if (typeof value === 'number' || typeof value === 'bigint') return 'integer';
  if (value instanceof Float) return 'float';
  if (value instanceof PathValue) return 'path';
  if (Array.isArray(value)) return 'list';
  return value instanceof Attrs ? 'set' : 'function';
}

function inLists(a: Slot[], b: Slot[]): Inequality | undefined {
  if (a.length !== b.length) {
    const sides = `left hand side is '${preview(a)}', right hand side is '${preview(b)}'`;
    return differ(`list of size '${a.length}' is not equal to list of size '${b.length}', ${sides}`);
  }
  for (let i = 0; i < a.length; i++) {
    const found = within(a[i]!, b[i]!, `list element ${i}`);
    if (found !== undefined) return { ...found, path: `[${i}]${found.path}` };
  }
  return undefined;
}

function inSets(a: Attrs, b: Attrs): Inequality | undefined {
  const [left, right] = [a.get('outPath'), b.get('outPath')];
  if (left !== undefined && right !== undefined && isDerivation(a) && isDerivation(b)) {
    return inAttribute('outPath', left, right, a, b);
  }
  const [shownA, shownB] = [`'${preview(a)}'`, `'${preview(b)}'`];
  if (a.size !== b.size) return differ(`attribute names of attribute set ${shownA} differs from attribute set ${shownB}`);
  for (let i = 0; i < a.size; i++) {
    const name = a.names[i]!;
    if (!b.has(name))
      return differ(`attribute name '${bytesToText(printName(name))}' is contained in ${shownA}, but not in ${shownB}`);
    const found = inAttribute(name, a.slots[i]!, b.get(name)!, a, b);
    if (found !== undefined) return found;
  }
  return undefined;
}

function inAttribute(name: Bytes, left: Slot, right: Slot, a: Attrs, b: Attrs): Inequality | undefined {
  const found = within(left, right, `attribute '${bytesToText(printName(name))}'`);
  if (found === undefined) return undefined;
  const path = `.${bytesToText(printName(name))}${found.path}`;
  return { message: found.message, path, left: found.left ?? a.spanOf(name), right: found.right ?? b.spanOf(name) };
}

/** One and the same value is equal to itself, whatever it holds. */
function within(a: Slot, b: Slot, what: string): Inequality | undefined {
  try {
    const [left, right] = [force(a), force(b)];
    return left === right ? undefined : findInequality(left, right);
  } catch (error) {
    throw addStep(error, `while comparing ${what}`);
  }
}
