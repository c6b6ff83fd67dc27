/**
 * What Nix says about a text that is not JSON. Its words are those of its JSON library (nlohmann), which follow from how that
 * library reads: this reads the text once more in the same way. Only for messages; json-read.ts decides what JSON is.
 */
import { isUtf8 } from 'node:buffer';
import type { Bytes } from '../../base/index.ts';
import { BYTE_ORDER_MARK } from './json-read.ts';

/** The message, as bytes; `undefined` where the library would find nothing wrong. */
export function jsonSyntaxMessage(text: Bytes): Bytes | undefined {
  const scanner = new Scanner(text);
  try {
    parse(scanner);
    return undefined;
  } catch (error) {
    if (error instanceof SyntaxMistake) return error.message;
    throw error;
  }
}

class SyntaxMistake extends Error {}

type Token = 'true' | 'false' | 'null' | 'string' | 'number' | '[' | '{' | ']' | '}' | ':' | ',' | 'end';

const NAMES: Readonly<Record<Token, string>> = {
  true: 'true literal',
  false: 'false literal',
  null: 'null literal',
  string: 'string literal',
  number: 'number literal',
  '[': "'['",
  '{': "'{'",
  ']': "']'",
  '}': "'}'",
  ':': "':'",
  ',': "','",
  end: 'end of input',
};
const VALUE = "'[', '{', or a literal";

/** Without recursion: the text may nest as deep as it likes. */
function parse(scanner: Scanner): void {
  const open: ('[' | '{')[] = [];
  scanner.skipByteOrderMark();
  let token = scanner.next('value');
  for (;;) {
    if (token === '{') {
      const first = scanner.next('object key', 'string');
      if (first !== '}') {
        token = afterKey(scanner, first);
        open.push('{');
        continue;
      }
    } else if (token === '[') {
      token = scanner.next('value');
      if (token !== ']') {
        open.push('[');
        continue;
      }
    } else if (token === 'end' || token === ']' || token === '}' || token === ':' || token === ',') {
      throw scanner.unexpected(token, VALUE, 'value');
    }
    // A value is complete: its surroundings go on or end.
    for (;;) {
      const around = open.at(-1);
      const what = around === undefined ? 'value' : around === '[' ? 'array' : 'object';
      const close = around === undefined ? 'end' : around === '[' ? ']' : '}';
      const next = scanner.next(what, close);
      if (around === undefined) {
        if (next === 'end') return;
        throw scanner.unexpected(next, NAMES.end, 'value');
      }
      if (next === ',') {
        token = around === '[' ? scanner.next('value') : afterKey(scanner, scanner.next('object key', 'string'));
        break;
      }
      if (next !== close) throw scanner.unexpected(next, NAMES[close], what);
      open.pop();
    }
  }
}

/** From the key to the first token of its value. */
function afterKey(scanner: Scanner, key: Token): Token {
  if (key !== 'string') throw scanner.unexpected(key, NAMES.string, 'object key');
  const separator = scanner.next('object separator', ':');
  if (separator !== ':') throw scanner.unexpected(separator, NAMES[':'], 'object separator');
  return scanner.next('value');
}

class Scanner {
  readonly #text: Bytes;
  /** Characters read; the end counts as one. */
  #at = 0;
  /** What was read last begins here: at the last string or number. */
  #start = 0;
  #context = '';
  #expected: Token | undefined;

  constructor(text: Bytes) {
    this.#text = text;
  }

  skipByteOrderMark(): void {
    if (!this.#text.startsWith(BYTE_ORDER_MARK.charAt(0))) return;
    this.#context = 'value';
    for (const byte of BYTE_ORDER_MARK) {
      if (this.#read() !== byte) throw this.#mistake('invalid BOM; must be 0xEF 0xBB 0xBF if given');
    }
  }

  /** `context`: what is being parsed, for the message about a token that is none; `expected` there, unless any value is. */
  next(context: string, expected?: Token): Token {
    this.#context = context;
    this.#expected = expected;
    let char = this.#read();
    while (char === ' ' || char === '\t' || char === '\n' || char === '\r') char = this.#read();
    switch (char) {
      case '':
        return 'end';
      case '[':
      case ']':
      case '{':
      case '}':
      case ':':
      case ',':
        return char;
      case 't':
        return this.#literal('true');
      case 'f':
        return this.#literal('false');
      case 'n':
        return this.#literal('null');
      case '"':
        return this.#string();
      default:
        if (char === '-' || isDigit(char)) return this.#number(char);
        throw this.#mistake('invalid literal');
    }
  }

  unexpected(token: Token, expected: string, context: string): SyntaxMistake {
    return this.#fail(`syntax error while parsing ${context} - unexpected ${NAMES[token]}; expected ${expected}`);
  }

  /** `''` at the end. */
  #read(): string {
    return this.#text.charAt(this.#at++);
  }

  #mistake(message: string): SyntaxMistake {
    const read = this.#text.slice(this.#start, this.#at).replace(/[\x00-\x1f]/g, (char) => `<U+${hex4(char)}>`);
    const expected = this.#expected === undefined ? '' : `; expected ${NAMES[this.#expected]}`;
    return this.#fail(`syntax error while parsing ${this.#context} - ${message}; last read: '${read}'${expected}`);
  }

