/** The whole parser of one source. Made for one run; never throws for what is in the text. */
import { type Bytes, bytesToText, Fault, type SourceFile } from '../../base/index.ts';
import * as K from '../kinds.ts';
import { mergeUnique } from '../merge.ts';
import type { Tokens } from '../tokens.ts';
import type { Binding, DeferredBinding, DeferredValue, Expr, FileTree, LambdaExpr, MergedAttrs, Node } from '../tree.ts';
import { ABANDONED, SYNTAX_STOP } from './base.ts';
import { Declarations } from './declarations.ts';
import { LINTS, type Lint, type Lints, pathLint, uriMessage } from './lints.ts';

export interface ParserOptions {
  readonly pipes: boolean;
  readonly declarations: boolean;
  readonly lints: Lints | undefined;
  /** `bindings` stay empty. */
  readonly isForEvaluation: boolean;
  /** Gets what evaluation could leave as text, as `lexAround` takes it. */
  readonly noted?: number[] | undefined;
  /** The text is known to be free of faults, and has gaps. */
  readonly gaps?: Gaps;
}

/** What becomes of gaps. */
export interface Gaps {
  valueAt(place: Node): DeferredValue;
  lambdaAt(head: LambdaExpr, body: Node): LambdaExpr;
}

const NO_BINDINGS: readonly never[] = [];

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

  /** One expression of a text that was parsed before, to the end of its tokens. @throws RangeError the stack is at its end */
  part(): Expr | undefined {
    try {
      const expr = this.expression();
      return this.faults.length === 0 && this.kind === K.End ? expr : undefined;
    } catch (error) {
      if (error !== SYNTAX_STOP && error !== ABANDONED) throw error;
      return undefined;
    }
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

  // ── what stays text ────────────────────────────────────────────────────────────────────────────────────────────────────────

  protected override asWritten(bindings: readonly Binding[]): readonly Binding[] {
    return this.#options.isForEvaluation ? NO_BINDINGS : bindings;
  }

  protected override noteValue(value: Expr, from: number, valueFrom: number): void {
    const { noted } = this.#options;
    if (noted === undefined || !isThunk(value)) return;
    const start = this.starts[valueFrom]!;
    const isPlain = this.kinds[from] === K.Ident && this.source.text.slice(this.ends[from], start).trim() === '=';
    this.#note(value, start, noted, isPlain ? this.starts[from]! : start);
  }

  protected override noteBody(body: Expr, start: number): void {
    const { noted } = this.#options;
    if (noted !== undefined && isPlainBody(body)) this.#note(body, start, noted);
  }

  #note(expr: Expr, start: number, noted: number[], name = start): void {
    const { end } = this;
    // In parentheses it is more than its node.
    if (expr.start !== start || expr.end !== end) return;
    if (end - start < MIN_DEFERRED_BYTES || end - start > MAX_DEFERRED_BYTES) return;
    while (noted.at(-2)! > start) noted.length -= 3;
    noted.push(name, start, end);
  }

  protected override bound(bindings: (Binding | DeferredBinding)[]): void {
    const name = this.at;
    const gap = name + 1;
    this.at += 3;
    // A gap that nobody asked about is refused in the end.
    if (this.kinds[gap + 1] !== K.Semicolon) throw SYNTAX_STOP;
    const value = this.#options.gaps!.valueAt({ start: this.starts[gap]!, end: this.ends[gap]! });
    bindings.push({
      kind: 'deferred',
      attr: { name: this.image(name), value, start: this.starts[name]!, end: this.ends[name]! },
    });
  }

  protected override withGap(head: LambdaExpr, body: Node): LambdaExpr {
    return this.#options.gaps!.lambdaAt(head, body);
  }

  protected override merge(bindings: readonly (Binding | DeferredBinding)[]): MergedAttrs {
    const { gaps } = this.#options;
    return gaps === undefined
      ? super.merge(bindings as readonly Binding[])
      : mergeUnique(bindings, (expr) => (isHole(expr) ? gaps.valueAt(expr) : { kind: 'expr', expr }));
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

const isHole = (expr: Expr): boolean => expr.kind === 'var' && expr.name === '';

/** Shorter ones are parsed as quickly as they are deferred. Longer ones are more than one value mostly: those in them are deferred. */
const MIN_DEFERRED_BYTES = 16;
const MAX_DEFERRED_BYTES = 4096;

/** Whether evaluation makes a thunk of a value, wherever it stands; but for sets, which may meet others of the same name. */
function isThunk({ kind }: Expr): boolean {
  switch (kind) {
    case 'call':
    case 'select':
    case 'has':
    case 'let':
    case 'legacyLet':
    case 'with':
    case 'if':
    case 'assert':
    case 'unary':
    case 'binary':
      return true;
    default:
      return false;
  }
}

/** Whether nobody looks at the body of a function before it is called: not for further arguments, nor because it may make something grow. */
const isPlainBody = (body: Expr): boolean =>
  body.kind !== 'lambda' && !(body.kind === 'binary' && (body.op === '++' || body.op === '//'));
