/** How a path is written that somebody put in quotes. */
import { type Bytes, bytesToText } from '../../base/index.ts';
import { isIdentifier, printName } from '../../lang/index.ts';

const PLAIN = /^[A-Za-z0-9._+-]+$/;
/** What a path can begin with. */
const ANCHORS = new Set(['', '.', '..', '~']);

/** `undefined` where the text is no path: empty, an address, of several lines. */
export function pathHint(text: Bytes): string | undefined {
  if (/^\/*$/.test(text) || text.includes('://') || /[\0\n\r]/.test(text)) return undefined;
  const parts = text.replace(/\/+$/, '').split(/\/+/);
  const isAnchored = ANCHORS.has(parts[0]!);
  const written = parts.map((part, index) => ((isAnchored && index === 0) || PLAIN.test(part) ? part : inBraces(part)));
  if (!written.every((part) => part !== undefined)) return undefined;
  const path = isAnchored ? (parts.length === 1 ? [...written, '.'] : written) : ['.', ...written];
  return `a path is written without quotes: ${bytesToText(path.join('/'))}`;
}

/** The signs that paths cannot have stand in a string of their own. An identifier would be taken for a variable. */
const inBraces = (part: Bytes): Bytes | undefined => (isIdentifier(part) ? undefined : `\${${printName(part)}}`);
