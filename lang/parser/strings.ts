/** Strings, paths and what is interpolated in them. */
import type { Bytes, FaultCode } from '../../base/index.ts';
import * as K from '../kinds.ts';
import { type IndentedPiece, pushText, stripIndentation, unescapeIndented, unescapeQuoted } from '../strings.ts';
import type { Expr, PathExpr, StringExpr } from '../tree.ts';
import { SYNTAX_STOP } from './base.ts';
import { Recovery } from './recovery.ts';
import { findSwallowing, swallowingHints, swallowingLabels } from './swallowed.ts';
import { EXPECT, type Expected } from './token-names.ts';

const NO_PARTS: readonly never[] = [];

export abstract class Strings extends Recovery {
  protected abstract expression(): Expr;

  /** `"…"` */
  protected string(): StringExpr {
    const open = this.at++;
    const start = this.starts[open]!;
    if (this.kind === K.Text && this.kinds[this.at + 1] === K.StringClose) {
      const parts = [unescapeQuoted(this.image(this.at))];
      this.at += 2;
      return { kind: 'string', parts, style: 'quoted', start, end: this.end };
    }
    const parts: (Bytes | Expr)[] = [];
    for (;;) {
      const { kind } = this;
      if (kind === K.Text) parts.push(unescapeQuoted(this.image(this.at++)));
      else if (kind === K.Interpolation) parts.push(this.interpolation());
      else break;
    }
    if (this.kind === K.StringClose) this.at++;
    else this.reportUnclosedText(open, this.at, EXPECT.quote);
    return { kind: 'string', parts: parts.length === 0 ? NO_PARTS : parts, style: 'quoted', start, end: this.end };
  }

  /** `''…''` */
  protected indentedString(): StringExpr {
    const open = this.at++;
    const pieces: IndentedPiece[] = [];
    for (;;) {
      const { kind } = this;
      if (kind === K.Text) pieces.push({ text: this.image(this.at++), isPlain: true });
      else if (kind === K.IndentedEscape) pieces.push({ text: unescapeIndented(this.image(this.at++)), isPlain: false });
      else if (kind === K.Interpolation) pieces.push(this.interpolation());
      else break;
    }
    if (this.kind === K.IndentedClose) this.at++;
    else this.reportUnclosedText(open, this.at, EXPECT.indentedPart);
    return { kind: 'string', parts: stripIndentation(pieces), style: 'indented', start: this.starts[open]!, end: this.end };
  }

  protected path(): PathExpr {
    const open = this.at++;
    const start = this.starts[open]!;
    const first = this.image(open);
    this.lintPath(open, first);
    const parts: (Bytes | Expr)[] = [first];
    for (;;) {
      const { kind } = this;
      if (kind === K.Text) pushText(parts, this.image(this.at++));
      else if (kind === K.Interpolation) parts.push(this.interpolation());
      else break;
    }
    const index = this.at;
    if (this.kind === K.PathEnd) {
      this.at++;
      if (this.source.text.charCodeAt(this.starts[index]! - 1) === 0x2f)
        this.#reportPath(open, index, 'path has a trailing slash', 'a path cannot end in a slash', ['remove the last slash']);
      else if (parts.length === 1 && first.length < this.starts[index]! - start)
        this.#reportPath(
          open,
          index,
          `syntax error, unexpected end of path, expecting ${EXPECT.interpolation}`,
          'a path cannot contain two slashes in a row',
          ['write one slash', "for the update operator '//' put blanks around it"],
        );
    }
    return { kind: 'path', parts, start, end: this.end };
  }

  #reportPath(open: number, index: number, message: string, says: string, hints: string[]): void {
    const span = { start: this.starts[open]!, end: this.ends[index]! };
    this.addCheck('E-LANG-016', message, [this.labelSpan(span, says)], hints);
  }

  protected abstract lintPath(index: number, literal: Bytes): void;

  /** `${ … }` */
  protected interpolation(): Expr {
    const open = this.at++;
    const expr = this.inside(K.BraceClose);
    this.closing(K.BraceClose, open, EXPECT.brace);
    return expr;
  }

  /** An expression between brackets; where it is broken, what is before the closing one is skipped. */
  protected inside(closer: number): Expr {
    const { depth } = this;
    try {
      return this.expression();
    } catch (error) {
      this.recovered(error, depth);
      return this.skipInside(closer);
    }
  }

  // ── strings without end ────────────────────────────────────────────────────────────────────────────────────────────────────

  protected override reportUnclosedText(open: number, index: number, expected: Expected): void {
    const swallowing = findSwallowing(this.tokens, this.pairs, true);
    const interpolation = this.#unclosedInterpolation(swallowing?.open ?? open) ?? this.#unclosedInterpolation(open);
    if (interpolation === undefined && swallowing !== undefined && this.kinds[open] === this.kinds[swallowing.open]) {
      this.report(index, expected, 'E-LANG-005', '', {
        labels: swallowingLabels(this.source, this.tokens, swallowing),
        hints: swallowingHints(this.tokens, swallowing),
      });
    } else {
      const culprit = interpolation ?? open;
      const [code, says, length, hints] = unclosedText(this.kinds[culprit]!, this.source.text.slice(this.ends[culprit]));
      const start = this.starts[culprit]!;
      this.report(index, expected, code, says, {
        labels: [this.labelSpan({ start, end: start + length }, 'opened here')],
        hints,
      });
    }
    throw SYNTAX_STOP;
  }

  /**
   * The interpolation without end that is around a string which plainly is none: in `"${name"` the last quote opens one within the
   * interpolation, as does a `''` that begins a line. What is missing is the `}` before it.
   */
  #unclosedInterpolation(open: number): number | undefined {
    if (this.kinds[open] === K.Interpolation) return open;
    const around = this.#openAround(open);
    if (around === undefined || this.kinds[around] !== K.Interpolation) return undefined;
    const isSameLine = !this.source.text.slice(this.ends[around], this.starts[open]).includes('\n');
    return isSameLine || (this.kinds[open] === K.IndentedOpen && this.beginsLine(open)) ? around : undefined;
  }

  /** The bracket without end that is around the one at `index`. */
  #openAround(index: number): number | undefined {
    for (let at = index - 1; at >= 0; at--) if (K.isOpener(this.kinds[at]!) && !this.pairs.partners.has(at)) return at;
    return undefined;
  }
}

/** `rest`: what follows the opening quotes. */
function unclosedText(kind: number, rest: Bytes): [code: FaultCode, says: string, length: number, hints: string[]] {
  if (kind === K.Interpolation) {
    const hints = ["close it with '}'", "for a literal '${' write '\\${', in an indented string \"''${\""];
    return ['E-LANG-007', "this '${' is never closed", 2, hints];
  }
  if (kind === K.IndentedOpen) return ['E-LANG-005', 'this indented string is never closed', 2, ["close it with two quotes: ''"]];
  const escaped = rest.includes('\\"') ? [`'\\"' is a quote within it, and does not end it`] : [];
  return ['E-LANG-005', 'this string is never closed', 1, ["close it with '\"'", ...escaped]];
}
