/** Values that pkm never wrote: somebody changed the database by hand, with other programs. SQLite puts any value into any column. */
import { Fault } from '../../base/index.ts';
import { badPath, printable } from '../names.ts';

/** @param what  that is no text, number or list as it should be: `size of 'usr/bin/a'` */
export const wrongValue = (what: string, value: unknown): Fault =>
  new Fault(
    'E-PKM-021',
    `the package database cannot be used: ${printable(what)} is ${printable(String(JSON.stringify(value)).slice(0, 100))}`,
    {
      notes: ['pkm never writes that: it was changed by another program'],
      hints: [
        'put it right in var/lib/igos/pkm.db with sqlite3, or restore that file from a backup',
        'or move it away, and make it anew of the text manifests: pkm repair --rebuild-database --dry-run says what of it would be known',
      ],
    },
  );

/** @throws Fault E-PKM-021 no integer */
export function integerOf(value: unknown, what: string): number {
  if (!Number.isSafeInteger(value)) throw wrongValue(what, value);
  return value as number;
}

/** Below the root. @throws Fault E-PKM-021 */
export function pathOf(value: unknown, what: string): string {
  if (typeof value !== 'string' || badPath(value) !== undefined) throw wrongValue(what, value);
  return value;
}

/** The calendar ends there, in seconds since 1970. */
export const LAST_SECOND = 8.64e12;

/** Seconds since 1970. @throws Fault E-PKM-021 */
export function timeOf(value: unknown, what: string): number {
  const seconds = integerOf(value, what);
  if (Math.abs(seconds) > LAST_SECOND) throw wrongValue(what, value);
  return seconds;
}

/** JSON. @throws Fault E-PKM-021 */
export function listOf<T>(value: string, what: string, isItem: (item: unknown) => item is T): T[] {
  const list = parsed(value);
  if (!Array.isArray(list) || !list.every(isItem)) throw wrongValue(what, value);
  return list;
}

export const isText = (item: unknown): item is string => typeof item === 'string';

function parsed(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}
