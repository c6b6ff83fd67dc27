/** What an inode says about the content behind it, as one short text that is compared. */
import { type BigIntStats, lstatSync, type Stats, statSync } from 'node:fs';
import { type Bytes, bytesToPath } from '../../base/index.ts';
import type { FileKind } from '../../eval/index.ts';

/** Inode times are only as fine as the kernel's clock: what changed just now may change again and look the same. */
const SETTLING_MS = 2000;

export interface FileState {
  /** Equal, while settled: the same file with the same bytes (a folder: the same entries). */
  readonly text: string;
  readonly isSettled: boolean;
  readonly kind: FileKind;
  readonly changedMs: number;
}

/** The same look, as another program tells it too. */
export interface ToldState extends FileState {
  /** What `stat -c '%d:%i %f %s %.9Y %.9Z'` of GNU prints. */
  readonly line: string;
}

/**
 * Looked at before the content is read, so that a change in between shows later. The change time is what counts: nobody can set it.
 *
 * @param follow  the file that symlinks lead to, otherwise the path itself
 * @returns       `undefined` where nothing is, or nothing that may be looked at. Cost: one system call, 3 µs
 */
export function fileState(path: Bytes, follow: boolean): FileState | undefined {
  let stat: Stats | undefined;
  const nowMs = Date.now();
  try {
    stat = (follow ? statSync : lstatSync)(bytesToPath(path), { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
  if (stat === undefined) return undefined;
  const { dev, ino, mode, size, mtimeMs, ctimeMs } = stat;
  return {
    text: stateText([dev, ino, mode, size, mtimeMs, ctimeMs]),
    isSettled: ctimeMs + SETTLING_MS < nowMs,
    kind: kindOf(stat),
    changedMs: ctimeMs,
  };
}

/** As `fileState`, of the path itself. */
export function toldState(path: string): ToldState | undefined {
  let stat: BigIntStats | undefined;
  const nowMs = Date.now();
  try {
    stat = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  } catch {
    return undefined;
  }
  if (stat === undefined) return undefined;
  const { dev, ino, mode, size, mtimeNs, ctimeNs } = stat;
  const changedMs = asMilliseconds(ctimeNs);
  return {
    text: stateText([dev, ino, mode, size, asMilliseconds(mtimeNs), changedMs]),
    isSettled: changedMs + SETTLING_MS < nowMs,
    kind: kindOf(stat),
    line: `${dev}:${ino} ${mode.toString(16)} ${size} ${asSeconds(mtimeNs)} ${asSeconds(ctimeNs)}`,
    changedMs,
  };
}

const stateText = (fields: readonly (number | bigint)[]): string => fields.join(':');

const BILLION = 1_000_000_000n;

/** With the rounding of `Stats.mtimeMs`. */
const asMilliseconds = (ns: bigint): number => Number(ns / BILLION) * 1000 + Number(ns % BILLION) / 1_000_000;

const asSeconds = (ns: bigint): string => `${ns / BILLION}.${String(ns % BILLION).padStart(9, '0')}`;

export const kindOf = (entry: Pick<Stats, 'isFile' | 'isDirectory' | 'isSymbolicLink'>): FileKind => {
  if (entry.isFile()) return 'regular';
  if (entry.isDirectory()) return 'directory';
  return entry.isSymbolicLink() ? 'symlink' : 'unknown';
};

/** What may be remembered: empty (which equals no state) where the same text could soon stand for other bytes. */
export const settledState = (state: FileState | undefined): string => (state?.isSettled === true ? state.text : '');
