/** Help on a command, made from the command table. */
import type { Command, Option } from './command.ts';
import { topicRecord } from './command-record.ts';
import { commandsOf, sharedOptionsOf } from './commands.ts';
import type { Output } from './output.ts';

export const WIDTH = 80;

export function printCommandHelp(command: Command, form: { isLong: boolean; isJson: boolean }, out: Output): void {
  const text = form.isLong ? longHelp(command) : shortHelp(command);
  if (form.isJson) out.json(topicRecord(command, text));
  else out.line(text);
}

export const synopsis = (command: Command): string =>
  `${command.program} ${command.name} [OPTION…]${command.operands === '' ? '' : ` ${command.operands}`}`;

const spelled = (option: Option): string =>
  `${option.short === undefined ? '    ' : `-${option.short}, `}--${option.long}${option.values ? ` ${option.values.join(' ')}` : ''}`;

/** One screen: what it does, its own options, one example. Options that few need are named, so that they can be looked up. */
export function shortHelp(command: Command): string {
  const shown = command.options.filter((option) => option.isFurther !== true);
  const lines = [command.summary, '', `usage: ${synopsis(command)}`, ...optionLines(shown)];
  const others = command.options.filter((option) => option.isFurther === true).map((option) => `--${option.long}`);
  if (others.length > 0) lines.push('', ...wrap(`and: ${others.join(' ')}`, WIDTH - 2).map((line) => `  ${line}`));
  if (command.examples[0]) lines.push('', `example: ${command.examples[0].command}`);
  lines.push('', `'${command.program} ${command.name} --help' says more, with the options that every command takes.`);
  return lines.join('\n');
}

function optionLines(options: readonly Option[]): string[] {
  if (options.length === 0) return [];
  const width = Math.max(...options.map((option) => spelled(option).length)) + 2;
  return [
    '',
    ...options.flatMap((option) =>
      wrap(option.doc, WIDTH - width - 2).map((line, index) => `  ${(index === 0 ? spelled(option) : '').padEnd(width)}${line}`),
    ),
  ];
}

/** The manual page as text; `man.ts` makes the roff form from the same sections. */
export function longHelp(command: Command): string {
  return manualSections(command)
    .map(({ title, lines }) => `${title}\n${lines.map((line) => (line === '' ? '' : `    ${line}`)).join('\n')}`)
    .join('\n\n');
}

export interface ManualSection {
  readonly title: string;
  /** `lines` stay as they are; a `text` may be broken elsewhere; of `items` what is indented tells of the line before. */
  readonly form: 'lines' | 'text' | 'items';
  readonly lines: readonly string[];
}

export function manualSections(command: Command): ManualSection[] {
  const own = command.options;
  const shared = sharedOptionsOf(command);
  const others = commandsOf(command.program).filter(
    (other) => other !== command && other.name.split(' ')[0] === command.name.split(' ')[0],
  );
  const seeAlso = [
    ...others.map((other) => `${other.program} ${other.name}`),
    command.program === 'igos' ? 'pkm' : 'igos',
    'docs/',
  ];
  const section = (title: string, lines: readonly string[], form: ManualSection['form'] = 'lines'): ManualSection[] =>
    lines.length === 0 ? [] : [{ title, form, lines }];
  return [
    ...section('NAME', [`${command.program} ${command.name} - ${command.summary}`]),
    ...section('SYNOPSIS', [synopsis(command), ...(command.aliases ?? []).map((alias) => `${command.program} ${alias} …`)]),
    ...section('DESCRIPTION', wrap(command.description, WIDTH - 4), 'text'),
    ...section(
      'OPTIONS',
      [...own, ...shared].flatMap((option) => [
        spelled(option).trimStart(),
        ...wrap(option.doc, WIDTH - 12).map((line) => `    ${line}`),
      ]),
      'items',
    ),
    ...section('EXIT STATUS', [
      '0 done; 1 a fault of the input or a difference found; 2 wrong usage;',
      '3 the reader of the output went away; 4 a build failed; 70 a bug in igos',
    ]),
    ...section('ENVIRONMENT', [
      'IGOS_HOME where the store is; IGOS_STORE_DIR the logical store directory;',
      'NIX_PATH search path entries, with --impure; NO_COLOR no colour;',
      'IGOS_EVAL_CACHE=0 evaluates again even if nothing changed;',
      'IGOS_OPTIMISE=1 shares identical files of the store as they are added;',
      'IGOS_LOG=eval,store tells what evaluation reads and the store takes in',
    ]),
    ...section(
      'FILES',
      command.program === 'igos'
        ? ['HOME/store the objects, HOME/var the index and the logs']
        : ['ROOT/var/lib/igos/pkm.db the state;', 'ROOT/var/lib/igos/packages the manifests'],
    ),
    ...section(
      'EXAMPLES',
      command.examples.flatMap((example) => [example.command, ...(example.says === '' ? [] : [`    ${example.says}`])]),
      'items',
    ),
    ...section('SEE ALSO', wrap(seeAlso.join(', '), WIDTH - 4), 'text'),
  ];
}

/** Breaks text at spaces. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const paragraph of text.split('\n')) {
    let line = '';
    for (const word of paragraph.split(' ')) {
      if (line !== '' && line.length + 1 + word.length > width) {
        lines.push(line);
        line = word;
      } else line = line === '' ? word : `${line} ${word}`;
    }
    lines.push(line);
  }
  return lines;
}
