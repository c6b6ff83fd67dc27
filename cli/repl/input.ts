/** What the user typed: a command, bindings, an expression, or the beginning of one. */
import { type Bytes, type Fault, SourceFile } from '../../base/index.ts';
import { type Expr, isIncomplete, parse } from '../../lang/index.ts';

/** An expression and the text that messages show of it. */
export interface Parsed {
  readonly source: SourceFile;
  readonly expr: Expr;
}

export type Input =
  | { readonly kind: 'blank' }
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'wrong'; readonly faults: readonly Fault[] }
  | ({ readonly kind: 'expression' } & Parsed)
  /** `expr` is the set of the bindings. */
  | ({ readonly kind: 'bindings' } & Parsed)
  | { readonly kind: 'command'; readonly name: string; readonly argument: Bytes };

export interface Reading {
  /** How messages call the text. */
  readonly name: string;
  readonly pipes: boolean;
  /** Nothing follows: what is incomplete is wrong. */
  readonly isLast?: boolean;
}

/** Reads an input, or says that it goes on. Never throws. Cost: at most four parses of it. */
export function readInput(text: Bytes, reading: Reading): Input {
  const command = /^\s*(:\S*)(?:\s+([\s\S]*))?$/.exec(text);
  if (command) return { kind: 'command', name: command[1]!, argument: (command[2] ?? '').trim() };
  if (isBlank(text)) return { kind: 'blank' };
  const expression = readExpression(text, reading);
  return expression.kind === 'expression' || expression.kind === 'incomplete'
    ? expression
    : (readBindings(text, reading) ?? expression);
}

/** Nothing but blanks and comments to the end of the line. */
const isBlank = (text: Bytes): boolean => /^(?:\s|#[^\n]*(?:\n|$))*$/.test(text);

/** An expression alone: what commands take. */
export function readExpression(
  text: Bytes,
  { name, pipes, isLast = false }: Reading,
): Extract<Input, { kind: 'expression' | 'incomplete' | 'wrong' }> {
  const source = new SourceFile(name, text);
  const { tree, diagnostics } = parse(source, { kind: 'expr', pipes });
  if (diagnostics.length === 0 && tree.kind === 'expr') return { kind: 'expression', source, expr: tree.expr };
  return !isLast && isIncomplete(source, { kind: 'expr', pipes })
    ? { kind: 'incomplete' }
    : { kind: 'wrong', faults: diagnostics };
}

/** `x = 1`, `a.b = 1; c = 2;`, `inherit (s) x`: what could stand between braces. `undefined` where it does not look like that. */
function readBindings(text: Bytes, { name, pipes, isLast = false }: Reading): Input | undefined {
  if (!BEGINS_BINDING.test(text)) return undefined;
  let faults: readonly Fault[] | undefined;
  for (const end of ['\n}', '\n;}']) {
    const source = new EnclosedSource(name, text, end);
    const { tree, diagnostics } = parse(source, { kind: 'expr', pipes });
    if (diagnostics.length === 0 && tree.kind === 'expr') return { kind: 'bindings', source, expr: tree.expr };
    if (faults === undefined || diagnostics.length < faults.length) faults = diagnostics;
  }
  // a name that is bound twice is found where the text is otherwise whole
  const isWhole = faults!.every(({ code }) => code === 'E-LANG-011');
  const goesOn = !isLast && !isWhole && isIncomplete(new SourceFile(name, `{${text}`), { kind: 'expr', pipes });
  return goesOn ? { kind: 'incomplete' } : { kind: 'wrong', faults: faults! };
}

/** Comments, then `inherit`, or a path of names and `=`. */
const BEGINS_BINDING =
  /^(?:\s|#[^\n]*\n|\/\*[\s\S]*?\*\/)*(?:inherit\b|(?:[A-Za-z_][\w'-]*|"[^"]*"|\$\{[^}]*\})(?:\s*\.\s*(?:[A-Za-z_][\w'-]*|"[^"]*"|\$\{[^}]*\}))*\s*=(?!=))/;

/** Bindings in braces, shown to the user without them. */
class EnclosedSource extends SourceFile {
  readonly #typed: SourceFile;

  constructor(name: string, text: Bytes, end: Bytes) {
    super(name, `{${text}${end}`);
    this.#typed = new SourceFile(name, text);
  }

  override position(offset: number): { line: number; column: number } {
    return this.#typed.position(Math.min(Math.max(0, offset - 1), this.#typed.text.length));
  }

  override line(line: number): Bytes {
    return this.#typed.line(line);
  }
}
