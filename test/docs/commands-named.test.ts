/**
 * Whatever a page says to type is understood: each `igos …` and `pkm …` in blocks and in the text has a command of the table, with options
 * that it has. Whether it does what the page says is for the tests that run pages.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseArguments, UsageError } from '../../cli/arguments.ts';
import { findCommand, groupOf, sharedOptionsOf } from '../../cli/commands.ts';
import { project } from '../cli/programs.ts';

const pages = readdirSync(project, { recursive: true, encoding: 'utf8' }).filter(
  (path) =>
    /^(?:docs|examples)\/.*\.md$|^[A-Z]+\.md$/.test(path) &&
    !/^docs\/(?:decisions\/|man\/|performance|errors|commands)/.test(path),
);

const PROGRAM = /^\s*(?:\$ )?(?:sudo )?(?:bin\/)?((?:igos|pkm) .*)$/;
/** First lines of files, which look like commands. */
const FORMATS: ReadonlySet<string> = new Set(['igos manifest 1']);
const FENCED = /^```(\w*)\n([\s\S]*?)^```$/gm;

/** What stands in blocks of commands, a line each. */
const typedIn = (text: string): string[] =>
  [...text.matchAll(FENCED)]
    .filter(([, language]) => language === 'sh' || language === 'console')
    .flatMap(([, , block]) => block!.replaceAll('\\\n', '').split('\n'))
    .flatMap((line) => PROGRAM.exec(line)?.[1] ?? []);

/** What stands in backquotes: often without what it is about. */
const namedIn = (text: string): string[] =>
  [...text.replaceAll(FENCED, '').matchAll(/`([^`\n]+)`/g)].flatMap(([, code]) => PROGRAM.exec(code!)?.[1] ?? []);

/** Words as a shell makes them, up to the first that ends a command, without redirections. */
function wordsOf(line: string): string[] {
  const words: string[] = [];
  for (const [, quoted, double, plain] of line.matchAll(/'([^']*)'|"([^"]*)"|([^\s'"]+)/g)) {
    if (plain !== undefined && /^(?:#|\||&&|;)/.test(plain)) break;
    if (plain === undefined || !/^\d?[<>]/.test(plain)) words.push(quoted ?? double ?? plain!);
  }
  return words;
}

/** Without options of all commands that stand before one. */
function commandAt(line: string): { readonly program: 'igos' | 'pkm'; readonly words: readonly string[] } {
  const [program, ...words] = wordsOf(line) as ['igos' | 'pkm', ...string[]];
  while (['--root', '--home', '-r'].includes(words[0] ?? '')) words.splice(0, 2);
  return { program, words };
}

const isGroup = (program: 'igos' | 'pkm', word: string): boolean => groupOf(program, word).length > 0;

/** @returns why nobody could type it, if so */
function refusal(line: string, isWhole: boolean): string | undefined {
  const { program, words } = commandAt(line);
  const [first] = words;
  if (first === undefined || /^-|^[A-Z…]/.test(first) || FORMATS.has(line)) return undefined;
  const found = findCommand(program, isWhole ? words : words.map((word) => word.replace(/^([a-z-]+)\|.*/, '$1')));
  if (found === undefined)
    return isGroup(program, first) && /^-|^$/.test(words[1] ?? '') ? undefined : 'there is no such command';
  const { command, words: rest } = found;
  const shared = sharedOptionsOf(command);
  if (isWhole && !rest.includes('-h') && !rest.includes('--help')) return refusedBy(() => parseArguments(command, shared, rest));
  const known = new Set([...command.options, ...shared].flatMap(({ long, short }) => [`--${long}`, `-${short}`]));
  const options = rest.slice(0, rest.includes('--') ? rest.indexOf('--') : undefined).filter((word) => /^--?[a-z]/.test(word));
  const unknown = options.flatMap(lettersOf).find((word) => !known.has(word));
  return unknown === undefined ? undefined : `there is no option ${unknown}`;
}

/** `-rsS` are three. */
const lettersOf = (word: string): string[] =>
  word.startsWith('--') ? [word.replace(/=.*/, '')] : [...word.slice(1)].map((letter) => `-${letter}`);

function refusedBy(parse: () => unknown): string | undefined {
  try {
    parse();
    return undefined;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return error.message;
  }
}

for (const page of pages) {
  test(`whoever types what ${page} says is understood`, () => {
    const text = readFileSync(join(project, page), 'utf8');
    const wrong = [typedIn(text).map((line) => [line, true] as const), namedIn(text).map((line) => [line, false] as const)]
      .flat()
      .map(([line, isWhole]) => [line, refusal(line, isWhole)])
      .filter(([, why]) => why !== undefined);
    assert.deepEqual(wrong, []);
  });
}
