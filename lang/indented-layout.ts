/** Moves an indented string with the code around it: its lines are re-indented as far as that cannot change its text. */
import type { Doc } from './doc.ts';
import { block, raw } from './doc.ts';
import * as K from './kinds.ts';
import { commonIndentation, type IndentedPiece, unescapeIndented } from './strings.ts';
import type { TokenDocs } from './token-docs.ts';

const EMPTY = { kind: 'var', name: '', start: 0, end: 0 } as const;

/** Lays out the indented string that the next token opens and that ends at `end`. */
export function layOutIndented(tokens: TokenDocs, end: number): Doc {
  const lines = reindented(tokens, end);
  return tokens.takeVerbatim(end, (text) => (lines === undefined ? raw(text) : block("''", lines)));
}

/**
 * The lines without their common indentation; the last one is empty where the closing quotes stand alone. `undefined` where the
 * string is on one line, begins behind its quotes, or has an escape that Nix counts as indentation.
 */
function reindented(file: TokenDocs, end: number): string[] | undefined {
  if (!file.tokens.image(file.at).endsWith('\n')) return undefined;
  const chunks = topLevel(file, end);
  const pieces = chunks.map((chunk): IndentedPiece => {
    if (chunk.kind === 'code') return EMPTY;
    return { text: chunk.kind === 'text' ? chunk.text : unescapeIndented(chunk.text), isPlain: chunk.kind === 'text' };
  });
  if (pieces.some((piece) => 'text' in piece && !piece.isPlain && /^[ \n]/.test(piece.text))) return undefined;
  const indent = commonIndentation(pieces);
  if (!Number.isFinite(indent)) return undefined;
  const lines = [''];
  chunks.forEach((chunk, index) => {
    if (chunk.kind !== 'text') {
      lines[lines.length - 1] += chunk.text;
      return;
    }
    const isLast = index === chunks.length - 1;
    chunk.text.split('\n').forEach((part, at, parts) => {
      if (at > 0) lines.push('');
      const isLineStart = at > 0 || index === 0;
      if (isLast && at > 0 && at === parts.length - 1 && /^ *$/.test(part)) return; // the blanks before the closing quotes
      const spaces = part.length - part.replace(/^ +/, '').length;
      lines[lines.length - 1] += isLineStart ? part.slice(Math.min(indent, spaces)) : part;
    });
  });
  return lines;
}

interface Chunk {
  readonly kind: 'text' | 'escape' | 'code';
  readonly text: string;
}

/** Literal pieces, escapes, and whole interpolations as they are written, between the quotes. */
function topLevel({ tokens, at }: TokenDocs, end: number): Chunk[] {
  const { kinds, starts, ends } = tokens;
  const chunks: Chunk[] = [];
  for (let i = at + 1; ends[i]! < end; i++) {
    const kind = kinds[i]!;
    if (kind === K.Text) chunks.push({ kind: 'text', text: tokens.image(i) });
    else if (kind === K.IndentedEscape) chunks.push({ kind: 'escape', text: tokens.image(i) });
    else {
      const start = starts[i]!;
      let depth = 0;
      do {
        if (K.isOpener(kinds[i]!)) depth++;
        else if (K.isCloser(kinds[i]!)) depth--;
        i++;
      } while (depth > 0);
      i--;
      chunks.push({ kind: 'code', text: tokens.text.slice(start, ends[i]!) });
    }
  }
  return chunks;
}
