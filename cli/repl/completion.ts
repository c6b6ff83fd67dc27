/** What Tab offers: commands, names in scope, attributes of what stands before the last dot, fields of declarations, files. */
import { readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { bytesToText, compareBytes, printable, SourceFile, textToBytes } from '../../base/index.ts';
import { Attrs, declarationTopics } from '../../eval/index.ts';
import { parse, printName } from '../../lang/index.ts';
import { userHome } from '../user-home.ts';
import { findReplCommand, replCommands } from './commands.ts';
import type { Repl } from './repl.ts';

/** What can stand for `word`, the end of the line before the cursor. Each of `matches` begins with it. */
export interface Completion {
  readonly matches: readonly string[];
  readonly word: string;
}

/**
 * Evaluates only names and attribute paths, silently; what goes wrong means that nothing is offered.
 *
 * @param before  lines of the same input
 */
export function complete(repl: Repl, line: string, before = ''): Completion {
  const { matches, word } = completeAll(repl, line, before);
  return { matches: matches.filter((match) => printable(match) === match), word };
}

/** Names of files and attributes are whatever somebody made: those that nobody can type are dropped above. */
function completeAll(repl: Repl, line: string, before: string): Completion {
  const command = before === '' ? /^\s*(:\S*)(\s+)?/.exec(line) : null;
  if (command !== null && command[2] === undefined) {
    const word = command[1]!;
    return matching(
      word,
      replCommands.flatMap((each) => each.names.map((name) => `${name}${each.argument === '' ? '' : ' '}`)),
    );
  }
  const takes = command === null ? 'expression' : findReplCommand(command[1]!)?.takes;
  if (takes === 'path') return completePath(repl, line.slice(command![0].length));
  if (takes === 'word') return matching(line.slice(command![0].length), ['on', 'off']);
  if (takes !== 'expression' && takes !== 'topic') return { matches: [], word: '' };
  const file = /(?:^|[\s([{=])((?:\.{0,2}|~)\/[^\s;)\]}"']*)$/.exec(line)?.[1];
  if (file !== undefined) return completePath(repl, file);
  const word = /(?:[A-Za-z_"][\w'."-]*)?$/.exec(line)![0];
  if (word === '' && /[.'"]$/.test(line)) return { matches: [], word };
  const topics = takes === 'topic' && /^\s*:\S+\s+\S*$/.test(line) ? completeTopic(word) : [];
  const local = word.includes('.') ? [] : namesBoundIn(before + line).filter((name) => name.startsWith(word));
  return { matches: [...new Set([...topics, ...local, ...completeName(repl, word)])], word };
}

function completeName(repl: Repl, word: string): string[] {
  const { world } = repl;
  const dot = word.lastIndexOf('.');
  if (dot === -1) {
    const names = new Set([...world.scope.names.map(bytesToText), ...world.interpreter.ctx.globals.keys()]);
    // the builtins' own second names are offered only to who begins to write one
    return [...names]
      .filter((name) => name.startsWith(word) && (word.startsWith('__') || !name.startsWith('__')))
      .sort(compareBytes);
  }
  const prefix = word.slice(0, dot);
  const source = new SourceFile('<completion>', textToBytes(prefix));
  const { tree, diagnostics } = parse(source, { kind: 'expr' });
  if (diagnostics.length > 0 || tree.kind !== 'expr' || (tree.expr.kind !== 'var' && tree.expr.kind !== 'select')) return [];
  const { expr } = tree;
  const names = world.silently(() => {
    try {
      const value = repl.evaluate(() => world.evaluate({ source, expr }));
      return value instanceof Attrs ? value.names : [];
    } catch {
      return [];
    }
  });
  return names.map((name) => `${prefix}.${bytesToText(printName(name))}`).filter((name) => name.startsWith(word));
}

/** Names that the text itself seems to bind: `x =`, `x:`, `{ x, y ? 1 }`. */
const namesBoundIn = (text: string): string[] =>
  [...text.matchAll(/([A-Za-z_][\w'-]*)\s*(?:=(?!=)|:(?!\/)|[,@]|\?)/g)].map((match) => match[1]!);

function completeTopic(word: string): string[] {
  const dot = word.lastIndexOf('.');
  const prefix = dot === -1 ? '' : word.slice(0, dot);
  return declarationTopics(prefix)
    .map((name) => (prefix === '' ? name : `${prefix}.${name}`))
    .filter((name) => name.startsWith(word));
}

/** A folder ends in '/'. Hidden files are offered only to who begins to write one. */
function completePath(repl: Repl, word: string): Completion {
  const slash = word.lastIndexOf('/');
  const typed = word.slice(0, slash + 1);
  const folder = resolve(repl.context.workingDirectory, typed.replace(/^~(?=\/)/, userHome()) || '.');
  const begun = word.slice(slash + 1);
  try {
    const names = readdirSync(folder).filter(
      (name) => name.startsWith(begun) && (begun.startsWith('.') || !name.startsWith('.')),
    );
    return { matches: names.sort(compareBytes).map((name) => `${typed}${name}${isFolder(join(folder, name)) ? '/' : ''}`), word };
  } catch {
    return { matches: [], word };
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

const matching = (word: string, all: readonly string[]): Completion => ({
  matches: all.filter((each) => each.startsWith(word)),
  word,
});
