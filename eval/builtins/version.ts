/** Version numbers as Nix compares them: components are runs of digits or of other bytes, `.` and `-` only separate. */
import type { Bytes } from '../../base/index.ts';

const component = /[0-9]+|[^0-9.-]+/g;

export const versionComponents = (version: Bytes): Bytes[] => version.match(component) ?? [];

/** -1, 0 or 1. A missing component is older than any other except `pre`; a number is newer than a word. */
export function compareVersionText(a: Bytes, b: Bytes): -1 | 0 | 1 {
  const left = versionComponents(a);
  const right = versionComponents(b);
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const x = left[index] ?? '';
    const y = right[index] ?? '';
    if (isOlder(x, y)) return -1;
    if (isOlder(y, x)) return 1;
  }
  return 0;
}

function isOlder(a: Bytes, b: Bytes): boolean {
  const x = asInt(a);
  const y = asInt(b);
  if (x !== undefined && y !== undefined) return x < y;
  if (a === '' && y !== undefined) return true;
  if (a === 'pre' && b !== 'pre') return true;
  if (b === 'pre') return false;
  if (y !== undefined) return true;
  if (x !== undefined) return false;
  return a < b;
}

/** Components past 2^31 - 1 count as words, as in Nix: `20250101120000` is older than `9`. */
function asInt(text: Bytes): number | undefined {
  if (text === '' || !/^[0-9]+$/.test(text)) return undefined;
  const value = Number(text);
  return value <= 0x7fffffff ? value : undefined;
}

/** Splits at the first dash that no letter follows. */
export function splitDrvName(text: Bytes): { name: Bytes; version: Bytes } {
  const dash = text.search(/-[^A-Za-z]/);
  return dash === -1 ? { name: text, version: '' } : { name: text.slice(0, dash), version: text.slice(dash + 1) };
}
