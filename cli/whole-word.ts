import { isUtf8 } from 'node:buffer';
import { readFileSync, readlinkSync } from 'node:fs';
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

/**
 * The same of a variable of the environment. @param value  as Node has it
 * @throws UsageError
 */
export function wholeVariable(name: string, value: string): string {
  if (!value.includes('\ufffd')) return value;
  const given = unlessHidden(() => readFileSync('/proc/self/environ', 'latin1').split('\0'));
  // Who started as another process (a test) is believed.
  const entry = given?.find((each) => each.startsWith(`${name}=`));
  if (given !== undefined && (entry === undefined || isUtf8(Buffer.from(entry, 'latin1')))) return value;
  throw new UsageError(`${name} is not UTF-8: '${value}'`, ['name it by a symlink, or by another name of its folder']);
}

/** Where this process stands. @throws UsageError other files than those in it would be read and written */
export function wholeWorkingDirectory(): string {
  const folder = workingDirectory();
  if (!folder.includes('\ufffd')) return folder;
  const given = unlessHidden(() => readlinkSync('/proc/self/cwd', 'buffer'));
  if (given !== undefined && isUtf8(given)) return folder;
  throw new UsageError(`the name of the working directory is not UTF-8: '${folder}'`, [
    'run the command in another folder, and name files by their whole paths',
  ]);
}

function workingDirectory(): string {
  try {
    return process.cwd();
  } catch {
    throw new UsageError('there is no path to the working directory: it is gone, or too deep', [
      'run the command in another folder',
    ]);
  }
}

/** `undefined` where nobody can tell. */
function unlessHidden<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

const wasMangled = (): boolean => unlessHidden(() => isUtf8(readFileSync('/proc/self/cmdline'))) !== true;
