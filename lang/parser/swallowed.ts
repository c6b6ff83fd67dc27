/**
 * Strings that swallowed what follows them. A forgotten quote makes every later string begin where it should end, so the parser
 * stumbles far behind it, at the quote without partner or at the first text of a later string that is no code. Looked for only
 * once a text is wrong: what is taken for a sign here may stand in a right one.
 */
import type { Bytes, Label, SourceFile } from '../../base/index.ts';
import type { Brackets } from '../brackets.ts';
import { isIdStart } from '../chars.ts';
import * as K from '../kinds.ts';
import type { Tokens } from '../tokens.ts';

/** Token indices of the quotes around it. */
export interface Swallowing {
  readonly open: number;
  readonly close: number;
  /** Whether it looks like nothing else; else it may be a quote within a string that should be escaped. */
  readonly isSure: boolean;
}

/** The first string that ends where another should begin; those that are not sure only if `isUnsureToo`. Cost: linear. */
export function findSwallowing(tokens: Tokens, pairs: Brackets, isUnsureToo: boolean): Swallowing | undefined {
  const { text, kinds, starts, ends } = tokens;
  let unsure: Swallowing | undefined;
  for (let close = 0; close < tokens.count; close++) {
    const kind = kinds[close];
    if (kind !== K.StringClose && kind !== K.IndentedClose) continue;
    const open = pairs.partners.get(close);
    if (open === undefined) continue;
    const inside = text.slice(ends[open], starts[close]);
    const behind = text.slice(ends[close], ends[close]! + 2);
    const isSure =
      kind === K.StringClose
        ? isGlued(behind) && (inside.includes('\n') || STATEMENT.test(inside))
        : inside.includes('\n') && CODE.test(inside.slice(inside.lastIndexOf('\n')));
    if (isSure) return { open, close, isSure };
    if (isUnsureToo && kind === K.StringClose && isIdStart(behind.charCodeAt(0))) unsure ??= { open, close, isSure };
  }
  return unsure;
}

/** What code stands before an opening quote. */
const CODE = /[=([+]\s*$/;
/** The same behind another binding. */
const STATEMENT = /;[^;]*[=([+]\s*$/;

/** Whether what follows a closing quote would be odd in code: text of a string. */
const isGlued = (behind: Bytes): boolean => /^(?:[\w\-.~%^\\@$("']|\/(?!\*))/.test(behind) && !/^\.[a-z"$]/.test(behind);

/** The story of such a string: where it began, and where it ended instead. */
export function swallowingLabels(source: SourceFile, { starts, ends }: Tokens, { open, close }: Swallowing): [Label, Label] {
  const at = (index: number, text: string): Label => ({ source, start: starts[index]!, end: quoteEnd(index), text });
  // the quotes of an indented string take the rest of a blank line with them
  const quoteEnd = (index: number): number => Math.min(ends[index]!, starts[index]! + (isLong(index) ? 2 : 1));
  const isLong = (index: number): boolean => source.text.charCodeAt(starts[index]!) === 0x27;
  return [at(open, 'this string began here'), at(close, 'and ended here, where another one seems to begin')];
}

/** Where the quote belongs. */
export function swallowingHints({ text, kinds, starts, ends }: Tokens, { open, close, isSure }: Swallowing): string[] {
  if (kinds[open] === K.IndentedOpen) return ["close it with two quotes: ''", "two quotes within it are written '''"];
  const line = text.slice(ends[open], starts[close]).split('\n', 1)[0]!;
  const isDoubled = kinds[open - 1] === K.StringClose && ends[open - 1] === starts[open];
  return [
    ...(isDoubled ? ['remove it: the quote before it ended a string'] : []),
    /[^\])}]\s*;/.test(line) ? `close it with '"' before the ';'` : `close it with '"'`,
    ...(isSure ? [] : [`a quote within a string is written '\\"'`]),
  ];
}
