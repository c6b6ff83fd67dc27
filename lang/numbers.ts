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
