import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { UsageError } from './arguments.ts';

/**
 * Node replaces what is not UTF-8 in an argument, silently: the folder made would be another one than was named.
 * @param what  the option that it is of
 * @throws UsageError
 */
export function wholeWord(what: string, word: string): string {
  if (word.isWellFormed() && (!word.includes('\ufffd') || !wasMangled())) return word;
  throw new UsageError(`${what} is not UTF-8: '${word}'`, ['name it by a symlink, or by another name of its folder']);
}

function wasMangled(): boolean {
  try {
    return !isUtf8(readFileSync('/proc/self/cmdline'));
  } catch {
    return true; // nobody can tell
  }
}
