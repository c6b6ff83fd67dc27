/** Everything a command may know of the world around it: read once, here, and passed on. */
import { join } from 'node:path';
import { absolutePath, type Bytes, sys } from '../base/index.ts';
import type { Arguments } from './arguments.ts';
import type { Recorder } from './evaluation-cache/recorder.ts';
import { Output } from './output.ts';
import { readAllWaiting } from './standard-input.ts';
import { type LookUp, wantsColor } from './terminal.ts';
import { userHome } from './user-home.ts';
import { wholeVariable, wholeWord, wholeWorkingDirectory } from './whole-word.ts';

export interface Context {
  readonly program: 'igos' | 'pkm';
  /** The words after the program's name, as the user wrote them. */
  readonly words: readonly string[];
  readonly workingDirectory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Those that decided what else stands here. */
  readonly variablesUsed: ReadonlySet<string>;
  /** Logical store directory: part of every path and hash. */
  readonly storeDir: string;
  /** Where the store lives on disk. */
  readonly home: string;
  readonly isJson: boolean;
  readonly isQuiet: boolean;
  readonly showTrace: boolean;
  readonly out: Output;
  /** Notes what evaluation sees, where its result is to be kept. */
  readonly recorder?: Recorder;
  /** All of standard input. Read once. */
  readInput(): Bytes;
}

export function createContext(
  program: 'igos' | 'pkm',
  words: readonly string[],
  args: Arguments,
  { environment, workingDirectory }: Pick<Context, 'environment' | 'workingDirectory'> = {
    environment: process.env,
    workingDirectory: wholeWorkingDirectory(),
  },
): Context {
  const variablesUsed = new Set<string>();
  const lookUp: LookUp = (name) => {
    variablesUsed.add(name);
    const value = environment[name];
    return value === undefined ? undefined : wholeVariable(name, value);
  };
  let input: Bytes | undefined;
  const given = args.value('home');
  const home = (given === undefined ? undefined : wholeWord('--home', given)) ?? lookUp('IGOS_HOME') ?? defaultHome(lookUp);
  return {
    program,
    words,
    workingDirectory,
    environment,
    variablesUsed,
    storeDir: (args.value('store-dir') ?? lookUp('IGOS_STORE_DIR') ?? '/igos/store').replace(/(.)\/+$/, '$1'),
    home: absolutePath(workingDirectory, home),
    isJson: args.has('json'),
    isQuiet: args.has('quiet'),
    showTrace: args.has('show-trace') && !args.has('no-show-trace'),
    out: new Output(wantsColor(args.value('color'), lookUp)),
    readInput: () => {
      input ??= sys('read', 'standard input', () => readAllWaiting(0).toString('latin1'));
      return input;
    },
  };
}

/** `/igos` for root; for everyone else a folder of their own, bound to the logical store directory inside sandboxes. */
function defaultHome(lookUp: LookUp): string {
  if (process.getuid?.() === 0) return '/igos';
  return join(lookUp('XDG_DATA_HOME') || join(lookUp('HOME') || userHome(), '.local', 'share'), 'igos');
}
