/** `igos fmt`: one layout for a tree, whatever the blanks of its source. Tokens and comments stay as they are. */
import { type Bytes, Fault, SourceFile } from '../base/index.ts';
import { render } from './doc.ts';
import { layOutFile } from './layout.ts';
import { parseTokens, type SourceKind } from './parse.ts';
import { TokenDocs } from './token-docs.ts';

export interface FormatResult {
  /** The source as it was where `diagnostics` is not empty. Else ends in one newline; empty for a source without tokens and comments. */
  readonly text: Bytes;
  readonly diagnostics: readonly Fault[];
}

const WIDTH = 100;
/**
 * A comment may move to another token once, which can change a line break; a set that had to break is one that is written on several
 * lines the next time, which can change what is around it. Two rounds settle that in practice, and one shows it where it was settled.
 */
const ROUNDS = 5;

/** Formats a source: two blanks a level, one binding a line, at most 100 bytes a line behind its indentation where that is possible. Idempotent. */
export function format(source: SourceFile, kind: SourceKind = 'expr'): FormatResult {
  let { text } = source;
  for (let round = 0; round < ROUNDS; round++) {
    const current = round === 0 ? source : new SourceFile(source.name, text);
    const { tree, tokens, diagnostics } = parseTokens(current, { kind, pipes: true });
    if (diagnostics.length > 0) return { text: source.text, diagnostics };
    let rendered: string;
    try {
      rendered = render(layOutFile(tree, new TokenDocs(tokens)), WIDTH);
    } catch (error) {
      if (error instanceof RangeError) return { text: source.text, diagnostics: [tooDeep(source)] };
      throw error;
    }
    const next = rendered.trim() === '' ? '' : `${rendered.replace(/^\n+/, '').trimEnd()}\n`;
    if (next === text) return { text, diagnostics };
    text = next;
  }
  return { text, diagnostics: [] };
}

/** A chain of operators that the parser takes in its stride can be too long for the layout, which recurses. */
const tooDeep = (source: SourceFile): Fault =>
  new Fault('E-LANG-023', 'expressions are nested too deep to be formatted', {
    labels: [{ source, start: 0, end: 0, text: '' }],
    hints: ['name inner parts with `let`; a generated file needs no formatting'],
  });
