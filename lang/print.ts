/**
 * The normalised form of an expression, as `nix-instantiate --parse` prints it: everything in parentheses, names sorted, operators
 * without a node of their own as calls (`a - b` is `(__sub a b)`), paths absolute. No recursion: depth costs heap, not stack.
 */
import type { Bytes } from '../base/index.ts';
import { isIdentifier } from './chars.ts';
import { isKeywordText } from './kinds.ts';
import type { AttrName, BinaryOp, Expr, MergedAttrs, Param } from './tree.ts';

export interface PrintOptions {
  /** What relative paths start from; `/` without it. Absolute. */
  readonly basePath?: Bytes;
  /** What `~` stands for; `/homeless-shelter` without it. */
  readonly home?: Bytes;
}

type Piece = string | Expr;

/** Prints the normalised form, on one line. */
export function printNormal(expr: Expr, options: PrintOptions = {}): Bytes {
  const out: string[] = [];
  const work: Piece[] = [expr];
  for (let piece = work.pop(); piece !== undefined; piece = work.pop()) {
    if (typeof piece === 'string') {
      out.push(piece);
      continue;
    }
    const pieces = expand(piece, options);
    for (let i = pieces.length - 1; i >= 0; i--) work.push(pieces[i]!);
  }
  return out.join('');
}

function expand(expr: Expr, options: PrintOptions): Piece[] {
  switch (expr.kind) {
    case 'int':
      return [String(expr.value)];
    case 'float':
      return [formatFloat(expr.value)];
    case 'var':
      return [expr.name];
    case 'string':
      return concatenation(expr.parts.length === 0 ? [''] : expr.parts, quote);
    case 'path':
      return concatenation(expr.parts, (text, index) => (index === 0 ? absolutePath(text, options) : quote(text)));
    case 'list':
      return ['[ ', ...expr.items.flatMap((item) => ['(', item, ') ']), ']'];
    case 'attrs':
      return [expr.isRec ? 'rec { ' : '{ ', ...bindings(expr.merged), '}'];
    case 'lambda':
      return ['(', ...parameter(expr.param), ': ', expr.body, ')'];
    case 'searchPath':
    case 'call':
      return ['(', ...callee(expr)!, ')'];
    case 'select':
      return [
        '(',
        expr.target,
        ').',
        ...attrPath(expr.path),
        ...(expr.fallback === undefined ? [] : [' or (', expr.fallback, ')']),
      ];
    case 'has':
      return ['((', expr.target, ') ? ', ...attrPath(expr.path), ')'];
    case 'let':
      return ['(let ', ...bindings(expr.merged), 'in ', expr.body, ')'];
    case 'legacyLet':
      return ['(rec { ', ...bindings(expr.merged), '}).body'];
    case 'with':
      return ['(with ', expr.scope, '; ', expr.body, ')'];
    case 'if':
      return ['(if ', expr.condition, ' then ', expr.then, ' else ', expr.otherwise, ')'];
    case 'assert':
      return ['assert ', expr.condition, '; ', expr.body];
    case 'unary':
      return expr.op === '!' ? ['(! ', expr.operand, ')'] : ['(', ...callee(expr)!, ')'];
    case 'binary':
      if (expr.op === '<=') return ['(! (__lessThan ', expr.right, ' ', expr.left, '))'];
      if (expr.op === '>=') return ['(! (__lessThan ', expr.left, ' ', expr.right, '))'];
      return CALLED[expr.op] === undefined ? ['(', expr.left, ` ${expr.op} `, expr.right, ')'] : ['(', ...callee(expr)!, ')'];
  }
}

const CALLED: Partial<Record<BinaryOp, string>> = {
  '-': '__sub',
  '*': '__mul',
  '/': '__div',
  '<': '__lessThan',
  '>': '__lessThan',
};

/** What is a call after desugaring, without its parentheses: a call of a call is one call with more arguments. */
function callee(expr: Expr): Piece[] | undefined {
  if (expr.kind === 'searchPath') return ['__findFile __nixPath ', quote(expr.path)];
  if (expr.kind === 'unary' && expr.op === '-') return ['__sub 0 ', expr.operand];
  if (expr.kind === 'binary') {
    const name = CALLED[expr.op];
    if (name === undefined) return undefined;
    return expr.op === '>' ? [`${name} `, expr.right, ' ', expr.left] : [`${name} `, expr.left, ' ', expr.right];
  }
  if (expr.kind !== 'call') return undefined;
  // a pipe's argument stands before its function, and makes a call of its own; so does the remnant `f or`
  const [first] = expr.args;
  const isOwn = first!.start < expr.fn.start || (first!.kind === 'var' && first!.name === 'or');
  const fn = isOwn ? undefined : callee(expr.fn);
  return [...(fn ?? [expr.fn]), ...expr.args.flatMap((arg) => [' ', arg])];
}

