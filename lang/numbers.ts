/** Integer literals. */

const LARGEST = 9223372036854775807n;

/** A number while that is exact, else a bigint. */
export function parseInteger(digits: string): number | bigint {
  const value = Number(digits);
  if (Number.isSafeInteger(value)) return value;
  // beyond any 64-bit number: the exact value no longer matters, and huge literals stay cheap
  return digits.replace(/^0+/, '').length > 19 ? LARGEST + 1n : BigInt(digits);
}

export const isInt64 = (value: number | bigint): boolean => value <= LARGEST;

const SMALLEST_NORMAL = 2.2250738585072014e-308;

/** Whether a float literal is not zero and yet below what a double holds in full: an error in Nix. */
export const isTinyFloat = (value: number, text: string): boolean => value < SMALLEST_NORMAL && /^[0.]*[1-9]/.test(text);
