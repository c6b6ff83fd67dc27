/** Comments that document what stands below them. */
import { bytesToText } from '../../base/index.ts';
import { docCommentAt } from '../../eval/index.ts';
import type { Expr } from '../../lang/index.ts';
import type { File } from './files.ts';

/** What is written about a binding: above it, or as a documentation comment before its value. */
export function commentOn(file: File, start: number, value: Expr | undefined): string | undefined {
  const above = commentAbove(file, start);
  return above ?? (value && docCommentAt({ source: file.source, start: value.start, end: value.end }));
}

/** The comments directly above an offset's line, or before it on its line, without their marks; Markdown. Blank lines end them. */
export function commentAbove(file: File, offset: number): string | undefined {
  const { comments } = file.parsed;
  const found: string[] = [];
  let at = file.text.lastIndexOf('\n', offset - 1) + 1;
  if (file.text.slice(at, offset).trim() !== '') at = offset;
  for (let index = comments.findLastIndex((each) => each.end <= at); index >= 0; index--) {
    const comment = comments[index]!;
    const between = file.text.slice(comment.end, at);
    const lineStart = file.text.lastIndexOf('\n', comment.start - 1) + 1;
    const isAlone = file.text.slice(lineStart, comment.start).trim() === '';
    if (between.trim() !== '' || /\n[ \t\r]*\n/.test(between) || !isAlone) break;
    found.unshift(strip(comment.text));
    at = lineStart;
  }
  const text = bytesToText(found.join('\n')).trim();
  return text === '' ? undefined : text;
}

function strip(comment: string): string {
  if (comment.startsWith('#')) return comment.replace(/^#+ ?/, '');
  return comment
    .replace(/^\/\*+/, '')
    .replace(/\*+\/$/, '')
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, '').replace(/^\s+/, ''))
    .join('\n')
    .trim();
}
