/** The table of all commands: looked up, suggested from, and printed as help, manual pages and completions. */
import { didYouMean } from '../base/index.ts';
import { UsageError } from './arguments.ts';
import type { Command, Option } from './command.ts';
import { saidHere } from './foreign-words.ts';
import { importCommands } from './igos/import-table.ts';
import { publishingCommands } from './igos/publishing-table.ts';
import { seedCommands } from './igos/seed-table.ts';
import { igosCommands } from './igos/table.ts';
import { repositoryCommands } from './pkm/repository-table.ts';
import { pkmCommands } from './pkm/table.ts';

const IGOS: readonly Command[] = [...igosCommands, ...publishingCommands, ...importCommands, ...seedCommands];
const PKM: readonly Command[] = [...pkmCommands, ...repositoryCommands];

export const commandsOf = (program: 'igos' | 'pkm'): readonly Command[] => (program === 'igos' ? IGOS : PKM);

const SHARED: readonly Option[] = [
  { long: 'json', doc: 'print data as JSON: one record on stdout' },
  { long: 'store-dir', values: ['DIR'], doc: 'the logical store directory, part of every hash (default /igos/store)' },
  {
    long: 'home',
    values: ['DIR'],
    doc: 'where the store is on disk (default $IGOS_HOME; /igos for root; else $XDG_DATA_HOME/igos)',
  },
  { long: 'color', values: ['WHEN'], choices: ['auto', 'always', 'never'], doc: 'colour on stderr (NO_COLOR is honoured)' },
  { long: 'quiet', short: 'q', doc: 'no progress' },
  { long: 'show-trace', doc: 'show every step that led to an evaluation error' },
  { long: 'no-show-trace', doc: 'show the first and last steps only (default)' },
  { long: 'help', short: 'h', doc: '-h: this on one screen; --help: the manual page' },
];
const ROOT: Option = { long: 'root', short: 'r', values: ['DIR'], doc: 'the root to work on (default /)' };

/** Options that every command of a program takes. */
export const sharedOptions = (program: 'igos' | 'pkm'): readonly Option[] => (program === 'pkm' ? [ROOT, ...SHARED] : SHARED);

/** Those that this one takes: what is no data has no `--json`. */
export const sharedOptionsOf = ({ program, prints }: Command): readonly Option[] =>
  sharedOptions(program).filter(({ long }) => prints === undefined || long !== 'json');

/** The command that the first word, or the first two, name; and the words after it. */
export function findCommand(
  program: 'igos' | 'pkm',
  words: readonly string[],
): { command: Command; words: readonly string[] } | undefined {
  for (const length of [2, 1]) {
    const name = words.slice(0, length).join(' ');
    if (words.length < length) continue;
    const command = commandsOf(program).find((candidate) => candidate.name === name || candidate.aliases?.includes(name));
    if (command) return { command, words: words.slice(length) };
  }
  return undefined;
}

/** Commands whose first word this is: `store`. */
export const groupOf = (program: 'igos' | 'pkm', word: string): readonly Command[] =>
  commandsOf(program).filter((command) => [command.name, ...(command.aliases ?? [])].some((name) => name.startsWith(`${word} `)));

/** The word behind that of its group. */
export const verbOf = (command: Command, group: string): string =>
  [command.name, ...(command.aliases ?? [])].find((name) => name.startsWith(`${group} `))!.slice(group.length + 1);

export function unknownCommand(program: 'igos' | 'pkm', words: readonly string[]): UsageError {
  const commands = commandsOf(program);
  const verbs = groupOf(program, words[0]!).map((command) => verbOf(command, words[0]!));
  if (verbs.length > 0) {
    const what = words[1] === undefined ? `${program} ${words[0]} needs a verb` : `unknown command '${words[0]} ${words[1]}'`;
    const here = words[1] === undefined ? undefined : verbHere(program, words[0]!, words[1], verbs);
    return new UsageError(what, [
      ...(here === undefined ? didYouMean(words[1] ?? '', verbs) : [`here that is: ${here}`]),
      `there are: ${verbs.join(', ')}`,
      `run '${program} ${words[0]} --help' for what they do`,
    ]);
  }
  const here = saidHere(program, words[0]!);
  if (here !== undefined) {
    return new UsageError(`unknown command '${words[0]}'`, [`here that is: ${here}`, `run '${program} --help' for the list`]);
  }
  if (words[0]!.startsWith('-')) {
    return new UsageError(`the option '${words[0]}' stands before the command`, [
      `options stand behind it: ${program} COMMAND ${words[0]}`,
      `run '${program} --help' for the list of commands`,
    ]);
  }
  const other = program === 'igos' ? 'pkm' : 'igos';
  const elsewhere = findCommand(other, words) ? [`that is a command of the other program: ${other} ${words[0]}`] : [];
  return new UsageError(`unknown command '${words[0]}'`, [
    ...elsewhere,
    ...didYouMean(
      words[0]!,
      commands.map((command) => command.name),
    ),
    `run '${program} --help' for the list`,
  ]);
}

/** How what a verb means elsewhere is said here. Of Nix's programs one has words for verbs, the other options: `nix-store --gc`. */
function verbHere(program: 'igos' | 'pkm', group: string, verb: string, verbs: readonly string[]): string | undefined {
  const word = verb.replace(/^--/, '');
  if (verb !== word && verbs.includes(word)) return `${program} ${group} ${word}`;
  return saidHere(program, `${group} ${verb}`) ?? saidHere(program, `${group} ${word}`);
}
