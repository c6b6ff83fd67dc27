/** Lists of commands: all of a program, by what they are about, or those that begin with one word. */
import type { Command } from './command.ts';
import { commandsOf, groupOf, verbOf } from './commands.ts';
import { WIDTH, wrap } from './help.ts';

type Program = Command['program'];

const PURPOSE: Record<Program, string> = {
  igos: 'igos: declare, build and run an operating system from source',
  pkm: 'pkm: packages on a root, in generations: install, upgrade, verify, roll back',
};

/** What commands are about, each by its first word. */
const SUBJECTS: Record<Program, Record<string, readonly string[]>> = {
  igos: {
    'expressions and files': ['eval', 'repl', 'parse', 'fmt', 'lsp'],
    'trees and builds': ['show', 'check', 'instantiate', 'realize', 'phases', 'develop', 'log', 'audit', 'seed', 'import'],
    'the store': ['gc', 'why-depends', 'store'],
    'for other machines': ['image', 'archive', 'repo', 'depot', 'cache', 'key'],
    'this program': ['help', 'completions'],
  },
  pkm: {
    packages: ['install', 'upgrade', 'remove', 'autoremove', 'switch', 'mark', 'hold', 'unhold'],
    'what is installed': ['list', 'files', 'owns', 'info', 'provides'],
    'what can be had': ['sync', 'repositories', 'search', 'available', 'outdated', 'cache'],
    generations: ['generations', 'history', 'diff', 'rollback', 'gc'],
    'the root itself': ['init', 'adopt', 'verify', 'repair', 'recover', 'config'],
  },
};

/** @param isLong  every command; else those that begin with the same word share a line, so that it fits on a screen */
export function overview(program: Program, isLong: boolean): string {
  const subjects = Object.entries(SUBJECTS[program]).map(
    ([title, words]) => [title, words.flatMap((word) => rowsOf(program, word, isLong))] as const,
  );
  const width = Math.max(...subjects.flatMap(([, rows]) => rows.map(([name]) => name.length))) + 2;
  const group = program === 'igos' ? 'store' : 'config';
  const topics =
    program === 'igos' ? "; 'igos help package' has the fields of a package, 'igos help E-EVAL-001' explains an error" : '';
  const more = `'${program} COMMAND -h' is short, '${program} COMMAND --help' long; '${program} ${group} -h' lists the commands of a group, '${program} --help' all of them${topics}.`;
  return [
    PURPOSE[program],
    '',
    `usage: ${program} COMMAND [OPTION…] [OPERAND…]`,
    ...subjects.flatMap(([title, rows]) => ['', `${title}:`, ...rows.flatMap((row) => lines(row, width))]),
    '',
    ...wrap(more, WIDTH),
  ].join('\n');
}

/** The commands that begin with one word. */
export function groupHelp(program: Program, group: string): string {
  const rows = groupOf(program, group).map((command) => [verbOf(command, group), command.summary] as const);
  const width = Math.max(...rows.map(([verb]) => verb.length)) + 2;
  return [
    `usage: ${program} ${group} VERB [OPTION…] [OPERAND…]`,
    '',
    ...rows.map(([verb, summary]) => `  ${verb.padEnd(width)}${summary}`),
    '',
    `'${program} ${group} VERB -h' is short, '${program} ${group} VERB --help' long.`,
  ].join('\n');
}

type Row = readonly [name: string, text: string];

function rowsOf(program: Program, word: string, isLong: boolean): Row[] {
  const rows = (commands: readonly Command[]): Row[] => commands.map(({ name, summary }) => [name, summary]);
  const alone = rows(commandsOf(program).filter(({ name }) => name === word));
  const group = commandsOf(program).filter(({ name }) => name.startsWith(`${word} `));
  if (isLong || group.length < 2) return [...alone, ...rows(group)];
  return [...alone, [`${word} …`, group.map((command) => verbOf(command, word)).join(', ')]];
}

const lines = ([name, text]: Row, width: number): string[] =>
  wrap(text, WIDTH - width - 2).map((line, index) => `  ${(index === 0 ? name : '').padEnd(width)}${line}`);
