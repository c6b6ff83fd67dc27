/** The whole parser of one source. Made for one run; never throws for what is in the text. */
import { type Bytes, bytesToText, Fault, type SourceFile } from '../../base/index.ts';
import * as K from '../kinds.ts';
import type { Tokens } from '../tokens.ts';
import type { Expr, FileTree } from '../tree.ts';
import { ABANDONED, SYNTAX_STOP } from './base.ts';
import { Declarations } from './declarations.ts';
import { LINTS, type Lint, type Lints, pathLint, uriMessage } from './lints.ts';

export interface ParserOptions {
  readonly pipes: boolean;
  readonly declarations: boolean;
  readonly lints: Lints | undefined;
}

export class Parser extends Declarations {
  readonly warnings: Fault[] = [];
  protected readonly pipes: boolean;
  readonly #options: ParserOptions;

  constructor(source: SourceFile, tokens: Tokens, options: ParserOptions) {
    super(source, tokens);
    this.pipes = options.pipes;
    this.#options = options;
  }

  run(): FileTree {
    let tree: FileTree | undefined;
    try {
      tree = this.#options.declarations ? this.declarationsFile() : this.#expressionFile();
    } catch (error) {
      if (error instanceof RangeError) this.reportDepth();
      else if (error !== SYNTAX_STOP && error !== ABANDONED) throw error;
    }
    return tree ?? { kind: 'expr', expr: { kind: 'var', name: '', start: 0, end: this.source.text.length } };
  }

  #expressionFile(): FileTree {
    let expr: Expr | undefined;
    try {
      expr = this.expression();
    } catch (error) {
      this.recovered(error, 0);
    }
    if (expr !== undefined && this.kind !== K.End) this.reportTextAfterEnd();
    return { kind: 'expr', expr: expr ?? this.hole() };
  }

  // ── lints ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  protected override lintPath(index: number, literal: Bytes): void {
    if (this.#options.lints === undefined) return;
    const found = pathLint(bytesToText(literal));
    if (found !== undefined) this.#lint(found.lint, index, () => found.message, found.hint);
  }

  protected override lintUri(index: number, uri: Bytes): void {
    const message = (isFatal: boolean): string => uriMessage(bytesToText(uri), isFatal);
    this.#lint('urlLiterals', index, message, 'put it in quotes');
  }

  protected override warnShellDefault(index: number, text: Bytes): void {
    const shown = bytesToText(text);
    const hints = [`for the shell write ''\${${shown}} in an indented string, and \\\${${shown}} in a quoted one`];
    const labels = [this.label(index, 'an address without quotes')];
    this.warnings.push(new Fault('E-LANG-034', `'\${${shown}}' is the text '${shown}' here`, { labels, hints }));
  }

  /** Nix warns of it as well, and asks for no setting: once `or` is an ordinary name, these texts will mean something else. */
  protected override warnOr(start: number, index: number): void {
    const text = bytesToText(this.source.text.slice(start, this.ends[index]));
    const message = 'This expression uses `or` as an identifier in a way that will change in a future Nix release';
    const called = this.labelSpan({ start, end: this.ends[index - 1]! }, 'called here');
    const labels = [called, this.label(index, 'with this variable')];
    const hints = [`put all of it in parentheses to keep what it means: '(${text})'`];
    this.warnings.push(new Fault('E-LANG-033', message, { labels, hints }));
  }

  #lint(lint: Lint, index: number, message: (isFatal: boolean) => string, hint: string): void {
    const level = this.#options.lints?.[lint] ?? 'ignore';
    if (level === 'ignore') return;
    const { setting, code } = LINTS[lint];
    const text = `${message(level === 'fatal')} (${setting})`;
    const labels = [this.label(index)];
    if (level === 'fatal') this.addCheck(code, text, labels, [hint]);
    else this.warnings.push(new Fault(code, text, { labels, hints: [hint] }));
  }
}
