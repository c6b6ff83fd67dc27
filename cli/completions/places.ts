/** What can stand where on a command line: what the scripts for all shells are made of. */
import type { Command, Option } from '../command.ts';
import { commandsOf, findCommand, groupOf, sharedOptions, sharedOptionsOf, verbOf } from '../commands.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export const PROGRAMS = ['igos', 'pkm'] as const;
export type Program = (typeof PROGRAMS)[number];

/** Those of the table; `pkm help` is known without a place in it. */
export const commandsIn = (program: Program): readonly Command[] =>
  program === 'igos' ? commandsOf('igos') : [...commandsOf('pkm'), { ...findCommand('igos', ['help'])!.command, program }];

export interface Named {
  readonly name: string;
  readonly says: string;
}

/** What stands first: commands, and the words that several begin with. */
export function firstWords(program: Program): Named[] {
  const commands = commandsIn(program);
  return [...new Set(commands.map(({ name }) => name.split(' ')[0]!))].map((name) => ({
    name,
    says:
      commands.find((command) => command.name === name)?.summary ??
      verbsOf(program, name)
        .map((verb) => verb.name)
        .join(', '),
  }));
}

/** Words that the names of several commands begin with. */
export const groupsOf = (program: Program): string[] =>
  firstWords(program).flatMap(({ name }) => (verbsOf(program, name).length > 0 ? [name] : []));

/** As they are listed: other spellings are understood, and not offered. */
export const verbsOf = (program: Program, group: string): Named[] =>
  groupOf(program, group)
    .filter(({ name }) => name.startsWith(`${group} `))
    .map((command) => ({ name: verbOf(command, group), says: command.summary }));

export const spellings = (command: Command): string[] => [command.name, ...(command.aliases ?? [])];

/** Every name of two words. */
export const pairsOf = (program: Program): string[] =>
  commandsIn(program)
    .flatMap(spellings)
    .filter((name) => name.includes(' '));

export const optionsOf = (command: Command): readonly Option[] => [...command.options, ...sharedOptionsOf(command)];

export const dashed = ({ long, short }: Option): string[] => [...(short === undefined ? [] : [`-${short}`]), `--${long}`];

/** Shared options that take the next word: they may stand before the command, as what every command has. */
export const leadingValues = (program: Program): string[] =>
  sharedOptions(program).flatMap((option) => (option.values ? dashed(option) : []));

export interface Operands {
  /** What the first one can be, where those are few. */
  readonly words: readonly string[];
  readonly hasFiles: boolean;
  /** The command of pkm whose lines begin with names of packages that can stand here. */
  readonly packages?: 'list' | 'available';
}

export function operandsOf({ program, name, operands, maxOperands }: Command): Operands {
  if (name === 'help') return { words: helpTopics(program), hasFiles: false };
  const words = operands.match(PLAIN_WORDS) ?? [];
  const hasFiles = maxOperands > 0 && !/^[a-z|]+$/.test(operands);
  if (program !== 'pkm' || name === 'sync' || !/\bNAME\b/.test(operands)) return { words, hasFiles };
  const packages = name === 'install' || name === 'available' ? 'available' : 'list';
  return { words, hasFiles: operands.includes('TREE'), packages };
}

/** `list` and `add` in `[list | add LINK PATH]`, but not `depot` in `depot:ARCHIVE`. */
const PLAIN_WORDS = /(?<![\w:#/])[a-z]+(?![\w:#/])/g;

/** But single builtins and error codes, which are too many to choose from. */
const helpTopics = (program: Program): string[] => [
  ...new Set([...commandsOf(program).map(({ name }) => name.split(' ')[0]!), ...(program === 'igos' ? DECLARATIONS : [])]),
];
const DECLARATIONS = ['package', 'override', 'split', 'tier', 'system', 'tree'];
