/** Whether somebody watches, and in colour. `process.stderr.isTTY` loads all of Node's streams (15 ms) to say so. */
import { fstatSync } from 'node:fs';
import { isatty } from 'node:tty';

/** Major device numbers of Linux that are terminals: virtual consoles, /dev/tty, pseudo terminals. */
const isTerminalMajor = (major: number): boolean => major === 4 || major === 5 || (major >= 136 && major <= 143);

/** /dev/null and its like. */
const MEMORY_MAJOR = 1;

export function isTerminal(fd: 0 | 1 | 2): boolean {
  const stat = fstatOrNothing(fd);
  if (!stat?.isCharacterDevice()) return false;
  const major = Number(stat.rdev) >> 8;
  if (process.platform === 'linux' && (major === MEMORY_MAJOR || isTerminalMajor(major))) return major !== MEMORY_MAJOR;
  return isatty(fd);
}

/** Gives a variable of the environment. */
export type LookUp = (name: string) => string | undefined;

/** Of what is written to stderr. `choice` is that of --color. */
export function wantsColor(choice: string | undefined, lookUp: LookUp): boolean {
  if (choice === 'always') return true;
  if (choice === 'never' || lookUp('NO_COLOR') || lookUp('TERM') === 'dumb') return false;
  return isTerminal(2);
}

function fstatOrNothing(fd: number): ReturnType<typeof fstatSync> | undefined {
  try {
    return fstatSync(fd);
  } catch {
    return undefined; // closed by whoever started us
  }
}
