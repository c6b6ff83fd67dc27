/** Shell text of plain commands as words: what tells `./configure --prefix=/usr` from a script that only contains it. */
import { scanShell, without } from './shell-scan.ts';

/** Stand-ins for variables inside words; no text that is read holds them. */
export const VERSION_MARK = '\u0001';
export const JOBS_MARK = '\u0002';
export const DESTDIR_MARK = '\u0003';
export const FOLDER_MARK = '\u0004';

const MARKS: Readonly<Record<string, string>> = {
  version: VERSION_MARK,
  PKG_VERSION: VERSION_MARK,
  IGOS_JOBS: JOBS_MARK,
  DESTDIR: DESTDIR_MARK,
  PWD: FOLDER_MARK,
};
const PLAIN = /[A-Za-z0-9_./+=,:@%^-]/;

/** One list of words a line, or undefined where a line is more than a command with literal words and the variables above. */
export function simpleCommands(text: string): readonly (readonly string[])[] | undefined {
  const code = without(text, scanShell(text).comments);
  const commands: (readonly string[])[] = [];
  for (const line of code.replace(/\\\n/g, ' ').split('\n')) {
    if (line.trim() === '') continue;
    const words = wordsOf(line);
    if (words === undefined) return undefined;
    commands.push(words);
  }
  return commands;
}

function wordsOf(line: string): readonly string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let at = 0;
  while (at < line.length) {
    const character = line[at]!;
    if (character === ' ' || character === '\t') {
      if (word !== undefined) words.push(word);
      word = undefined;
      at++;
    } else if (character === "'") {
      const end = line.indexOf("'", at + 1);
      if (end === -1) return undefined;
      word = (word ?? '') + line.slice(at + 1, end);
      at = end + 1;
    } else if (character === '"') {
      const end = line.indexOf('"', at + 1);
      if (end === -1) return undefined;
      const inside = expand(line.slice(at + 1, end));
      if (inside === undefined) return undefined;
      word = (word ?? '') + inside;
      at = end + 1;
    } else if (character === '$') {
      const match = /^\$(?:\{(\w+)\}|(\w+))/.exec(line.slice(at));
      const mark = match === null ? undefined : MARKS[(match[1] ?? match[2])!];
      if (match === null || mark === undefined) return undefined;
      word = (word ?? '') + mark;
      at += match[0].length;
    } else if (PLAIN.test(character)) {
      word = (word ?? '') + character;
      at++;
    } else return undefined;
  }
  if (word !== undefined) words.push(word);
  return words;
}

function expand(text: string): string | undefined {
  if (/[\\`]/.test(text)) return undefined;
  let isKnown = true;
  const out = text.replace(/\$(?:\{(\w+)\}|(\w+)|(.?))/g, (_, braced?: string, bare?: string) => {
    const mark = MARKS[braced ?? bare ?? ''];
    if (mark === undefined) isKnown = false;
    return mark ?? '';
  });
  return isKnown ? out : undefined;
}
