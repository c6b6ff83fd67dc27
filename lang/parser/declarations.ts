/** Files of declarations: `tier`, `package`, `override`, `system`, `tree`, and `split` inside of two of them. */
import { didYouMean } from '../../base/index.ts';
import * as K from '../kinds.ts';
import type { Binding, Declaration, Expr, FileTree } from '../tree.ts';
import { closerText, describe } from '../words.ts';
import { SYNTAX_STOP } from './base.ts';
import { Expressions } from './expressions.ts';
import type { Bindings } from './sets.ts';
import { EXPECT } from './token-names.ts';

export const DECLARATION_WORDS: readonly string[] = ['tier', 'package', 'override', 'system', 'tree'];
const SPLIT_WORDS: readonly string[] = ['split'];

/** What may follow a name without a blank. */
const NO_PART_OF_NAME: ReadonlySet<number> = new Set([K.StringOpen, K.BraceOpen, K.Equals, K.Semicolon, K.End]);

type Kind = Declaration['kind'];

export abstract class Declarations extends Expressions {
  declarationsFile(): FileTree {
    let head: Bindings | undefined;
    if (this.kind === K.Let) {
      const open = this.at++;
      head = this.letBindings(open);
      this.checkLet(head.bindings);
    }
    const declarations: Declaration[] = [];
    this.#read(declarations);
    while (this.kind !== K.End) {
      this.#reportNoDeclaration();
      this.#skipToDeclaration();
      this.#read(declarations);
    }
    return {
      kind: 'declarations',
      ...(head === undefined ? {} : { bindings: head.bindings, merged: head.merged }),
      declarations,
    };
  }

