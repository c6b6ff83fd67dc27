/** `source` and `patches`: files of the store, alone or as `{ file = …; … }` with what is to be done with them. */
import { type Bytes, bytesToText, didYouMean } from '../../base/index.ts';
import { Attrs } from '../attrs.ts';
import { ContextString, PathValue } from '../value.ts';
import { pathHint } from './path-hint.ts';
import {
  coerce,
  entries,
  force,
  items,
  type Reading,
  readBool,
  readLine,
  requireRelative,
  wrong,
  wrongType,
} from './read-field.ts';
import type { PatchPlace, SourcePlace } from './script-texts.ts';

/** A file of the store, and how it is laid down. */
export interface ReadFile<T> {
  readonly path: string;
  readonly place: T;
}

/** What the paths depend on goes to `context`. */
export const readSources = (reading: Reading, context: Set<string>): readonly ReadFile<SourcePlace>[] =>
  readFiles(reading, context, ['into', 'unpack'], (parts) => {
    const into = parts.get('into');
    const unpack = parts.get('unpack');
    return {
      ...(into === undefined ? {} : { into: readFolder(into) }),
      ...(unpack === undefined || readBool(unpack) ? {} : { isWhole: true }),
    };
  });

export const readPatches = (reading: Reading, context: Set<string>): readonly ReadFile<PatchPlace>[] =>
  readFiles(reading, context, ['strip'], (parts) => {
    const strip = parts.get('strip');
    return { strip: strip === undefined ? 1 : readLevel(strip) };
  });

function readFiles<T>(
  reading: Reading,
  context: Set<string>,
  settings: readonly string[],
  readPlace: (parts: ReadonlyMap<string, Reading>) => T,
): readonly ReadFile<T>[] {
  const value = force(reading);
  if (value === null) return [];
  return (Array.isArray(value) ? items(reading) : [reading]).map((each) => {
    const given = force(each);
    if (!(given instanceof Attrs) || isFile(given) || !given.has('file'))
      return { path: readPath(each, context), place: readPlace(new Map()) };
    const parts = new Map<string, Reading>();
    for (const [name, part, key] of entries(each)) {
      if (name !== 'file' && !settings.includes(name)) {
        const hint = didYouMean(name, settings)[0] ?? `beside 'file' there can be: ${settings.join(', ')}`;
        throw wrong(key, `has '${name}'`, { code: 'E-DECL-001', hint });
      }
      parts.set(name, part);
    }
    const file = parts.get('file');
    if (file === undefined) throw wrong(each, "has no 'file'");
    return { path: readPath(file, context), place: readPlace(parts) };
  });
}

/** Where a source comes from: a path of this machine, as it is, or a store path with what it depends on. */
export type Origin =
  | { readonly kind: 'local'; readonly path: Bytes }
  | { readonly kind: 'store'; readonly path: string; readonly context: ReadonlySet<string> };

/** The sources without copying any into the store. */
export function readOrigins(reading: Reading): readonly Origin[] {
  const value = force(reading);
  if (value === null) return [];
  return (Array.isArray(value) ? items(reading) : [reading]).map((each) => {
    const given = force(each);
    const isPlaced = given instanceof Attrs && !isFile(given) && given.has('file');
    const file = isPlaced ? { ...each, slot: given.get('file')! } : each;
    const source = force(file);
    if (source instanceof PathValue) return { kind: 'local', path: source.path };
    const context = new Set<string>();
    return { kind: 'store', path: readPath(file, context), context };
  });
}

const isFile = (value: Attrs): boolean => value.has('outPath') || value.has('__toString');

function readPath(reading: Reading, context: Set<string>): string {
  const value = force(reading);
  if (!((value instanceof Attrs && isFile(value)) || value instanceof PathValue || value instanceof ContextString)) {
    if (typeof value !== 'string') throw wrongType(reading, value);
    const isUrl = value.includes('://');
    throw wrongType(reading, value, isUrl ? `write fetchurl { url = "${bytesToText(value)}"; sha256 = "…"; }` : pathHint(value));
  }
  return coerce(reading, context);
}

const readFolder = (reading: Reading): string => requireRelative(reading, readLine(reading)).replace(/\/+$/, '');

function readLevel(reading: Reading): number {
  const value = force(reading);
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > 99)
    throw wrongType(reading, value, 'strip = 0; takes the names in the patch as they are, 1 is the default');
  return value;
}
