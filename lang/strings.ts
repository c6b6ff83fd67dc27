/** Literal text of strings: escapes resolved, indentation stripped, exactly as Nix does. */
import type { Bytes } from '../base/index.ts';
import type { Expr } from './tree.ts';

const ESCAPE = /\\([\s\S])|\r\n?/g;
const ESCAPED: Record<string, string> = { n: '\n', r: '\r', t: '\t' };

/** The text of a `"…"` piece: `\n \r \t`, `\x` = x, and line ends as `\n`. */
export const unescapeQuoted = (raw: Bytes): Bytes =>
  raw.includes('\\') || raw.includes('\r')
    ? raw.replace(ESCAPE, (_, character: string | undefined) =>
        character === undefined ? '\n' : (ESCAPED[character] ?? character),
      )
    : raw;

/** The text of an escape in an indented string: `''$`, `'''`, `''\x`, or a lone `$` or `'`. */
export function unescapeIndented(raw: Bytes): Bytes {
  if (raw === "''$") return '$';
  if (raw === "'''") return "''";
  return raw.length === 4 ? unescapeQuoted(raw.slice(2)) : raw;
}

/** A piece of an indented string. `isPlain`: its blanks count as indentation (escapes do not). */
export type IndentedPiece = { readonly text: Bytes; readonly isPlain: boolean } | Expr;

const isText = (piece: IndentedPiece): piece is { readonly text: Bytes; readonly isPlain: boolean } => 'text' in piece;

/** Removes the common indentation. Only spaces indent; lines of blanks alone do not count; a last line of spaces is dropped. */
export function stripIndentation(pieces: readonly IndentedPiece[]): (Bytes | Expr)[] {
  const indent = commonIndentation(pieces);
  const parts: (Bytes | Expr)[] = [];
  let isLineStart = true;
  let dropped = 0;
  pieces.forEach((piece, index) => {
    if (!isText(piece)) {
      isLineStart = false;
      dropped = 0;
      parts.push(piece);
      return;
    }
    let out = '';
    const { text } = piece;
    let at = 0;
    while (at < text.length) {
      if (isLineStart) {
        const code = text.charCodeAt(at);
        if (code === 0x20) {
          if (dropped++ >= indent) out += ' ';
          at++;
          continue;
        }
        dropped = 0;
        if (code !== 0x0a) isLineStart = false;
        else {
          out += '\n';
          at++;
          continue;
        }
      }
      const newline = text.indexOf('\n', at);
      const end = newline === -1 ? text.length : newline + 1;
      out += text.slice(at, end);
      if (newline !== -1) isLineStart = true;
      at = end;
    }
    if (index === pieces.length - 1) {
      const newline = out.lastIndexOf('\n');
      if (newline !== -1 && /^ *$/.test(out.slice(newline + 1))) out = out.slice(0, newline + 1);
    }
    if (out !== '') pushText(parts, out);
  });
  // a lone literal in an interpolation is the string itself
  const [only] = parts;
  if (parts.length === 1 && typeof only === 'object' && only.kind === 'string' && only.parts.every((part) => typeof part === 'string')) {
    return [...only.parts];
  }
  return parts;
}

/** Appends literal text, joined to a literal before it. */
export function pushText(parts: (Bytes | Expr)[], text: Bytes): void {
  const last = parts.at(-1);
  if (typeof last === 'string') parts[parts.length - 1] = last + text;
  else parts.push(text);
}

/** The least indentation of a line that is not blank; `Infinity` where all are. */
export function commonIndentation(pieces: readonly IndentedPiece[]): number {
  let least = Number.POSITIVE_INFINITY;
  let current = 0;
  let isLineStart = true;
  for (const piece of pieces) {
    if (!isText(piece) || !piece.isPlain) {
      if (isLineStart) {
        isLineStart = false;
        least = Math.min(least, current);
      }
      continue;
    }
    const { text } = piece;
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (isLineStart) {
        if (code === 0x20) current++;
        else if (code === 0x0a) current = 0;
        else {
          isLineStart = false;
          least = Math.min(least, current);
        }
      } else {
        at = text.indexOf('\n', at);
        if (at === -1) break;
        isLineStart = true;
        current = 0;
      }
    }
  }
  return least;
}
