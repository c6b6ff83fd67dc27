/** Comments that end nowhere, or too early: the lexer leaves a slash and a star behind, at which the parser stumbles. */
import type { FaultCode, Label, SourceFile } from '../../base/index.ts';
import * as K from '../kinds.ts';
import type { Tokens } from '../tokens.ts';

/** What there is to say of the token at `index`, if it is the rest of such a comment. */
export function misreadComment(
  source: SourceFile,
  tokens: Tokens,
  index: number,
): { code: FaultCode; labels: Label[]; hints: string[] } | undefined {
  const { kinds, starts } = tokens;
  const label = (start: number, text: string): Label => ({ source, start, end: start + 2, text });
  const slash = kinds[index] === K.Divide ? index : index - 1;
  if (kinds[slash] === K.Divide && kinds[slash + 1] === K.Invalid && source.text.startsWith('/*', starts[slash])) {
    return {
      code: 'E-LANG-006',
      labels: [label(starts[slash]!, 'this comment is never closed')],
      hints: ["close it with '*/'"],
    };
  }
  const [start, end] = blockCommentBefore(tokens, starts[index]!);
  const isNested = source.text.slice(start + 2, end).includes('/*');
  const star = strayEnd(tokens, index, isNested);
  if (star === undefined) return undefined;
  return {
    code: 'E-LANG-004',
    labels: [
      label(starts[star]!, 'this closes no comment'),
      ...(isNested ? [label(start, 'this comment'), label(end - 2, 'ended here, as comments do not nest')] : []),
    ],
    hints: [isNested ? "remove the '/*' and '*/' inside of it" : "open it with '/*', or remove it"],
  };
}

/** The star of a comment end that ends none, at `index` or behind it on its line. */
function strayEnd({ text, kinds, starts, ends }: Tokens, index: number, isBehindToo: boolean): number | undefined {
  for (let star = Math.max(index - 1, 0); kinds[star] !== K.End; star++) {
    const isEnd = kinds[star] === K.Times && kinds[star + 1] === K.Divide && ends[star] === starts[star + 1];
    if (isEnd) return star;
    if (star >= index && (!isBehindToo || text.slice(ends[star], starts[star + 1]).includes('\n'))) return undefined;
  }
  return undefined;
}

/** Where the nearest one begins and ends; nowhere, if there is none. */
function blockCommentBefore({ text, commentPlaces }: Tokens, at: number): [start: number, end: number] {
  for (let i = commentPlaces.length - 2; i >= 0; i -= 2) {
    const start = commentPlaces[i]!;
    if (start < at && text.startsWith('/*', start)) return [start, commentPlaces[i + 1]!];
  }
  return [0, 0];
}
