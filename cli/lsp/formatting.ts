/** The formatter's result as few edits as are easily found: the lines between what is alike at both ends. */
import type { TextEdit } from 'vscode-languageserver-protocol/node';
import { bytesToText } from '../../base/index.ts';
import { format } from '../../lang/index.ts';
import type { File } from './files.ts';

/** Empty where nothing changes, or the file has syntax errors. */
export function formatting(file: File): TextEdit[] {
  const { text, diagnostics } = format(file.source, file.kind);
  if (diagnostics.length > 0 || text === file.text) return [];
  const before = linesOf(file.text);
  const after = linesOf(text);
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head++;
  let tail = 0;
  while (
    tail < before.length - head &&
    tail < after.length - head &&
    before[before.length - 1 - tail] === after[after.length - 1 - tail]
  )
    tail++;
  const start = lengthOf(before.slice(0, head));
  const end = file.text.length - lengthOf(before.slice(before.length - tail));
  return [{ range: file.range({ start, end }), newText: bytesToText(after.slice(head, after.length - tail).join('')) }];
}

const linesOf = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
const lengthOf = (lines: readonly string[]): number => lines.reduce((sum, line) => sum + line.length, 0);
