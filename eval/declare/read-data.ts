/** Fields that hold plain data for tools that igos does not know. */
import { bytesToText } from '../../base/index.ts';
import { Attrs } from '../attrs.ts';
import { ContextString, Float } from '../value.ts';
import { entries, force, items, type Reading, wrong, wrongType } from './read-field.ts';

export type PlainData = null | boolean | number | string | readonly PlainData[] | { readonly [name: string]: PlainData };

/** Deeper data is a mistake, or a value that contains itself. */
const MAX_DEPTH = 20;

/** A set of plain data; attributes that are null are left out, as everywhere. @throws Fault E-DECL-003 a path, a function, a package */
export function readData(reading: Reading): Readonly<Record<string, PlainData>> {
  if (!(force(reading) instanceof Attrs)) throw wrongType(reading, force(reading));
  return readSet(reading, 0);
}

const readSet = (reading: Reading, depth: number): Readonly<Record<string, PlainData>> =>
  Object.fromEntries(entries(reading).map(([name, entry]) => [bytesToText(name), readOne(entry, depth + 1)]));

function readOne(reading: Reading, depth: number): PlainData {
  if (depth > MAX_DEPTH) throw wrong(reading, `has more than ${MAX_DEPTH} levels`);
  const value = force(reading);
  if (value === null || typeof value === 'boolean' || typeof value === 'number') return value;
  if (typeof value === 'string') return bytesToText(value);
  if (value instanceof ContextString) return bytesToText(value.text);
  if (value instanceof Float) return value.value;
  if (Array.isArray(value)) return items(reading).map((item) => readOne(item, depth + 1));
  if (value instanceof Attrs && !value.has('drvPath')) return readSet(reading, depth);
  throw wrongType(reading, value);
}