  #read(declarations: Declaration[]): void {
    while (this.kind === K.Ident) {
      const { depth } = this;
      try {
        const declaration = this.#declaration(DECLARATION_WORDS);
        if (declaration !== undefined) declarations.push(declaration);
      } catch (error) {
        this.recovered(error, depth);
        this.#skipToDeclaration();
      }
    }
  }

  #declaration(words: readonly string[]): Declaration | undefined {
    const word = this.at++;
    const text = this.image(word);
    const isKnown = words.includes(text);
    if (!isKnown) this.#reportUnknown(word, words);
    const kind = text as Kind;
    const name = this.#name();
    if (isKnown) this.#checkNameEnds(word);
    const version = this.kind === K.StringOpen ? this.string() : undefined;
    if (isKnown) this.#check(word, kind, name, version);
    if (this.kind !== K.BraceOpen) this.#stopNoBody();
    const open = this.at++;
    const bindings: Binding[] = [];
    const splits: Declaration[] = [];
    do this.#fields(bindings, splits);
    while (this.kind !== K.BraceClose && this.recoverInBindings(open, EXPECT.bindingOrBrace));
    if (this.kind === K.BraceClose) this.at++;
    if (!isKnown) return undefined;
    if (kind !== 'package' && kind !== 'override' && splits.length > 0) this.#reportStraySplit(splits[0]!, kind);
    return {
      kind,
      ...(name === undefined ? {} : { name }),
      ...(version === undefined ? {} : { version }),
      bindings,
      merged: this.merge(bindings),
      splits,
      start: this.starts[word]!,
      end: this.end,
    };
  }

  #name(): Declaration['name'] {
    if (this.kind === K.Ident) {
      const index = this.at++;
      return { text: this.image(index), start: this.starts[index]!, end: this.ends[index]! };
    }
    if (this.kind !== K.StringOpen) return undefined;
    const expr = this.string();
    const [text] = expr.parts;
    if (expr.parts.length !== 1 || typeof text !== 'string') this.#reportUnfixedName(expr);
    return { text: typeof text === 'string' ? text : '', start: expr.start, end: expr.end };
  }

  #fields(bindings: Binding[], splits: Declaration[]): void {
    for (;;) {
      if (!this.#isSplit()) {
        // one at a time: a split may follow
        const { kind, depth } = this;
        if (kind !== K.Ident && kind !== K.StringOpen && kind !== K.Interpolation && kind !== K.Or && kind !== K.Inherit) return;
        try {
          bindings.push(kind === K.Inherit ? this.inherit() : this.assignment(false));
        } catch (error) {
          this.recovered(error, depth);
          this.skipToBinding();
        }
        continue;
      }
      const { depth } = this;
      try {
        const split = this.#declaration(SPLIT_WORDS);
        if (split !== undefined) splits.push(split);
      } catch (error) {
        this.recovered(error, depth);
        this.skipToBinding();
      }
    }
  }

  #isSplit(): boolean {
    if (this.kind !== K.Ident || this.image(this.at) !== 'split') return false;
    const second = this.kinds[this.at + 1];
    return second === K.Ident || second === K.StringOpen || second === K.BraceOpen;
  }

  #skipToDeclaration(): void {
    while (this.kind !== K.End && !this.#beginsDeclaration(this.at)) {
      const before = this.at;
      this.skipTo((_, index) => this.#beginsDeclaration(index));
      if (this.at === before || K.isCloser(this.kind)) this.at = Math.min(this.at + 1, this.tokens.count - 1);
    }
  }

  #beginsDeclaration(index: number): boolean {
    const kind = this.kinds[index + 1];
    return (
      this.kinds[index] === K.Ident &&
      (kind === K.Ident || kind === K.StringOpen || kind === K.BraceOpen) &&
      this.beginsLine(index)
    );
  }

  // ── what can be wrong ──────────────────────────────────────────────────────────────────────────────────────────────────────

  #stopNoBody(): never {
    const index = this.at;
    const before = describe(this.kinds[index - 1]!, this.image(index - 1));
    if (!this.skipInvalid(EXPECT.openBrace) && !(this.kind === K.End && this.blameBracket(index, EXPECT.openBrace)))
      this.report(index, EXPECT.openBrace, 'E-LANG-001', `expected '{' after ${before}`, {
        hints:
          this.kind === K.Equals
            ? ['remove it: a declaration is not bound, its fields are: \'package hello "1.0" { … }\'']
            : this.hints(index),
      });
    throw SYNTAX_STOP;
  }

  /** `package libstdc++ "1.0" {`: what goes on without a blank was meant to be of the name. */
  #checkNameEnds(word: number): void {
    const from = word + 1;
    const isCut =
      this.at === from ? this.kind === K.Int : this.kinds[from] === K.Ident && this.starts[this.at] === this.ends[from];
    if (!isCut || NO_PART_OF_NAME.has(this.kind)) return;
    const start = this.starts[from]!;
    const [text] = /^[^\s"{=;]+/.exec(this.source.text.slice(start, start + 200))!;
    const kind = this.image(word);
    const use = kind === 'package' ? `, and 'packages."${text}"' where it is needed` : '';
    this.reportAt(from, 'E-LANG-025', `'${text}' is a name with quotes only`, '', {
      labels: [this.labelSpan({ start, end: start + text.length })],
      hints: [`write '${kind} "${text}"'${use}`],
    });
    throw SYNTAX_STOP;
  }

  #check(word: number, kind: Kind, name: Declaration['name'], version: Expr | undefined): void {
    const index = this.at;
    if (name === undefined && kind !== 'tree') {
      this.reportAt(index, 'E-LANG-025', `this ${kind} has no name`, '', {
        labels: [this.label(word)],
        hints: [kind === 'package' ? 'write \'package name "version" { … }\'' : `write '${kind} name { … }'`],
      });
    } else if (kind === 'package' && version === undefined && this.kind !== K.End) {
      this.reportAt(index, 'E-LANG-024', `package '${name!.text}' has no version`, 'a string is missing here', {
        labels: [this.labelBehind(index - 1, '')],
        hints: [`write 'package ${name!.text} "1.0" { … }'`],
      });
    } else if (name !== undefined && kind === 'tree') {
      const hints = ['the name is a field: \'name = "…";\''];
      this.addCheck('E-LANG-001', "expected '{' after 'tree', found a name", [this.labelSpan(name)], hints);
    } else if (version !== undefined && kind !== 'package') {
      const hint = kind === 'override' ? ['the version is a field here: \'version = "…";\''] : ['only packages have a version'];
      this.addCheck('E-LANG-001', `expected '{' after the name of this ${kind}, found a string`, [this.labelSpan(version)], hint);
    }
  }

  #reportUnfixedName(name: Expr): void {
    this.addCheck(
      'E-LANG-025',
      'the name of a declaration is a plain string',
      [this.labelSpan(name)],
      ['names cannot be empty or computed; make declarations by functions for that'],
    );
  }

  #reportUnknown(word: number, words: readonly string[]): void {
    const text = this.image(word);
    const shape = this.kind;
    if (shape === K.Equals || shape === K.Dot) {
      this.reportAt(word, 'E-LANG-026', `expected a declaration, found the binding '${text}'`, '', {
        hints: ["names for the whole file go to its top: 'let name = value; in'"],
      });
      throw SYNTAX_STOP;
    }
    const isSplit = text === 'split';
    const message = isSplit ? "'split' stands inside a package or override" : `'${text}' is not a declaration`;
    const hints = isSplit
      ? ['move it between the braces of the package or override that it splits']
      : [...didYouMean(text, words), `declarations are ${words.map((each) => `'${each}'`).join(', ')}`];
    this.reportAt(word, 'E-LANG-026', message, '', { hints });
    if (shape !== K.Ident && shape !== K.StringOpen && shape !== K.BraceOpen) throw SYNTAX_STOP;
  }

  #reportNoDeclaration(): void {
    const index = this.at;
    if (K.isCloser(this.kind) && this.isStray(index)) this.reportStrayCloser(index, EXPECT.end);
    else if (!this.skipInvalid(EXPECT.end)) {
      const hints = this.kind === K.Semicolon ? [`a declaration ends with its ${closerText(K.BraceClose)}: remove the ';'`] : [];
      const found = describe(this.kind, this.image(index));
      this.reportAt(index, 'E-LANG-026', `expected a declaration, found ${found}`, '', { hints });
    }
  }

  #reportStraySplit(split: Declaration, kind: string): void {
    this.addCheck(
      'E-LANG-026',
      `a ${kind} cannot be split`,
      [this.labelSpan({ start: split.start, end: split.start + 5 })],
      ["'split' stands inside a package or override"],
    );
  }
}
