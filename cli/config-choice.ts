/** One conflict of configuration on a terminal, drawn by ink on stderr: the difference, and a key for each way out. */
import { Box, render, Text, useInput } from 'ink';
import { createElement as h, type ReactElement } from 'react';
import { printable } from '../base/index.ts';

export type Answer = 'mine' | 'theirs' | 'merged' | 'edit' | 'skip' | 'quit';

export interface Question {
  readonly title: string;
  /** Lines as `diff -u` prints them: from the user's version to the package's. */
  readonly diff: readonly string[];
  readonly colored: boolean;
}

const KEYS: Readonly<Record<string, Answer>> = { m: 'mine', t: 'theirs', b: 'merged', e: 'edit', s: 'skip', q: 'quit' };
const HELP = ['[m] keep mine', "[t] take the package's", '[b] both, merged', '[e] edit', '[s] skip', '[q] quit'];

/** The help in lines of so many columns. A key and what it does stay together where that is possible. */
export function helpLines(columns: number): string[] {
  const lines: string[] = [];
  for (const key of HELP) {
    const longer = `${lines.at(-1)}  ${key}`;
    if (lines.length > 0 && longer.length <= columns) lines[lines.length - 1] = longer;
    else lines.push(key);
  }
  return lines;
}

/** What is said of lines that do not fit, and what the shell needs. */
const MORE_LINES = 3;

/** Waits for one of the keys. Ctrl-C is `quit`. */
export function askChoice(question: Question): Promise<Answer> {
  return new Promise((resolve) => {
    let answer: Answer = 'quit';
    const app = render(
      h(Choice, {
        question,
        answered(given: Answer) {
          answer = given;
          app.unmount();
        },
      }),
      { stdout: process.stderr as NodeJS.WriteStream, patchConsole: false, exitOnCtrlC: true },
    );
    void app.waitUntilExit().then(
      () => resolve(answer),
      () => resolve('quit'),
    );
  });
}

function Choice({ question, answered }: { question: Question; answered: (answer: Answer) => void }): ReactElement {
  useInput((input) => {
    const answer = KEYS[input.toLowerCase()];
    if (answer !== undefined) answered(answer);
  });
  // A terminal that was told of no size says 0.
  const [columns, rows] = [process.stderr.columns || 80, process.stderr.rows || 24];
  const title = printable(question.title);
  const help = helpLines(columns);
  const room = Math.max(5, rows - Math.ceil(title.length / columns) - help.length - MORE_LINES);
  const shown = question.diff.slice(0, room);
  const hidden = question.diff.length - shown.length;
  return h(
    Box,
    { flexDirection: 'column' },
    h(Text, { bold: true }, title),
    ...shown.map((line, index) => h(Text, { key: index, wrap: 'truncate', ...colorOf(line, question.colored) }, printable(line))),
    ...(hidden > 0 ? [h(Text, { key: 'more', dimColor: true, wrap: 'truncate' }, `… ${hidden} more: pkm config diff`)] : []),
    ...help.map((line) => h(Text, { key: line }, line)),
  );
}

function colorOf(line: string, isColored: boolean): { color?: string } {
  if (!isColored) return {};
  if (line.startsWith('+')) return { color: 'green' };
  if (line.startsWith('-')) return { color: 'red' };
  return line.startsWith('@@') ? { color: 'cyan' } : {};
}
