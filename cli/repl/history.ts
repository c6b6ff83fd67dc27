/** Lines typed in earlier sessions, for the arrow keys. */
import { readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeDirectory, printable, writeFileAtomic } from '../../base/index.ts';
import type { Context } from '../context.ts';
import { userHome } from '../user-home.ts';

export const MAX_LINES = 2000;
/** A pasted text is not worth keeping. */
const MAX_LINE_LENGTH = 4096;

const MAX_BYTES = 4 * MAX_LINES * MAX_LINE_LENGTH;

/** Lines are drawn as they are: what drives a terminal is not kept, and not shown where somebody else put it into the file. */
const isKept = (line: string): boolean => line.length <= MAX_LINE_LENGTH && printable(line) === line;

export const historyFile = (environment: Context['environment']): string =>
  join(environment['XDG_STATE_HOME'] || join(userHome(), '.local', 'state'), 'igos', 'repl-history');

/** Oldest first; empty where there is none. */
export function readHistory(file: string): string[] {
  try {
    // not a device or a pipe, and not what no session wrote
    const stat = statSync(file);
    if (!stat.isFile() || stat.size > MAX_BYTES) return [];
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '' && isKept(line))
      .slice(-MAX_LINES);
  } catch {
    return [];
  }
}

/**
 * Adds a line behind those of the file, which other sessions may have added to. The file is the user's alone, and is replaced whole:
 * of two sessions that write in the same instant, one line may be lost, but never the file. @throws SystemFault
 */
export function addToHistory(file: string, line: string): void {
  if (line.trim() === '' || !isKept(line)) return;
  const lines = readHistory(file);
  if (lines.at(-1) === line) return;
  makeDirectory(dirname(file), 0o700);
  writeFileAtomic(file, `${[...lines, line].slice(-MAX_LINES).join('\n')}\n`, { mode: 0o600, sync: false });
}
