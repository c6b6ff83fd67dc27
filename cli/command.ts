/** What a command is: data, from which the parser, `--help`, the manual pages and the completions are all made. */
import type { Arguments } from './arguments.ts';
import type { Context } from './context.ts';

export interface Option {
  /** Without the dashes. */
  readonly long: string;
  /** One letter, without the dash. */
  readonly short?: string;
  /** Names of the values that follow: `--jobs N`, `--arg NAME EXPR`. Absent for a switch. */
  readonly values?: readonly string[];
  /** May be given several times; all are kept. */
  readonly isRepeated?: boolean;
  readonly choices?: readonly string[];
  readonly doc: string;
  /** `-h`, which fits on a screen, only names it. */
  readonly isFurther?: true;
}

/** Options that few people need at first. */
export const further = (options: readonly Option[]): Option[] => options.map((option) => ({ ...option, isFurther: true }));

export interface Example {
  readonly command: string;
  readonly says: string;
}

export interface Command {
  readonly program: 'igos' | 'pkm';
  /** `store verify`, `eval`. */
  readonly name: string;
  /** Other spellings that are understood. */
  readonly aliases?: readonly string[];
  /** One line, imperative, no full stop. */
  readonly summary: string;
  /** As shown in the synopsis: `TREE[#NAME]…`. Empty where nothing is taken. */
  readonly operands: string;
  readonly minOperands: number;
  readonly maxOperands: number;
  /** Paragraphs for the manual page. */
  readonly description: string;
  readonly options: readonly Option[];
  readonly examples: readonly Example[];
  /** What its standard output is, where that is no data: `a shell script`. There is no `--json` of it then. */
  readonly prints?: string;
  /** Its operands may be file names that are not UTF-8: it asks `wordToBytes` for them. */
  readonly takesBytes?: true;
  /** What stands behind `--` is a command that it runs: `Arguments.rest`. */
  readonly runsCommands?: true;
  /** It evaluates and prints, and nothing else: done again only when something changed. */
  readonly isRemembered?: true;
}

/** What the file of a command exports: `cli/<program>/<name with dashes>.ts`, imported only when it runs. */
export interface CommandModule {
  /** Returns the exit status; nothing is 0. */
  run(context: Context, args: Arguments): Promise<number | undefined> | number | undefined;
}
