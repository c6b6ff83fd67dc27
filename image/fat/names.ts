/**
 * Names of FAT: eleven bytes of capitals, and beside them, since 1995, the name as it was given, in UTF-16. Firmware finds files by both,
 * so each has to be the only one of its kind in its folder.
 */
import { type Bytes, tryBytesToText } from '../../base/index.ts';
import { mediaFault } from '../media-faults.ts';

export interface FatName {
  /** Eight bytes and three, padded with spaces. */
  readonly short: Bytes;
  /** Which parts of the short name are meant in lower case. */
  readonly caseFlags: number;
  /** Where the short name does not say it all. */
  readonly long: string | undefined;
}

export interface Named {
  readonly path: Bytes;
  readonly name: Bytes;
}

const LOWER_BASE = 0x08;
const LOWER_EXTENSION = 0x10;
const LONG_UNITS = 255;
const SHORT = /^([A-Z0-9!#$%&'()@^_`{}~-]{1,8})(?:\.([A-Z0-9!#$%&'()@^_`{}~-]{1,3}))?$/;
const NOT_SHORT = /[^A-Z0-9!#$%&'()@^_`{}~-]/g;

/**
 * Names for all that stands in one folder, in its order.
 *
 * @throws Fault E-IMG-021 a name that FAT cannot hold · E-IMG-022 two that are one
 */
export function fatNames(files: readonly Named[]): FatName[] {
  const texts = files.map(longNameOf);
  const byFolded = new Map<string, Named>();
  const taken = new Set<Bytes>();
  for (const [index, file] of files.entries()) {
    const folded = fold(texts[index]!);
    const other = byFolded.get(folded);
    if (other !== undefined) throw mediaFault.sameName(file.path, other.path);
    byFolded.set(folded, file);
    const own = padded(capitals(texts[index]!));
    if (own !== undefined) taken.add(own);
  }
  const lastNumbers = new Map<Bytes, number>();
  return texts.map((text) => plainName(text) ?? { short: alias(text, taken, lastNumbers), caseFlags: 0, long: text });
}

function longNameOf({ path, name }: Named): string {
  const text = tryBytesToText(name);
  if (text === undefined) throw mediaFault.fatName(path, 'its name is not UTF-8');
  const bad = /[\x00-\x1f\x7f"*:<>?\\|]/.exec(text);
  if (bad !== null) throw mediaFault.fatName(path, `its name has ${JSON.stringify(bad[0]).replaceAll('\x7f', '\\u007f')}`);
  if (/[. ]$/.test(text)) throw mediaFault.fatName(path, 'its name ends in a dot or a space');
  if (text.length > LONG_UNITS) throw mediaFault.fatName(path, `its name is longer than ${LONG_UNITS} UTF-16 units`);
  return text;
}

/** As those who compare names do: unit by unit, whatever a language says of capitals. */
function fold(text: string): string {
  return Array.from(text, (char) => (char.toUpperCase().length === char.length ? char.toUpperCase() : char)).join('');
}

const capitals = (text: string): string => text.replaceAll(/[a-z]/g, (char) => char.toUpperCase());

function padded(text: string): Bytes | undefined {
  const parts = SHORT.exec(text);
  return parts === null ? undefined : parts[1]!.padEnd(8) + (parts[2] ?? '').padEnd(3);
}

/** A name that needs no other: capitals throughout, or a part of it without any. */
function plainName(text: string): FatName | undefined {
  const short = padded(capitals(text));
  const [base, extension = ''] = text.split('.') as [string, string?];
  if (short === undefined || isMixed(base) || isMixed(extension)) return undefined;
  return { short, caseFlags: (isLower(base) ? LOWER_BASE : 0) | (isLower(extension) ? LOWER_EXTENSION : 0), long: undefined };
}

const isLower = (text: string): boolean => /[a-z]/.test(text);
const isMixed = (text: string): boolean => isLower(text) && /[A-Z]/.test(text);

/** The name itself in capitals, if it is short; else its beginning with a number that makes it the only one. */
function alias(text: string, taken: Set<Bytes>, lastNumbers: Map<Bytes, number>): Bytes {
  const own = padded(capitals(text));
  if (own !== undefined) return own;
  const bare = capitals(text).replace(/^\.+/, '').replaceAll(' ', '');
  const dot = bare.lastIndexOf('.');
  const [base, extension] = dot > 0 ? [bare.slice(0, dot), bare.slice(dot + 1)] : [bare, ''];
  const kept = base.replaceAll('.', '').replace(NOT_SHORT, '_') || '_';
  const suffix = extension.replace(NOT_SHORT, '_').slice(0, 3).padEnd(3);
  const start = kept.slice(0, 6) + suffix;
  for (let number = (lastNumbers.get(start) ?? 0) + 1; ; number++) {
    const tail = `~${number}`;
    const short = (kept.slice(0, 8 - tail.length) + tail).padEnd(8) + suffix;
    if (taken.has(short)) continue;
    taken.add(short);
    lastNumbers.set(start, number);
    return short;
  }
}
