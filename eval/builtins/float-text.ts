/** The three ways in which Nix writes a float. */

/** As C's `%.6g`: what values are printed as, and `toXML`. */
export function floatGeneral(value: number): string {
  if (!Number.isFinite(value)) return notFinite(value);
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const [digits, exponentText] = exponential(value, 5).split('e') as [string, string];
  const exponent = Number(exponentText);
  if (exponent < -4 || exponent >= 6) return `${trimZeros(digits)}e${exponent < 0 ? '-' : '+'}${twoDigits(exponent)}`;
  return trimZeros(fixed(value, 5 - exponent));
}

/** As C's `%f`: what `toString` gives. */
export function floatFixed(value: number): string {
  if (!Number.isFinite(value)) return notFinite(value);
  if (Math.abs(value) < 1e21) return Object.is(value, -0) ? '-0.000000' : fixed(value, 6);
  // From 1e21 on, toFixed falls back to exponents; every double that large is an integer.
  return `${BigInt(value)}.000000`;
}

/** The fewest digits that read back as the same float, in the layout of current Nix's `toJSON`: `0.1`, `10000000.0`, `1e+20`. */
export function floatShortest(value: number): string {
  if (!Number.isFinite(value)) return 'null';
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const sign = value < 0 ? '-' : '';
  const [mantissa, exponentText] = Math.abs(value).toExponential().split('e') as [string, string];
  const digits = mantissa.replace('.', '');
  const point = Number(exponentText) + 1;
  if (digits.length <= point && point <= 15) return `${sign}${digits.padEnd(point, '0')}.0`;
  if (point > 0 && point <= 15) return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
  if (point > -4 && point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  const fraction = digits.length === 1 ? '' : `.${digits.slice(1)}`;
  return `${sign}${digits[0]}${fraction}e${point - 1 < 0 ? '-' : '+'}${twoDigits(point - 1)}`;
}

/** Digits looked at behind the last one wanted: a double that is no tie differs from one within them. */
const lookahead = 30;

/** C rounds ties to the even digit, JavaScript away from zero. */
function fixed(value: number, decimals: number): string {
  const longer = value.toFixed(decimals + lookahead);
  const cut = longer.slice(0, -lookahead).replace(/\.$/, '');
  return isTieOnEven(cut, longer.slice(-lookahead)) ? cut : value.toFixed(decimals);
}

function exponential(value: number, decimals: number): string {
  const [digits, exponent] = value.toExponential(decimals + lookahead).split('e') as [string, string];
  const cut = digits.slice(0, -lookahead);
  return isTieOnEven(cut, digits.slice(-lookahead)) ? `${cut}e${exponent}` : value.toExponential(decimals);
}

const isTieOnEven = (kept: string, dropped: string): boolean => /[02468]$/.test(kept) && /^50*$/.test(dropped);

const notFinite = (value: number): string => (Number.isNaN(value) ? 'nan' : value < 0 ? '-inf' : 'inf');
const trimZeros = (digits: string): string => (digits.includes('.') ? digits.replace(/\.?0+$/, '') : digits);
const twoDigits = (exponent: number): string => String(Math.abs(exponent)).padStart(2, '0');
