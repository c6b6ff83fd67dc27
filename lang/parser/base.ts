/**
 * What every part of the parser stands on: where we are, skipping to a place we know, and reports. A fault is dropped where one
 * was reported at the same token or later: the rest of a broken piece is not the user's mistake.
 */
import { Fault, type FaultCode, type Label, type SourceFile } from '../../base/index.ts';
import { type Brackets, pairBrackets } from '../brackets.ts';
import * as K from '../kinds.ts';
import type { Tokens } from '../tokens.ts';
import type { Binding, Expr, LambdaExpr, Node } from '../tree.ts';
import { misreadComment } from './misread-comment.ts';
import { type Expected, tokenName, unexpected } from './token-names.ts';

/** Thrown after a report; carries nothing. */
export const SYNTAX_STOP = { name: 'SyntaxStop' };
/** Thrown where going on is of no use: the stack would end, or there are enough faults. */
export const ABANDONED = { name: 'Abandoned' };

const MAX_FAULTS = 20;
/** Brackets in brackets. Chains (functions, operators, `else if`, …) are loops and have no limit. */
const MAX_DEPTH = 10_000;

export interface ReportDetails {
  readonly hints?: readonly string[];
  /** Instead of the token itself. What is said becomes the text of the first, if it has none. */
  readonly labels?: readonly Label[];
}

export abstract class ParserBase {
  protected readonly source: SourceFile;
  protected readonly tokens: Tokens;
  protected readonly kinds: Uint8Array;
  protected readonly starts: Int32Array;
  protected readonly ends: Int32Array;
  /** Index of the next token. */
  protected at = 0;
  protected depth = 0;
  readonly faults: Fault[] = [];
  /** Where Nix, which stops at the first one, would notice each fault: byte offsets. */
  readonly noticed: number[] = [];
  protected missingInAt = -1;
  #lastReported = -1;
  #brackets: Brackets | undefined;

  constructor(source: SourceFile, tokens: Tokens) {
    this.source = source;
    this.tokens = tokens;
    this.kinds = tokens.kinds;
    this.starts = tokens.starts;
    this.ends = tokens.ends;
  }

  // ── where we are ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The kind of the next token. */
  protected get kind(): number {
    return this.kinds[this.at]!;
  }

  /** Where the next token begins. */
  protected get start(): number {
    return this.starts[this.at]!;
  }

  /** Where the last token ended. */
  protected get end(): number {
    return this.ends[this.at - 1]!;
  }

  protected image(index: number): string {
    return this.tokens.image(index);
  }

  protected enter(): void {
    if (++this.depth <= MAX_DEPTH) return;
    this.reportDepth();
    throw ABANDONED;
  }

  /** What stands for an expression that could not be read, or stays text. */
  protected hole(): Expr {
    return { kind: 'var', name: '', start: this.start, end: this.start };
  }

  // ── what stays text (deferred.ts) ──────────────────────────────────────────────────────────────────────────────────────────

  /** What a tree shows of bindings beside their merged form. */
  protected abstract asWritten(bindings: readonly Binding[]): readonly Binding[];

  /** Told of the value of each binding; `from` and `valueFrom` are the first tokens of both. */
  protected abstract noteValue(value: Expr, from: number, valueFrom: number): void;

  /** Told of the body of each function; `start`: where its first token begins. */
  protected abstract noteBody(body: Expr, start: number): void;

  /** Takes a name and the gap that it is bound to. */
  protected abstract bound(bindings: Binding[]): void;

  /** A function whose body is a gap. */
  protected abstract withGap(head: LambdaExpr, body: Node): LambdaExpr;

  /** A gap: `merge` or `withGap` puts something in its place. */
  protected deferred(): Expr {
    const index = this.at++;
    return { kind: 'var', name: '', start: this.starts[index]!, end: this.ends[index]! };
  }

  /** For the catch blocks of lists: goes on where the error is one of the text that was reported. */
  protected recovered(error: unknown, depth: number): void {
    if (error !== SYNTAX_STOP) throw error;
    this.depth = depth;
  }

  // ── skipping ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

  protected get pairs(): Brackets {
    this.#brackets ??= pairBrackets(this.source, this.tokens);
    return this.#brackets;
  }

  protected isStray(index: number): boolean {
    return K.isCloser(this.kinds[index]!) && !this.pairs.partners.has(index);
  }

