/**
 * Large sources for evaluation: of ten thousand packages in one file a program uses some dozen. What the others are bound to can stay
 * text, if it is known already that there is no mistake in it: where such values stand is noted when the source is first parsed
 * (`noted`), kept by whoever can keep something, and passed over from then on (`parseAround`).
 */
import { Bug, type SourceFile } from '../base/index.ts';
import { lexAround, lexPart } from './lexer.ts';
import { Parser } from './parser/parser.ts';
import { Tokens } from './tokens.ts';
import type { DeferredValue, Expr, LambdaExpr, Node, Param } from './tree.ts';

/** How many tokens a deferred value may be expected to have. */
const FEW_TOKENS = 256;

/**
 * The expression of a source that is free of faults and warnings.
 *
 * @param gaps  what stays text, as noted of this very source (`lexAround`)
 * @returns     `undefined` where that cannot have been noted of it
 */
export function parseAround(source: SourceFile, gaps: Int32Array, pipes: boolean): Expr | undefined {
  if (gaps.length % 3 !== 0) return undefined;
  const text = new DeferringText(source, pipes);
  let passed = 0;
  const valueAt = ({ start, end }: Node): Value => {
    passed += 3;
    return new Value(text, start, end);
  };
  const lambdaAt = (head: LambdaExpr, body: Node): LambdaExpr => new Lambda(head, valueAt(body));
  const parser = new Parser(source, lexAround(source.text, gaps), { ...text.options, gaps: { valueAt, lambdaAt } });
  const tree = parser.run();
  return tree.kind === 'expr' && parser.faults.length === 0 && passed === gaps.length ? tree.expr : undefined;
}

class DeferringText {
  readonly source: SourceFile;
  readonly options: {
    readonly pipes: boolean;
    readonly declarations: false;
    readonly lints: undefined;
    readonly isForEvaluation: true;
  };
  /** Of one value at a time. */
  #tokens: Tokens | undefined;

  constructor(source: SourceFile, pipes: boolean) {
    this.source = source;
    this.options = { pipes, declarations: false, lints: undefined, isForEvaluation: true };
  }

  /** @throws RangeError the stack is at its end: another time there may be room */
  parse(start: number, end: number): Expr {
    const { source } = this;
    this.#tokens ??= new Tokens(source.text, FEW_TOKENS);
    const parser = new Parser(source, lexPart(this.#tokens, source.text, start, end), this.options);
    const expr = parser.part();
    if (expr === undefined) throw new Bug(`there is no expression from ${start} to ${end} of ${source.name}`);
    return expr;
  }
}

class Value implements DeferredValue {
  readonly kind = 'expr';
  readonly isDeferred = true;
  readonly start: number;
  readonly end: number;
  #held: Expr | DeferringText;

  constructor(text: DeferringText, start: number, end: number) {
    this.start = start;
    this.end = end;
    this.#held = text;
  }

  get expr(): Expr {
    if (this.#held instanceof DeferringText) this.#held = this.#held.parse(this.start, this.end);
    return this.#held;
  }
}

class Lambda implements LambdaExpr {
  readonly kind = 'lambda';
  readonly isDeferred = true;
  readonly param: Param;
  readonly start: number;
  readonly end: number;
  readonly #body: Value;

  constructor({ param, start, end }: LambdaExpr, body: Value) {
    this.param = param;
    this.start = start;
    this.end = end;
    this.#body = body;
  }

  get body(): Expr {
    return this.#body.expr;
  }
}