function concatenation(parts: readonly (Bytes | Expr)[], print: (text: Bytes, index: number) => string): Piece[] {
  const pieces = parts.map((part, index) => (typeof part === 'string' ? print(part, index) : part));
  if (pieces.length === 1 && typeof parts[0] === 'string') return pieces;
  return ['(', ...pieces.flatMap((piece, index) => (index === 0 ? [piece] : [' + ', piece])), ')'];
}

function bindings(merged: MergedAttrs): Piece[] {
  const sorted = [...merged.statics].sort((a, b) => (a.name < b.name ? -1 : 1));
  const pieces: Piece[] = [];
  const inherited = sorted.filter(({ value }) => value.kind === 'inherit').map(({ name }) => ` ${printName(name)}`);
  if (inherited.length > 0) pieces.push('inherit', ...inherited, '; ');
  merged.inheritFroms.forEach((from, index) => {
    const names = sorted.filter(({ value }) => value.kind === 'inheritFrom' && value.index === index);
    if (names.length > 0) pieces.push('inherit (', from, ')', ...names.map(({ name }) => ` ${printName(name)}`), '; ');
  });
  for (const { name, value } of sorted) if (value.kind === 'expr') pieces.push(`${printName(name)} = `, value.expr, '; ');
  for (const { name, value } of merged.dynamics) pieces.push('"${', name, '}" = ', value, '; ');
  return pieces;
}

function parameter(param: Param): Piece[] {
  if (param.kind === 'name') return [param.name];
  const formals = [...param.formals].sort((a, b) => (a.name < b.name ? -1 : 1));
  const items = formals.map(({ name, fallback }): Piece[] => (fallback === undefined ? [name] : [`${name} ? `, fallback]));
  if (param.isOpen) items.push(['...']);
  return [
    '{ ',
    ...items.flatMap((item, index) => (index === 0 ? item : [', ', ...item])),
    ' }',
    ...(param.as === undefined ? [] : [` @ ${param.as}`]),
  ];
}

const attrPath = (path: readonly AttrName[]): Piece[] =>
  path.flatMap((part, index): Piece[] => {
    const pieces: Piece[] = part.kind === 'static' ? [printName(part.name)] : ['"${', part.expr, '}"'];
    return index === 0 ? pieces : ['.', ...pieces];
  });

/** An attribute name as source: quoted unless it is an identifier and no keyword (`or` is fine). */
export const printName = (name: Bytes): Bytes =>
  isIdentifier(name) && (name === 'or' || !isKeywordText(name)) ? name : quote(name);

const ESCAPES: Record<string, string> = { '"': '\\"', '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t', '${': '\\${' };

/** A string literal that reads back as `text`. */
export const quote = (text: Bytes): Bytes => `"${text.replace(/["\\\n\r\t]|\$\{/g, (found) => ESCAPES[found]!)}"`;

/** As C's `%g`: six significant digits, no trailing zeros. */
function formatFloat(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : value < 0 ? '-inf' : 'inf';
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const exponent = Number(value.toExponential(5).split('e')[1]);
  if (exponent < -4 || exponent >= 6) {
    const [digits, power] = value.toExponential(5).split('e') as [string, string];
    const size = Math.abs(Number(power)).toString().padStart(2, '0');
    return `${trimZeros(digits)}e${power.startsWith('-') ? '-' : '+'}${size}`;
  }
  return trimZeros(value.toFixed(Math.max(0, 5 - exponent)));
}

const trimZeros = (digits: string): string => (digits.includes('.') ? digits.replace(/\.?0+$/, '') : digits);

/** Resolves `.`, `..` and doubled slashes; keeps the slash before an interpolation. */
function absolutePath(text: Bytes, { basePath = '/', home = '/homeless-shelter' }: PrintOptions): Bytes {
  const full = text.startsWith('/') ? text : text.startsWith('~/') ? home + text.slice(1) : `${basePath}/${text}`;
  const parts: string[] = [];
  for (const part of full.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  const path = `/${parts.join('/')}`;
  return text.endsWith('/') && text.length > 1 && path !== '/' ? `${path}/` : path;
}
