// biome-ignore-all lint/correctness/noComponentHookFactories: ALT is chevrotain's name for an alternative, no React component
/**
 * The grammar: chevrotain rules whose actions build `tree.ts` nodes. LL(1) without predicates except around declarations, thanks
 * to the token types that look one token ahead (`tokens.ts`). Operators are one rule with two stacks instead of a ladder.
 *
 * Errors: a rule that cannot go on reports through `Recovery` and throws `SyntaxStop`; the nearest list of bindings, items or
 * declarations catches it, skips to a place it knows, and goes on. Cost: one exception an error.
 *
 * A node's span leaves out parentheses around the node, and takes in those around its children: that is how the formatter finds
 * them again.
 */
import type { SourceFile } from '../base/index.ts';
import { isInt64, parseInteger } from './numbers.ts';
import { isPipe, OperatorStack } from './operators.ts';
import { Recovery } from './recovery.ts';
import { type IndentedPiece, pushText, stripIndentation, unescapeIndented, unescapeQuoted } from './strings.ts';
import type { Token } from './tokens.ts';
import * as T from './tokens.ts';
import type { AttrName, Binding, Declaration, Expr, FileTree, Formal, MergedAttrs, Param, StringExpr } from './tree.ts';

type Bindings = { readonly bindings: Binding[]; readonly merged: MergedAttrs };
type Context = 'set' | 'let' | 'declaration';

const DECLARATION_WORDS = new Set(['tier', 'package', 'override', 'system', 'tree']);

class Grammar extends Recovery {
  constructor() {
    super();
    this.performSelfAnalysis();
  }