  /** Skips to a semicolon, a bracket that closes what is around us, or the end; over whole brackets. */
  protected skipTo(isStop: (kind: number, index: number) => boolean = isSemicolon): void {
    const first = this.at;
    let index = first;
    for (;;) {
      const kind = this.kinds[index]!;
      if (kind === K.End) break;
      if (K.isCloser(kind) && !this.isStray(index)) break;
      if ((index > first || kind === K.Semicolon) && isStop(kind, index)) break;
      const partner = this.pairs.partners.get(index);
      index = partner !== undefined && partner > index ? partner + 1 : index + 1;
    }
    this.at = index;
  }

  protected skipToBinding(): void {
    if (this.missingInAt === this.at) return;
    const { kind } = this;
    if (kind !== K.In && kind !== K.Inherit)
      this.skipTo(
        (found, index) =>
          found === K.Semicolon ||
          found === K.In ||
          found === K.Inherit ||
          (this.kinds[index + 1] === K.Equals && this.beginsLine(index)),
      );
    if (this.kind === K.Semicolon) this.at++;
  }

  /** Skips to the bracket that closes what is around us; gives up where it is missing. */
  protected skipInside(closer: number): Expr {
    this.skipTo();
    if (this.kind !== closer) throw SYNTAX_STOP;
    return this.hole();
  }

  protected beginsLine(index: number): boolean {
    if (index === 0) return true;
    return this.source.text.slice(this.ends[index - 1], this.starts[index]).includes('\n');
  }

  // ── reporting ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * The token at `index` cannot stand there: Nix's sentence about it, and `says` in our words, unless comments are to blame, of which
   * the parser sees nothing.
   */
  protected report(index: number, expected: Expected, code: FaultCode, says: string, details: ReportDetails = {}): void {
    const message = unexpected(this.nameOf(index), expected);
    const mistake = misreadComment(this.source, this.tokens, index);
    if (mistake === undefined) this.reportAt(index, code, message, says, details);
    else {
      this.reportAt(index, mistake.code, message, '', mistake);
      this.#lastReported = Math.max(this.#lastReported, index + 1); // the slash and its star are one
    }
  }

  /** The same under another headline. */
  protected reportAt(index: number, code: FaultCode, message: string, says: string, details: ReportDetails = {}): void {
    if (index <= this.#lastReported) return;
    if (this.faults.length >= MAX_FAULTS) throw ABANDONED;
    this.#lastReported = index;
    const [first, ...others] = details.labels ?? [this.label(index)];
    const isLabelled = first!.text === '';
    this.noticed.push(this.starts[Math.min(index, this.tokens.count - 1)]!);
    this.faults.push(
      new Fault(code, message, {
        labels: [isLabelled ? { ...first!, text: says } : first!, ...others],
        notes: isLabelled || says === '' ? [] : [says],
        hints: details.hints ?? [],
      }),
    );
  }

  /** What Nix calls the token. */
  protected nameOf(index: number): string {
    const kind = this.kinds[index]!;
    const isIndented = kind === K.Text && this.#isInIndented(index);
    return tokenName(kind, this.image(index), isIndented);
  }

  #isInIndented(index: number): boolean {
    let at = index;
    while (at > 0 && (this.kinds[at] === K.Text || this.kinds[at] === K.IndentedEscape)) at--;
    return this.kinds[at] === K.IndentedOpen;
  }

  protected label(index: number, text = ''): Label {
    // the end of the file is shown behind the last token, not on an empty line
    if (this.kinds[index] === K.End && index > 0) return this.labelBehind(Math.min(index, this.tokens.count - 1) - 1, text);
    return this.labelSpan({ start: this.starts[index]!, end: this.ends[index]! }, text);
  }

  protected labelSpan(span: { start: number; end: number }, text = ''): Label {
    return { source: this.source, start: span.start, end: span.end, text };
  }

  /** The place right behind a token, where something is missing. */
  protected labelBehind(index: number, text: string): Label {
    const end = this.ends[index]!;
    return { source: this.source, start: end, end, text };
  }

  reportDepth(): void {
    const index = Math.min(this.at, this.tokens.count - 1);
    this.#lastReported = -1;
    this.reportAt(this.tokens.count, 'E-LANG-023', 'brackets and expressions are nested too deep', '', {
      labels: [this.label(index)],
      hints: ['name inner parts with `let`, or make the generator write flatter text'],
    });
  }

  /** Reports what is wrong in a text that could be parsed: no other error follows from it. */
  protected addCheck(
    code: FaultCode,
    message: string,
    labels: readonly Label[],
    hints: readonly string[] = [],
    at?: number,
  ): void {
    if (this.faults.length >= MAX_FAULTS) return;
    this.noticed.push(at ?? labels[0]!.start);
    this.faults.push(new Fault(code, message, { labels, hints }));
  }
}

const isSemicolon = (kind: number): boolean => kind === K.Semicolon;
