/** Bracket expressions `[a-z[:digit:]_]`, with libstdc++'s rules for `]` and `-`. Locale "C". */
import type { Bytes } from '../../../base/index.ts';
import { type ByteSet, RegexError } from './tree.ts';

/**
 * @param at  offset of the `[`
 * @returns the set and the offset behind the closing `]`
 * @throws RegexError
 */
export function parseBracket(pattern: Bytes, at: number): { set: ByteSet; end: number } {
  const reader = new BracketReader(pattern, at);
  const isNegated = reader.take('^');
  // A ']' that comes first is an ordinary character.
  const first = reader.isAt(']') ? reader.ordinary() : reader.isAt('-') ? reader.ordinary() : undefined;
  let pending: Pending = first === undefined ? 'none' : first;
  for (;;) {
    if (reader.take(']')) break;
    const item = reader.item();
    if (item.kind === 'class') {
      if (typeof pending === 'number') reader.set[pending] = 1;
      for (const byte of item.bytes) reader.set[byte] = 1;
      pending = 'class';
    } else if (item.kind === 'byte') {
      if (typeof pending === 'number') reader.set[pending] = 1;
      pending = item.byte;
    } else if (reader.take(']')) {
      reader.set[DASH] = 1;
      break;
    } else {
      if (typeof pending !== 'number') throw new RegexError("a '-' that begins no range must be the first or the last", item.at);
      reader.addRange(pending, reader.rangeEnd(), item.at);
      pending = 'none';
    }
  }
  if (typeof pending === 'number') reader.set[pending] = 1;
  if (isNegated) for (let byte = 0; byte < 256; byte++) reader.set[byte] = reader.set[byte] === 1 ? 0 : 1;
  return { set: reader.set, end: reader.at };
}

/** The byte that may still begin a range; 'class' where a range may not begin. */
type Pending = number | 'none' | 'class';
type Item =
  | { readonly kind: 'byte'; readonly byte: number }
  | { readonly kind: 'class'; readonly bytes: readonly number[] }
  | { readonly kind: 'dash'; readonly at: number };

const DASH = 0x2d;

class BracketReader {
  readonly pattern: Bytes;
  readonly open: number;
  readonly set: ByteSet = new Uint8Array(256);
  at: number;

  constructor(pattern: Bytes, open: number) {
    this.pattern = pattern;
    this.open = open;
    this.at = open + 1;
  }

  isAt(char: string): boolean {
    return this.pattern[this.at] === char;
  }

  take(char: string): boolean {
    if (!this.isAt(char)) return false;
    this.at++;
    return true;
  }

  ordinary(): number {
    return this.pattern.charCodeAt(this.at++);
  }

  item(): Item {
    const char = this.pattern[this.at];
    if (char === undefined) throw this.unclosed();
    if (char === '-') return { kind: 'dash', at: this.at++ };
    if (char !== '[') return { kind: 'byte', byte: this.ordinary() };
    const kind = this.pattern[this.at + 1];
    if (kind === undefined) throw this.unclosed();
    if (kind !== ':' && kind !== '.' && kind !== '=') return { kind: 'byte', byte: this.ordinary() };
    const begin = this.at;
    const end = this.pattern.indexOf(`${kind}]`, begin + 2);
    if (end === -1) throw new RegexError(`'[${kind}' without '${kind}]'`, begin);
    this.at = end + 2;
    const name = this.pattern.slice(begin + 2, end);
    if (kind === ':') return { kind: 'class', bytes: classBytes(name, begin) };
    const byte = elementByte(name, begin);
    return kind === '.' ? { kind: 'byte', byte } : { kind: 'class', bytes: equivalents(byte) };
  }

  /** What stands behind the dash of a range. */
  rangeEnd(): number {
    const at = this.at;
    if (this.isAt('[') && /[:.=]/.test(this.pattern[at + 1] ?? '')) throw new RegexError('a range ends with one character', at);
    const item = this.item();
    return item.kind === 'byte' ? item.byte : DASH;
  }

  /** Bounds are compared as signed bytes, as C++ does on x86: `[a-é]` is empty and therefore refused. */
  addRange(low: number, high: number, at: number): void {
    const from = (low << 24) >> 24;
    const to = (high << 24) >> 24;
    if (from > to) throw new RegexError('the range ends before it begins', at);
    for (let byte = from; byte <= to; byte++) this.set[byte & 255] = 1;
  }

  unclosed(): RegexError {
    return new RegexError("'[' without ']'", this.open);
  }
}

const CLASSES: Readonly<Record<string, RegExp>> = {
  alnum: /[0-9A-Za-z]/,
  alpha: /[A-Za-z]/,
  blank: /[\t ]/,
  cntrl: /[\x00-\x1f\x7f]/,
  d: /[0-9]/,
  digit: /[0-9]/,
  graph: /[\x21-\x7e]/,
  lower: /[a-z]/,
  print: /[\x20-\x7e]/,
  punct: /[\x21-\x2f:-@[-`{-~]/,
  s: /[\t-\r ]/,
  space: /[\t-\r ]/,
  upper: /[A-Z]/,
  w: /[0-9A-Z_a-z]/,
  xdigit: /[0-9A-Fa-f]/,
};

function classBytes(name: Bytes, at: number): number[] {
  const members = Object.hasOwn(CLASSES, name.toLowerCase()) ? CLASSES[name.toLowerCase()] : undefined;
  if (members === undefined) throw new RegexError(`there is no character class '[:${name}:]'`, at);
  return Array.from({ length: 128 }, (_, byte) => byte).filter((byte) => members.test(String.fromCharCode(byte)));
}

/** The POSIX names of the characters that are no letters, from these bytes on. */
const NAMES: readonly (readonly [first: number, names: string])[] = [
  [
    0x00,
    'NUL SOH STX ETX EOT ENQ ACK alert backspace tab newline vertical-tab form-feed carriage-return SO SI DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC IS4 IS3 IS2 IS1',
  ],
  [
    0x20,
    'space exclamation-mark quotation-mark number-sign dollar-sign percent-sign ampersand apostrophe left-parenthesis right-parenthesis asterisk plus-sign comma hyphen period slash zero one two three four five six seven eight nine colon semicolon less-than-sign equals-sign greater-than-sign question-mark commercial-at',
  ],
  [0x5b, 'left-square-bracket backslash right-square-bracket circumflex underscore grave-accent'],
  [0x7b, 'left-curly-bracket vertical-line right-curly-bracket tilde DEL'],
];

function elementByte(name: Bytes, at: number): number {
  if (name.length === 1) return name.charCodeAt(0);
  for (const [first, names] of NAMES) {
    const index = names.split(' ').indexOf(name);
    if (index !== -1) return first + index;
  }
  throw new RegexError(`there is no collating element '${name}'`, at);
}

/** Both cases of a letter: the primary weight of the locale "C" of libstdc++. */
function equivalents(byte: number): number[] {
  const char = String.fromCharCode(byte);
  return /[A-Za-z]/.test(char) ? [char.toLowerCase().charCodeAt(0), char.toUpperCase().charCodeAt(0)] : [byte];
}