  // ── files ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  readonly expressionFile = this.RULE('expressionFile', (): FileTree => {
    const expr = this.attempt(() => this.SUBRULE(this.expression));
    if (!this.RECORDING_PHASE && this.next.tokenType !== T.End) {
      if (expr !== undefined) this.reportTextAfterEnd();
    } else this.CONSUME(T.End);
    return { kind: 'expr', expr: expr ?? this.hole() };
  });

  readonly declarationsFile = this.RULE('declarationsFile', (): FileTree => {
    let head: Bindings | undefined;
    this.OPTION(() => {
      this.CONSUME(T.Let);
      head = this.SUBRULE(this.bindings, { ARGS: ['let', undefined] });
      if (this.RECORDING_PHASE || this.next.tokenType === T.In) this.CONSUME(T.In);
      else this.reportMissingIn();
    });
    const declarations: Declaration[] = [];
    const read = (): void => {
      this.MANY(() => {
        const declaration = this.attempt(() => this.SUBRULE(this.declaration, { ARGS: [DECLARATION_WORDS] }));
        if (declaration === undefined) this.skipToDeclaration();
        else if (declaration !== null) declarations.push(declaration);
      });
    };
    read();
    while (!this.RECORDING_PHASE && this.next.tokenType !== T.End) {
      this.reportNoDeclaration();
      this.skipToDeclaration();
      read();
    }
    this.CONSUME(T.End);
    return {
      kind: 'declarations',
      ...(head === undefined ? {} : { bindings: head.bindings, merged: head.merged }),
      declarations,
    };
  });

  readonly declaration = this.RULE('declaration', (words: ReadonlySet<string>): Declaration | null => {
    const word = this.CONSUME(T.Ident) as Token;
    const isKnown = this.RECORDING_PHASE || words.has(word.image);
    if (!isKnown) this.reportUnknownDeclaration(word, words);
    const kind = word.image as Declaration['kind'];
    let name: Declaration['name'];
    this.OPTION(() => {
      name = this.OR([
        { ALT: () => this.#declaredName(this.CONSUME2(T.Ident) as Token) },
        { ALT: () => this.#declaredString(this.SUBRULE(this.string)) },
      ]);
    });
    let version: StringExpr | undefined;
    this.OPTION2(() => {
      version = this.SUBRULE2(this.string) as StringExpr;
    });
    if (!this.RECORDING_PHASE && isKnown) this.checkDeclaration(word, name, version);
    const open = this.OR2([{ ALT: () => this.CONSUME(T.BraceOpen) }, { ALT: () => this.CONSUME(T.FormalsOpen) }]) as Token;
    const bindings: Binding[] = [];
    const splits: Declaration[] = [];
    const read = (): void => {
      this.MANY(() => {
        this.OR3([
          {
            GATE: () => this.isSplit(),
            ALT: () => {
              const split = this.attempt(() => this.SUBRULE(this.declaration, { ARGS: [new Set(['split'])] }));
              if (split === undefined) this.skipToBinding();
              else if (split !== null) splits.push(split);
            },
          },
          {
            ALT: () => {
              const binding = this.attempt(() => this.SUBRULE(this.binding, { ARGS: ['declaration'] }));
              if (binding === undefined) this.skipToBinding();
              else bindings.push(binding);
            },
          },
        ]);
      });
    };
    read();
    if (!this.RECORDING_PHASE) while (this.recoverInBindings(open)) read();
    if (this.RECORDING_PHASE || this.next.tokenType === T.BraceClose) this.CONSUME(T.BraceClose);
    if (this.RECORDING_PHASE || !isKnown) return null;
    if (kind !== 'package' && kind !== 'override' && splits.length > 0) this.reportStraySplit(splits[0]!, kind);
    return {
      kind,
      ...(name === undefined ? {} : { name }),
      ...(version === undefined ? {} : { version }),
      bindings,
      merged: this.merge(bindings),
      splits,
      start: word.startOffset,
      end: this.previous.end,
    };
  });

  #declaredName(token: Token): NonNullable<Declaration['name']> {
    return { text: token.image, start: token.startOffset, end: token.end };
  }

  #declaredString(expr: Expr): NonNullable<Declaration['name']> {
    if (this.RECORDING_PHASE || expr.kind !== 'string') return { text: '', start: 0, end: 0 };
    const [text] = expr.parts;
    if (expr.parts.length !== 1 || typeof text !== 'string') this.reportUnfixedName(expr);
    return { text: typeof text === 'string' ? text : '', start: expr.start, end: expr.end };
  }

  // ── expressions ────────────────────────────────────────────────────────────────────────────────────────────────────────────

  readonly expression = this.RULE('expression', (): Expr => {
    if (!this.RECORDING_PHASE) this.enter();
    this.#expressionForms ??= [
      { ALT: () => this.SUBRULE(this.namedFunction) },
      { ALT: () => this.SUBRULE(this.formalsFunction) },
      { ALT: () => this.SUBRULE(this.conditional) },
      { ALT: () => this.SUBRULE(this.assertion) },
      { ALT: () => this.SUBRULE(this.withScope) },
      { ALT: () => this.SUBRULE(this.letIn) },
      { ALT: () => this.SUBRULE(this.operators) },
    ];
    const expr = this.OR(this.#expressionForms) as Expr;
    this.depth--;
    return expr;
  });
  #expressionForms: { ALT: () => Expr }[] | undefined;

  readonly namedFunction = this.RULE('namedFunction', (): Expr => {
    const name = this.CONSUME(T.ParamName) as Token;
    let param: Param = { kind: 'name', name: name.image, start: name.startOffset, end: name.end };
    this.OPTION(() => {
      this.CONSUME(T.At);
      param = this.SUBRULE(this.formals, { ARGS: [name] });
    });
    return this.#functionBody(name.startOffset, param);
  });

  readonly formalsFunction = this.RULE('formalsFunction', (): Expr => {
    const start = this.next.startOffset;
    let param = this.SUBRULE(this.formals, { ARGS: [undefined] });
    this.OPTION(() => {
      this.CONSUME(T.At);
      const as = this.CONSUME(T.ParamName) as Token;
      this.ACTION(() => {
        param = this.nameWhole(param, as);
      });
    });
    return this.#functionBody(start, param);
  });

  #functionBody(start: number, param: Param): Expr {
    this.CONSUME(T.Colon);
    const body = this.SUBRULE(this.expression);
    return { kind: 'lambda', param, body, start, end: this.previous.end };
  }

  readonly formals = this.RULE('formals', (as: Token | undefined): Param => {
    const open = this.CONSUME(T.FormalsOpen) as Token;
    const formals: Formal[] = [];
    let isOpen = false;
    let needsComma = false;
    this.MANY(() => {
      if (needsComma && !this.RECORDING_PHASE) this.reportMissingComma();
      this.OR([
        {
          ALT: () => {
            const name = this.CONSUME(T.Ident) as Token;
            let fallback: Expr | undefined;
            this.OPTION(() => {
              this.CONSUME(T.Question);
              fallback = this.SUBRULE(this.expression);
            });
            const span = { start: name.startOffset, end: this.previous.end };
            formals.push({ name: name.image, ...(fallback === undefined ? {} : { fallback }), ...span });
          },
        },
        {
          ALT: () => {
            this.CONSUME(T.Ellipsis);
            isOpen = true;
          },
        },
      ]);
      needsComma = true;
      this.OPTION2(() => {
        this.CONSUME(T.Comma);
        needsComma = false;
      });
      if (isOpen && !this.RECORDING_PHASE && (!needsComma || this.next.tokenType !== T.BraceClose)) this.reportEllipsisNotLast();
    });
    this.#closing(T.BraceClose, open);
    const param: Param = { kind: 'formals', formals, isOpen, start: open.startOffset, end: this.previous.end };
    if (this.RECORDING_PHASE) return param;
    this.checkFormals(formals);
    return as === undefined ? param : { ...this.nameWhole(param, as), start: as.startOffset };
  });

  /** `else if` is a loop, so that long chains need no stack. */
  readonly conditional = this.RULE('conditional', (): Expr => {
    const heads: { start: number; condition: Expr; then: Expr }[] = [];
    this.AT_LEAST_ONE(() => {
      const start = (this.CONSUME(T.If) as Token).startOffset;
      const condition = this.SUBRULE(this.expression);
      if (this.RECORDING_PHASE || this.next.tokenType === T.Then) this.CONSUME(T.Then);
      else this.stopMissing('then', start);
      const then = this.SUBRULE2(this.expression);
      if (this.RECORDING_PHASE || this.next.tokenType === T.Else) this.CONSUME(T.Else);
      else this.stopMissing('else', start);
      heads.push({ start, condition, then });
    });
    let otherwise = this.SUBRULE3(this.expression);
    if (this.RECORDING_PHASE) return otherwise;
    const end = this.previous.end;
    for (const { start, condition, then } of heads.reverse()) otherwise = { kind: 'if', condition, then, otherwise, start, end };
    return otherwise;
  });

  readonly assertion = this.RULE('assertion', (): Expr => {
    const start = (this.CONSUME(T.Assert) as Token).startOffset;
    const condition = this.SUBRULE(this.expression);
    if (this.RECORDING_PHASE || this.next.tokenType === T.Semicolon) this.CONSUME(T.Semicolon);
    else this.missingSemicolon("the condition of 'assert'");
    const body = this.SUBRULE2(this.expression);
    return { kind: 'assert', condition, body, start, end: this.previous.end };
  });

  readonly withScope = this.RULE('withScope', (): Expr => {
    const start = (this.CONSUME(T.With) as Token).startOffset;
    const scope = this.SUBRULE(this.expression);
    if (this.RECORDING_PHASE || this.next.tokenType === T.Semicolon) this.CONSUME(T.Semicolon);
    else this.missingSemicolon("the set of 'with'");
    const body = this.SUBRULE2(this.expression);
    return { kind: 'with', scope, body, start, end: this.previous.end };
  });

  readonly letIn = this.RULE('letIn', (): Expr => {
    const open = this.CONSUME(T.Let) as Token;
    const { bindings, merged } = this.SUBRULE(this.bindings, { ARGS: ['let', open] });
    if (this.RECORDING_PHASE || this.next.tokenType === T.In) this.CONSUME(T.In);
    else this.reportMissingIn(open);
    const body = this.SUBRULE(this.expression);
    return { kind: 'let', bindings, merged, body, start: open.startOffset, end: this.previous.end };
  });

  readonly operators = this.RULE('operators', (): Expr => {
    const start = this.next.startOffset;
    let stack: OperatorStack | undefined;
    if (!this.RECORDING_PHASE) {
      // The common case, one operand, needs no stacks.
      const type = this.next.tokenType;
      if (type !== T.Not && type !== T.Minus) {
        const first = this.SUBRULE(this.application);
        const after = this.next.tokenType;
        if (after !== T.Operator && after !== T.Question && after !== T.Minus) return first;
        stack = this.#stack();
        stack.operand(first, start, this.previous.end);
      }
    }
    if (stack === undefined) {
      stack = this.#stack();
      this.SUBRULE2(this.operand, { ARGS: [stack] });
    }
    const operands = stack;
    this.MANY(() => {
      this.OR([
        {
          ALT: () => {
            this.CONSUME(T.Question);
            const path = this.SUBRULE(this.attrPath);
            const end = this.previous.end;
            if (!this.RECORDING_PHASE) operands.has(end, (target, from) => ({ kind: 'has', target, path, start: from, end }));
          },
        },
        {
          ALT: () => {
            const operator = this.OR2([{ ALT: () => this.CONSUME(T.Operator) }, { ALT: () => this.CONSUME(T.Minus) }]) as Token;
            if (!this.RECORDING_PHASE) {
              if (isPipe(operator.image)) this.checkPipe(operator);
              operands.binary(operator.image, operator.startOffset);
            }
            this.SUBRULE3(this.operand, { ARGS: [operands] });
          },
        },
      ]);
    });
    return this.RECORDING_PHASE ? this.hole() : operands.finish();
  });

  #stack(): OperatorStack {
    return new OperatorStack((first, firstStart, second, secondStart) =>
      this.reportUnchainable(first, firstStart, second, secondStart),
    );
  }

  readonly operand = this.RULE('operand', (stack: OperatorStack): void => {
    this.MANY(() => {
      const prefix = this.OR([{ ALT: () => this.CONSUME(T.Not) }, { ALT: () => this.CONSUME(T.Minus) }]) as Token;
      if (!this.RECORDING_PHASE) stack.prefix(prefix.image as '!' | '-', prefix.startOffset);
    });
    const start = this.next.startOffset;
    const expr = this.SUBRULE(this.application);
    if (!this.RECORDING_PHASE) stack.operand(expr, start, this.previous.end);
  });

  readonly application = this.RULE('application', (): Expr => {
    const start = this.next.startOffset;
    const fn = this.SUBRULE(this.select);
    let args: Expr[] | undefined;
    this.MANY(() => {
      const arg = this.SUBRULE2(this.select);
      if (args === undefined) args = [arg];
      else args.push(arg);
    });
    return args === undefined ? fn : { kind: 'call', fn, args, start, end: this.previous.end };
  });

  readonly select = this.RULE('select', (): Expr => {
    const start = this.next.startOffset;
    let expr = this.SUBRULE(this.simple);
    this.OPTION(() => {
      this.CONSUME(T.Dot);
      const path = this.SUBRULE(this.attrPath);
      let fallback: Expr | undefined;
      this.OPTION2(() => {
        this.CONSUME(T.Or);
        fallback = this.SUBRULE2(this.select);
      });
      const target = expr;
      expr = { kind: 'select', target, path, ...(fallback === undefined ? {} : { fallback }), start, end: this.previous.end };
    });
    // `f or` applies f to the variable `or`, a remnant of when `or` was no keyword
    this.OPTION3(() => {
      const or = this.CONSUME2(T.Or) as Token;
      if (this.RECORDING_PHASE) return;
      const arg: Expr = { kind: 'var', name: 'or', start: or.startOffset, end: or.end };
      expr = { kind: 'call', fn: expr, args: [arg], start, end: or.end };
    });
    return expr;
  });

  readonly simple = this.RULE('simple', (): Expr => {
    this.#simpleForms ??= [
      { ALT: () => this.#variable(this.CONSUME(T.Ident) as Token) },
      { ALT: () => this.SUBRULE(this.string) },
      { ALT: () => this.SUBRULE(this.set) },
      { ALT: () => this.SUBRULE(this.list) },
      { ALT: () => this.SUBRULE(this.parentheses) },
      { ALT: () => this.#integer(this.CONSUME(T.Int) as Token) },
      { ALT: () => this.#float(this.CONSUME(T.Float) as Token) },
      { ALT: () => this.SUBRULE(this.indentedString) },
      { ALT: () => this.SUBRULE(this.path) },
      { ALT: () => this.#searchPath(this.CONSUME(T.SearchPath) as Token) },
      { ALT: () => this.#uri(this.CONSUME(T.Uri) as Token) },
      { ALT: () => this.SUBRULE(this.legacyLet) },
    ];
    return this.OR(this.#simpleForms) as Expr;
  });
  #simpleForms: { ALT: () => Expr }[] | undefined;

  #variable(token: Token): Expr {
    return { kind: 'var', name: token.image, start: token.startOffset, end: token.end };
  }

  #searchPath(token: Token): Expr {
    return { kind: 'searchPath', path: token.image.slice(1, -1), start: token.startOffset, end: token.end };
  }

  #uri(token: Token): Expr {
    return { kind: 'string', parts: [token.image], style: 'uri', start: token.startOffset, end: token.end };
  }

  #integer(token: Token): Expr {
    const value = parseInteger(token.image);
    if (!this.RECORDING_PHASE && !isInt64(value)) this.reportNumber(token, 'integer', 'integers end at 9223372036854775807');
    return { kind: 'int', value, start: token.startOffset, end: token.end };
  }

  #float(token: Token): Expr {
    const value = Number(token.image);
    if (!this.RECORDING_PHASE && !Number.isFinite(value)) this.reportNumber(token, 'float', 'floats end near 1.8e308');
    return { kind: 'float', value, start: token.startOffset, end: token.end };
  }

  readonly parentheses = this.RULE('parentheses', (): Expr => {
    const open = this.CONSUME(T.ParenOpen) as Token;
    const expr = this.attempt(() => this.SUBRULE(this.expression)) ?? this.skipInside(T.ParenClose);
    this.#closing(T.ParenClose, open);
    return expr;
  });

  readonly list = this.RULE('list', (): Expr => {
    const open = this.CONSUME(T.BracketOpen) as Token;
    if (!this.RECORDING_PHASE) this.enter();
    const items: Expr[] = [];
    const read = (): void => {
      this.MANY(() => {
        items.push(this.attempt(() => this.SUBRULE(this.select)) ?? this.skipInside(T.BracketClose));
      });
    };
    read();
    if (!this.RECORDING_PHASE) while (this.recoverInList(open)) read();
    this.#closing(T.BracketClose, open);
    this.depth--;
    return { kind: 'list', items, start: open.startOffset, end: this.previous.end };
  });

  #closing(type: T.TokenType, open: Token): void {
    if (this.RECORDING_PHASE || this.next.tokenType === type) this.CONSUME(type);
    else this.recoverClosing(type, open);
  }

  // ── sets ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  readonly set = this.RULE('set', (): Expr => {
    const start = this.next.startOffset;
    let isRec = false;
    this.OPTION(() => {
      this.CONSUME(T.Rec);
      isRec = true;
    });
    const open = this.OR([{ ALT: () => this.CONSUME(T.BraceOpen) }, { ALT: () => this.CONSUME(T.FormalsOpen) }]) as Token;
    const { bindings, merged } = this.SUBRULE(this.bindings, { ARGS: ['set', open] });
    if (this.RECORDING_PHASE || this.next.tokenType === T.BraceClose) this.CONSUME(T.BraceClose);
    return { kind: 'attrs', isRec, bindings, merged, start, end: this.previous.end };
  });

  readonly legacyLet = this.RULE('legacyLet', (): Expr => {
    const start = (this.CONSUME(T.LegacyLet) as Token).startOffset;
    const open = this.OR([{ ALT: () => this.CONSUME(T.BraceOpen) }, { ALT: () => this.CONSUME(T.FormalsOpen) }]) as Token;
    const { bindings, merged } = this.SUBRULE(this.bindings, { ARGS: ['set', open] });
    if (this.RECORDING_PHASE || this.next.tokenType === T.BraceClose) this.CONSUME(T.BraceClose);
    return { kind: 'legacyLet', bindings, merged, start, end: this.previous.end };
  });

  readonly bindings = this.RULE('bindings', (context: Context, open: Token | undefined): Bindings => {
    const bindings: Binding[] = [];
    if (!this.RECORDING_PHASE) this.enter();
    const read = (): void => {
      this.MANY(() => {
        const binding = this.attempt(() => this.SUBRULE(this.binding, { ARGS: [context] }));
        if (binding === undefined) this.skipToBinding();
        else bindings.push(binding);
      });
    };
    read();
    if (this.RECORDING_PHASE) return { bindings, merged: { statics: [], dynamics: [], inheritFroms: [] } };
    while (context === 'let' ? this.recoverInLet() : this.recoverInBindings(open!)) read();
    this.depth--;
    if (context === 'let') this.checkLet(bindings);
    return { bindings, merged: this.merge(bindings) };
  });

  readonly binding = this.RULE('binding', (context: Context): Binding => {
    return this.OR([
      { ALT: () => this.SUBRULE(this.inherit) },
      { ALT: () => this.SUBRULE(this.assignment, { ARGS: [context] }) },
    ]);
  });

  readonly assignment = this.RULE('assignment', (context: Context): Binding => {
    const from = this.index;
    const start = this.next.startOffset;
    const path = this.SUBRULE(this.attrPath);
    if (this.RECORDING_PHASE || this.next.tokenType === T.Equals) this.CONSUME(T.Equals);
    else this.stopMissingEquals(path, from, context === 'let');
    const valueFrom = this.index;
    const value = this.SUBRULE(this.expression);
    if (this.RECORDING_PHASE || this.next.tokenType === T.Semicolon) this.CONSUME(T.Semicolon);
    else this.missingBindingSemicolon(path, value, valueFrom);
    return { kind: 'bind', path, value, start, end: this.previous.end };
  });

  readonly inherit = this.RULE('inherit', (): Binding => {
    const start = (this.CONSUME(T.Inherit) as Token).startOffset;
    let from: Expr | undefined;
    this.OPTION(() => {
      const open = this.CONSUME(T.ParenOpen) as Token;
      from = this.attempt(() => this.SUBRULE(this.expression)) ?? this.skipInside(T.ParenClose);
      this.#closing(T.ParenClose, open);
    });
    const names: { name: string; start: number; end: number }[] = [];
    const read = (): void => {
      this.MANY(() => {
        const name = this.SUBRULE(this.attrName);
        if (this.RECORDING_PHASE) return;
        if (name.kind === 'static') names.push({ name: name.name, start: name.start, end: name.end });
        else this.reportDynamicInherit(name);
      });
    };
    read();
    while (!this.RECORDING_PHASE && this.recoverCommaInInherit()) read();
    if (this.RECORDING_PHASE || this.next.tokenType === T.Semicolon) this.CONSUME(T.Semicolon);
    else this.missingInheritSemicolon(names);
    return { kind: 'inherit', ...(from === undefined ? {} : { from }), names, start, end: this.previous.end };
  });

  readonly attrPath = this.RULE('attrPath', (): AttrName[] => {
    const path = [this.SUBRULE(this.attrName)];
    this.MANY(() => {
      this.CONSUME(T.Dot);
      path.push(this.SUBRULE2(this.attrName));
    });
    return path;
  });

  readonly attrName = this.RULE('attrName', (): AttrName => {
    if (!this.RECORDING_PHASE && this.next.tokenType !== T.Ident) {
      const keyword = this.takeKeywordAsName();
      if (keyword !== undefined) return this.#static(keyword);
    }
    this.#nameForms ??= [
      { ALT: () => this.#static(this.CONSUME(T.Ident) as Token) },
      { ALT: () => this.#static(this.CONSUME(T.Or) as Token) },
      { ALT: () => this.#stringName(this.SUBRULE(this.string)) },
      { ALT: () => this.SUBRULE(this.dynamicName) },
    ];
    return this.OR(this.#nameForms) as AttrName;
  });
  #nameForms: { ALT: () => AttrName }[] | undefined;

  readonly dynamicName = this.RULE('dynamicName', (): AttrName => {
    const start = (this.CONSUME(T.Interpolation) as Token).startOffset;
    const expr = this.attempt(() => this.SUBRULE(this.expression)) ?? this.skipInside(T.BraceClose);
    this.CONSUME(T.BraceClose);
    return this.RECORDING_PHASE ? { kind: 'dynamic', expr, start, end: start } : this.#name(expr, start, this.previous.end);
  });

  #static(token: Token): AttrName {
    return { kind: 'static', name: token.image, start: token.startOffset, end: token.end };
  }

  #stringName(expr: Expr): AttrName {
    return this.RECORDING_PHASE ? { kind: 'dynamic', expr, start: 0, end: 0 } : this.#name(expr, expr.start, expr.end);
  }

  /** A string without interpolation is a static name, however it is written. */
  #name(expr: Expr, start: number, end: number): AttrName {
    if (expr.kind !== 'string' || expr.parts.length > 1) return { kind: 'dynamic', expr, start, end };
    const [only = ''] = expr.parts;
    return typeof only === 'string' ? { kind: 'static', name: only, start, end } : { kind: 'dynamic', expr, start, end };
  }

  // ── strings and paths ──────────────────────────────────────────────────────────────────────────────────────────────────────

  readonly string = this.RULE('string', (): Expr => {
    const start = (this.CONSUME(T.StringOpen) as Token).startOffset;
    const parts: (string | Expr)[] = [];
    this.MANY(() => {
      this.OR([
        { ALT: () => parts.push(unescapeQuoted((this.CONSUME(T.Text) as Token).image)) },
        { ALT: () => parts.push(this.SUBRULE(this.interpolation)) },
      ]);
    });
    this.CONSUME(T.StringClose);
    return { kind: 'string', parts, style: 'quoted', start, end: this.previous.end };
  });

  readonly indentedString = this.RULE('indentedString', (): Expr => {
    const start = (this.CONSUME(T.IndentedOpen) as Token).startOffset;
    const pieces: IndentedPiece[] = [];
    this.MANY(() => {
      this.OR([
        { ALT: () => pieces.push({ text: (this.CONSUME(T.Text) as Token).image, isPlain: true }) },
        { ALT: () => pieces.push({ text: unescapeIndented((this.CONSUME(T.IndentedEscape) as Token).image), isPlain: false }) },
        { ALT: () => pieces.push(this.SUBRULE(this.interpolation)) },
      ]);
    });
    this.CONSUME(T.IndentedClose);
    const parts = this.RECORDING_PHASE ? [] : stripIndentation(pieces);
    return { kind: 'string', parts, style: 'indented', start, end: this.previous.end };
  });

  readonly path = this.RULE('path', (): Expr => {
    const first = this.CONSUME(T.PathStart) as Token;
    const parts: (string | Expr)[] = [first.image];
    this.MANY(() => {
      this.OR([
        { ALT: () => pushText(parts, (this.CONSUME(T.Text) as Token).image) },
        { ALT: () => parts.push(this.SUBRULE(this.interpolation)) },
      ]);
    });
    this.CONSUME(T.PathEnd);
    return { kind: 'path', parts, start: first.startOffset, end: this.previous.end };
  });

  readonly interpolation = this.RULE('interpolation', (): Expr => {
    const open = this.CONSUME(T.Interpolation) as Token;
    const expr = this.attempt(() => this.SUBRULE(this.expression)) ?? this.skipInside(T.BraceClose);
    this.#closing(T.BraceClose, open);
    return expr;
  });
}

let grammar: Grammar | undefined;

/** Parses tokens (which end in `End`). Reports into `recovery.faults`; throws only what is no syntax error. */
export function runGrammar(source: SourceFile, tokens: Token[], options: { pipes: boolean; declarations: boolean }) {
  // Built once, on first use: some 10 ms.
  grammar ??= new Grammar();
  return grammar.run(source, tokens, options.pipes, (parser) =>
    options.declarations ? (parser as Grammar).declarationsFile() : (parser as Grammar).expressionFile(),
  );
}
