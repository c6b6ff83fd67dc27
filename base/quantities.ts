/** Quantities as people read them. */

const UNITS = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** `832 B`, `1.2 KiB`, `14 MiB`: two digits or more, binary units. */
export function formatBytes(nBytes: number): string {
  if (nBytes < 1023.5) return `${Math.round(nBytes)} B`;
  let value = nBytes / 1024;
  let unit = 0;
  while (value >= 1023.5 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} ${UNITS[unit]}`;
}

/** With its sign: `+1.2 KiB`, `-14 B`. */
export const formatByteDelta = (nBytes: number): string => `${nBytes < 0 ? '-' : '+'}${formatBytes(Math.abs(nBytes))}`;

/** `1 path`, `2 paths`. */
export const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;
