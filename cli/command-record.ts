/** The command table as data, for programs that call ours: `igos help --json`. Names of fields stay as they are (docs/json.md). */
import type { Command, Option } from './command.ts';
import { commandsOf, sharedOptions } from './commands.ts';
import { version } from './version.ts';

/** The whole table of these programs. */
export const tableRecord = (programs: readonly ('igos' | 'pkm')[]): object => ({
  version: version(),
  programs: programs.map((name) => ({
    name,
    options: sharedOptions(name).map(optionRecord),
    commands: commandsOf(name).map(commandRecord),
  })),
});

/** Help on one command: the text that people get, and the command. */
export const topicRecord = (command: Command, text: string): object => ({
  topic: command.name,
  text,
  command: commandRecord(command),
});

const commandRecord = (command: Command): object => ({
  program: command.program,
  name: command.name,
  aliases: command.aliases ?? [],
  summary: command.summary,
  operands: command.operands,
  minOperands: command.minOperands,
  // JSON has no infinity.
  maxOperands: Number.isFinite(command.maxOperands) ? command.maxOperands : null,
  description: command.description,
  options: command.options.map(optionRecord),
  examples: command.examples,
  json: command.prints === undefined,
});

const optionRecord = (option: Option): object => ({
  long: option.long,
  short: option.short ?? null,
  values: option.values ?? [],
  choices: option.choices ?? [],
  repeated: option.isRepeated === true,
  summary: option.doc,
});