  #fail(what: string): SyntaxMistake {
    const before = this.#text.slice(0, this.#at);
    const line = before.split('\n').length;
    const column = this.#at - (before.lastIndexOf('\n') + 1);
    return new SyntaxMistake(`[json.exception.parse_error.101] parse error at line ${line}, column ${column}: ${what}`);
  }

  #literal(word: 'true' | 'false' | 'null'): Token {
    for (let i = 1; i < word.length; i++) if (this.#read() !== word[i]) throw this.#mistake('invalid literal');
    return word;
  }

  #number(first: string): Token {
    this.#start = this.#at - 1;
    let char = first === '-' ? this.#read() : first;
    if (!isDigit(char)) throw this.#mistake("invalid number; expected digit after '-'");
    if (char === '0') char = this.#read();
    else char = this.#digits();
    if (char === '.') {
      if (!isDigit(this.#read())) throw this.#mistake("invalid number; expected digit after '.'");
      char = this.#digits();
    }
    if (char === 'e' || char === 'E') {
      char = this.#read();
      const isSigned = char === '+' || char === '-';
      if (isSigned) char = this.#read();
      if (!isDigit(char)) {
        const where = isSigned ? 'digit after exponent sign' : "'+', '-', or digit after exponent";
        throw this.#mistake(`invalid number; expected ${where}`);
      }
      this.#digits();
    }
    this.#at--;
    const number = this.#text.slice(this.#start, this.#at);
    if (Number.isFinite(Number(number))) return 'number';
    throw new SyntaxMistake(`[json.exception.out_of_range.406] number overflow parsing '${number}'`);
  }

  /** The first character behind them. */
  #digits(): string {
    let char = this.#read();
    while (isDigit(char)) char = this.#read();
    return char;
  }

  #string(): Token {
    this.#start = this.#at - 1;
    for (;;) {
      const char = this.#read();
      if (char === '') throw this.#mistake('invalid string: missing closing quote');
      if (char === '"') return 'string';
      if (char < ' ') throw this.#mistake(controlMessage(char));
      if (char === '\\') this.#escape();
      else if (char >= '\x80') this.#utf8(char);
    }
  }

  #utf8(lead: string): void {
    let bytes = lead;
    const length = lead < '\xe0' ? 2 : lead < '\xf0' ? 3 : 4;
    while (bytes.length < length && lead >= '\xc2' && lead <= '\xf4') {
      const [least, most] = (bytes.length === 1 ? SECOND_BYTES[lead] : undefined) ?? ['\x80', '\xbf'];
      const next = this.#read();
      bytes += next;
      if (next === '' || next < least || next > most) break;
    }
    if (!isUtf8(Buffer.from(bytes, 'latin1'))) throw this.#mistake('invalid string: ill-formed UTF-8 byte');
  }

  #escape(): void {
    const char = this.#read();
    if (char !== 'u') {
      if (char === '' || !'"\\/bfnrt'.includes(char)) throw this.#mistake('invalid string: forbidden character after backslash');
      return;
    }
    const unit = this.#hex();
    if (unit >= 0xdc00 && unit <= 0xdfff) {
      throw this.#mistake('invalid string: surrogate U+DC00..U+DFFF must follow U+D800..U+DBFF');
    }
    if (unit < 0xd800 || unit > 0xdbff) return;
    const isPaired = this.#read() === '\\' && this.#read() === 'u';
    const low = isPaired ? this.#hex() : 0;
    if (low < 0xdc00 || low > 0xdfff) {
      throw this.#mistake('invalid string: surrogate U+D800..U+DBFF must be followed by U+DC00..U+DFFF');
    }
  }

  #hex(): number {
    let digits = '';
    while (digits.length < 4) {
      const char = this.#read();
      if (!/^[0-9a-fA-F]$/.test(char)) throw this.#mistake("invalid string: '\\u' must be followed by 4 hex digits");
      digits += char;
    }
    return Number.parseInt(digits, 16);
  }
}

/** Leads whose second byte may be less than any continuation. */
const SECOND_BYTES: Readonly<Record<string, readonly [least: string, most: string]>> = {
  '\xe0': ['\xa0', '\xbf'],
  '\xed': ['\x80', '\x9f'],
  '\xf0': ['\x90', '\xbf'],
  '\xf4': ['\x80', '\x8f'],
};

const isDigit = (char: string): boolean => char >= '0' && char <= '9' && char !== '';

const hex4 = (char: string): string => char.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');

const CONTROLS =
  'NUL SOH STX ETX EOT ENQ ACK BEL BS HT LF VT FF CR SO SI DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC FS GS RS US'.split(' ');
const SHORT: Readonly<Record<string, string>> = { '\b': '\\b', '\t': '\\t', '\n': '\\n', '\f': '\\f', '\r': '\\r' };

function controlMessage(char: string): string {
  const short = SHORT[char] === undefined ? '' : ` or ${SHORT[char]}`;
  return `invalid string: control character U+${hex4(char)} (${CONTROLS[char.charCodeAt(0)]}) must be escaped to \\u${hex4(char)}${short}`;
}
