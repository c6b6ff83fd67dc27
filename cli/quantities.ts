/** Sizes and ages as options take them. */
import { UsageError } from './arguments.ts';

const SIZES: Readonly<Record<string, number>> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };
const AGES: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 7 * 86_400 };

/** `1500`, `64M`, `1.5G`, `10GiB` in bytes. @throws UsageError */
export function parseSize(option: string, text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)([KMGT]?)(?:iB|B)?$/i.exec(text) ?? [];
  if (number === undefined) throw new UsageError(`--${option} takes a size such as 500M or 10G, not '${text}'`);
  return Math.floor(Number(number) * SIZES[unit!.toUpperCase()]!);
}

/** `30d`, `2w`, `12h` in seconds. @throws UsageError */
export function parseAge(option: string, text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)([smhdw])$/.exec(text) ?? [];
  if (number === undefined) throw new UsageError(`--${option} takes an age such as 30d, 2w or 12h, not '${text}'`);
  return Number(number) * AGES[unit!]!;
}
