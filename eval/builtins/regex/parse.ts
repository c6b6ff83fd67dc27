/**
 * POSIX extended regular expressions: text → tree. The grammar is the one that C++'s `std::regex` (flag `extended`, libstdc++)
 * accepts, because that decides which expressions of the Nix world are valid: only special characters may be escaped, `{` opens an
 * interval everywhere, a quantifier may follow a quantifier, alternatives may be empty.
 */
import type { Bytes } from '../../../base/index.ts';
import { parseBracket } from './bracket.ts';
import { type ByteSet, RegexError, type RegexNode, type RegexSyntax } from './tree.ts';

/** Intervals are expanded by copying, as libstdc++ does; it refuses more than this many states. */
const maxStates = 100_000;
const maxDepth = 500;
/** What a backslash may stand before. */
const escapable = '.[\\()*+?{|^$';

/** @throws RegexError */
export function parseRegex(pattern: Bytes): RegexSyntax {
  const parser = new Parser(pattern);
  const root = parser.alternatives(0);
  if (parser.at < pattern.length) {
    throw new RegexError(pattern[parser.at] === ')' ? "')' without '('" : parser.nothingBefore(), parser.at);
  }
  const states = countStates(root);
  if (states > maxStates) throw new RegexError(`it expands to ${states} states, more than ${maxStates}`, 0, true);
  return { root, groups: parser.groups };
}

class Parser {
  readonly pattern: Bytes;
  at = 0;
  groups = 0;

  constructor(pattern: Bytes) {
    this.pattern = pattern;
  }

  alternatives(depth: number): RegexNode {
    if (depth > maxDepth) throw new RegexError(`parentheses nest deeper than ${maxDepth}`, this.at);
    const options = [this.#sequence(depth)];
    while (this.pattern[this.at] === '|') {
      this.at++;
      options.push(this.#sequence(depth));
    }
    return options.length === 1 ? options[0]! : { kind: 'alternatives', options };
  }

  nothingBefore(): string {
    return `'${this.pattern[this.at]}' has nothing to repeat`;
  }

  #sequence(depth: number): RegexNode {
    const items: RegexNode[] = [];
    for (let item = this.#term(depth); item !== undefined; item = this.#term(depth)) items.push(item);
    return items.length === 1 ? items[0]! : { kind: 'sequence', items };
  }

  #term(depth: number): RegexNode | undefined {
    const char = this.pattern[this.at];
    if (char === '^' || char === '$') {
      this.at++;
      return { kind: char === '^' ? 'lineStart' : 'lineEnd' };
    }
    let item = this.#atom(depth);
    if (item === undefined) return undefined;
    let quantifiers = 0;
    for (let next = this.#quantified(item); next !== undefined; next = this.#quantified(item)) {
      if (++quantifiers > maxDepth) throw new RegexError(`more than ${maxDepth} quantifiers in a row`, this.at);
      item = next;
    }
    return item;
  }

  #atom(depth: number): RegexNode | undefined {
    const char = this.pattern[this.at];
    switch (char) {
      case undefined:
      case '|':
      case ')':
      case '*':
      case '+':
      case '?':
      case '{':
        return undefined;
      case '(':
        return this.#group(depth);
      case '[': {
        const { set, end } = parseBracket(this.pattern, this.at);
        this.at = end;
        return { kind: 'set', set };
      }
      case '.':
        this.at++;
        return { kind: 'set', set: anyByte };
      case '\\': {
        const escaped = this.pattern[this.at + 1];
        if (escaped === undefined) throw new RegexError('a backslash at the end', this.at);
        if (!escapable.includes(escaped)) throw new RegexError(`'\\${escaped}' is not an escape sequence`, this.at);
        this.at += 2;
        return { kind: 'set', set: singleByte(escaped.charCodeAt(0)) };
      }
      default:
        this.at++;
        return { kind: 'set', set: singleByte(char.charCodeAt(0)) };
    }
  }

  #group(depth: number): RegexNode {
    const open = this.at++;
    const index = this.groups++;
    const item = this.alternatives(depth + 1);
    if (this.pattern[this.at] !== ')') {
      throw this.at === this.pattern.length
        ? new RegexError("'(' without ')'", open)
        : new RegexError(this.nothingBefore(), this.at);
    }
    this.at++;
    return { kind: 'group', index, item };
  }

  #quantified(item: RegexNode): RegexNode | undefined {
    switch (this.pattern[this.at]) {
      case '*':
        this.at++;
        return { kind: 'repeat', item, min: 0, max: Infinity };
      case '+':
        this.at++;
        return { kind: 'repeat', item, min: 1, max: Infinity };
      case '?':
        this.at++;
        return { kind: 'repeat', item, min: 0, max: 1 };
      case '{':
        return this.#interval(item);
      default:
        return undefined;
    }
  }

  #interval(item: RegexNode): RegexNode {
    const interval = /\{([0-9]+)(,([0-9]*))?\}/y;
    interval.lastIndex = this.at;
    const found = interval.exec(this.pattern);
    if (found === null) throw new RegexError('an interval is {n}, {n,} or {n,m}', this.at);
    const min = Number(found[1]);
    const max = found[2] === undefined ? min : found[3] === '' ? Infinity : Number(found[3]);
    if (max < min) throw new RegexError('the interval ends before it begins', this.at);
    if (Math.max(min, max === Infinity ? 0 : max) > maxStates) throw new RegexError('the interval is too long', this.at, true);
    this.at += found[0].length;
    return { kind: 'repeat', item, min, max };
  }
}

/** Everything but NUL, which no Nix string holds. */
const anyByte: ByteSet = new Uint8Array(256).fill(1, 1);

function singleByte(byte: number): ByteSet {
  const set = new Uint8Array(256);
  set[byte] = 1;
  return set;
}

function countStates(node: RegexNode): number {
  switch (node.kind) {
    case 'sequence':
      return node.items.reduce((sum, item) => sum + countStates(item), 1);
    case 'alternatives':
      return node.options.reduce((sum, item) => sum + countStates(item) + 2, 1);
    case 'repeat':
      return (countStates(node.item) + 1) * Math.max(1, node.max === Infinity ? node.min + 1 : node.max);
    case 'group':
      return countStates(node.item) + 2;
    default:
      return 1;
  }
}
