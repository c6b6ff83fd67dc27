/** Types of generated programs: what keeps them from failing at once. They say nothing about values of the language. */

export type Type =
  | 'int'
  | 'float'
  | 'bool'
  | 'null'
  | 'text'
  | 'path'
  | 'drv'
  | { readonly list: Type }
  | { readonly set: Fields }
  | { readonly from: Type; readonly to: Type };

export type Fields = Readonly<Record<string, Type>>;

/** A number from 0 to `limit` - 1. Zero leads to the simplest program. */
export type Pick = (limit: number) => number;

export function chooseFrom<T>(pick: Pick, items: readonly T[]): T {
  return items[pick(items.length)]!;
}

/** Names that no builtin has, so that they can be bound and are not found where they are not. */
export const NAMES: readonly string[] = ['a', 'b', 'c', 'x', 'y', "z'", 'foo', 'a-b', '_1'];

const ATOMS: readonly Type[] = ['int', 'text', 'drv', 'bool', 'float', 'path', 'null'];

export function anyType(pick: Pick, depth = 2): Type {
  switch (depth === 0 ? 0 : pick(6)) {
    case 3:
      return { list: anyType(pick, depth - 1) };
    case 4:
      return { set: anyFields(pick, depth - 1) };
    case 5:
      return pick(3) === 0 ? { from: anyType(pick, depth - 1), to: anyType(pick, depth - 1) } : { list: 'int' };
    default:
      return ATOMS[Math.min(pick(9), pick(9), ATOMS.length - 1)]!;
  }
}

export function anyFields(pick: Pick, depth = 1): Fields {
  const fields: Record<string, Type> = {};
  for (let n = pick(4); n > 0; n--) fields[chooseFrom(pick, NAMES)] = anyType(pick, depth);
  return fields;
}

export const isSame = (a: Type, b: Type): boolean => a === b || JSON.stringify(a) === JSON.stringify(b);

export const isList = (type: Type): type is { readonly list: Type } => typeof type === 'object' && 'list' in type;
export const isSet = (type: Type): type is { readonly set: Fields } => typeof type === 'object' && 'set' in type;
export const isFunction = (type: Type): type is { readonly from: Type; readonly to: Type } =>
  typeof type === 'object' && 'from' in type;

/** Values of the type have no functions in them, and no derivations (which are big): they can be compared, and written as JSON. */
export function isData(type: Type): boolean {
  if (isList(type)) return isData(type.list);
  if (isSet(type)) return Object.values(type.set).every(isData);
  return !isFunction(type) && type !== 'drv' && type !== 'path';
}
