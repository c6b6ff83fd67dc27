/** Which bytes make identifiers, paths, numbers and URIs: one table look-up a byte. */

const ID_START = 1;
const ID_PART = 2;
const PATH_PART = 4;
const URI_PART = 8;
const DIGIT = 16;
const LETTER = 32;
const SPACE = 64;
/** In identifiers and in paths. */
const WORD_PART = 128;

const table = new Uint8Array(256);
const mark = (characters: string, bits: number): void => {
  for (const character of characters) table[character.charCodeAt(0)]! |= bits;
};
const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
const DIGITS = '0123456789';
mark(LETTERS, ID_START | ID_PART | PATH_PART | URI_PART | LETTER | WORD_PART);
mark(DIGITS, ID_PART | PATH_PART | URI_PART | DIGIT | WORD_PART);
mark('_', ID_START | ID_PART | PATH_PART | URI_PART | WORD_PART);
mark("'", ID_PART | URI_PART);
mark('-', ID_PART | PATH_PART | URI_PART | WORD_PART);
mark('.+', PATH_PART | URI_PART);
mark('%/?:@&=$,!~*', URI_PART);
mark(' \t\r\n', SPACE);

/** `code` may be NaN (past the end): then nothing matches. */
export const isIdStart = (code: number): boolean => ((table[code] ?? 0) & ID_START) !== 0;
export const isIdPart = (code: number): boolean => ((table[code] ?? 0) & ID_PART) !== 0;
/** `[a-zA-Z0-9._+-]` */
export const isPathPart = (code: number): boolean => ((table[code] ?? 0) & PATH_PART) !== 0;
export const isUriPart = (code: number): boolean => ((table[code] ?? 0) & URI_PART) !== 0;
/** `[a-zA-Z0-9_-]` */
export const isWordPart = (code: number): boolean => ((table[code] ?? 0) & WORD_PART) !== 0;
export const isDigit = (code: number): boolean => ((table[code] ?? 0) & DIGIT) !== 0;
export const isLetter = (code: number): boolean => ((table[code] ?? 0) & LETTER) !== 0;
export const isSpace = (code: number): boolean => ((table[code] ?? 0) & SPACE) !== 0;

const NAME = /^[a-zA-Z_][a-zA-Z0-9_'-]*$/;

/** Whether `name` can be written without quotes, keywords aside. */
export const isIdentifier = (name: string): boolean => NAME.test(name);
