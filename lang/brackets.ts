/** Which brackets belong together, also where the text is wrong. Computed only once a file has an error. */
import type { SourceFile } from '../base/index.ts';
import { closers, isCloser, type Token } from './tokens.ts';

export interface Brackets {
  /** Index of the partner of the bracket at a token index; absent where it has none. */
  readonly partners: ReadonlyMap<number, number>;
  /** The first bracket whose partner, by indentation, seems to be another's: that one most likely was forgotten. */
  readonly suspect: Token | undefined;
}

/** Pairs brackets: a closing one closes the nearest opening one of its kind, and those between them are unclosed. */
export function pairBrackets(source: SourceFile, tokens: readonly Token[]): Brackets {
  const partners = new Map<number, number>();
  const open: number[] = [];
  let suspect: Token | undefined;
  tokens.forEach((token, index) => {
    if (closers.has(token.tokenType)) {
      open.push(index);
      return;
    }
    if (!isCloser(token.tokenType)) return;
    const at = open.findLastIndex((opener) => closers.get(tokens[opener]!.tokenType) === token.tokenType);
    if (at === -1) return;
    const opener = open[at]!;
    open.length = at;
    partners.set(opener, index);
    partners.set(index, opener);
    if (suspect === undefined && token.end > token.startOffset && isDedented(source, tokens[opener]!, token))
      suspect = tokens[opener]!;
  });
  return { partners, suspect };
}

/** Whether `close` begins its line and stands further left than the line of `open` begins. */
function isDedented(source: SourceFile, open: Token, close: Token): boolean {
  const closeLine = source.position(close.startOffset).line;
  const openLine = source.position(open.startOffset).line;
  if (closeLine === openLine) return false;
  const text = source.line(closeLine);
  const indent = indentation(text);
  return text[indent] === close.image[0] && indent < indentation(source.line(openLine));
}

const indentation = (line: string): number => line.length - line.trimStart().length;
