/** Whether an `.igos` file holds declarations or one expression. Asked of its tokens, before it is parsed. */
import { suggest } from '../base/index.ts';
import * as K from './kinds.ts';
import { DECLARATION_WORDS } from './parser/declarations.ts';
import type { Tokens } from './tokens.ts';

/** Whether the tokens are declarations rather than one expression; none at all are zero declarations. */
export function isOfDeclarations(tokens: Tokens): boolean {
  const { kinds, count } = tokens;
  if (kinds[0] === K.End) return true;
  if (kinds[0] !== K.Let) return looksLikeDeclaration(tokens, 0, false);
  let depth = 0;
  let lets = 0;
  for (let i = 1; i < count; i++) {
    const kind = kinds[i]!;
    if (K.isOpener(kind)) depth++;
    else if (K.isCloser(kind)) depth--;
    else if (depth !== 0) continue;
    else if (kind === K.Let) {
      if (kinds[i + 1] !== K.BraceOpen) lets++;
    } else if (kind === K.In && lets-- === 0) {
      return kinds[i + 1] === K.End || looksLikeDeclaration(tokens, i + 1, true);
    }
  }
  return false;
}

function looksLikeDeclaration(tokens: Tokens, at: number, isInLet: boolean): boolean {
  const { kinds } = tokens;
  if (kinds[at] !== K.Ident) return false;
  const first = tokens.image(at);
  const isWord = DECLARATION_WORDS.includes(first) || first === 'split';
  // no expression begins so, but for one that has the name from elsewhere: what follows is said to be wrong, and not passed over
  if (isWord && !isInLet && (kinds[at + 1] === K.Ident || kinds[at + 1] === K.Int)) return true;
  const afterName = kinds[at + 1] === K.Ident ? at + 2 : endOfString(tokens, at + 1);
  if (afterName === undefined) return isWord && kinds[at + 1] === K.BraceOpen && (first === 'tree' || !isInLet);
  if (isWord) return kinds[afterName] === K.BraceOpen || kinds[afterName] === K.StringOpen;
  // a mistyped word: `pakage zlib "1.3" {`
  const afterVersion = endOfString(tokens, afterName) ?? afterName;
  return kinds[afterVersion] === K.BraceOpen && suggest(first, DECLARATION_WORDS) !== undefined;
}

function endOfString({ kinds, count }: Tokens, at: number): number | undefined {
  if (kinds[at] !== K.StringOpen) return undefined;
  let depth = 0;
  for (let i = at; i < count; i++) {
    const kind = kinds[i]!;
    if (K.isOpener(kind)) depth++;
    else if (K.isCloser(kind) && --depth === 0) return i + 1;
  }
  return undefined;
}
