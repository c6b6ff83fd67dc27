import { compareBytes } from '../base/index.ts';

/**
 * The version after `current`, made of a day: the day itself, or with `-a` to `-z`; the first of these that is greater, byte by byte.
 * Where the current one is greater than all, it gets `-x` after it.
 *
 * @param today  `YYYY-MM-DD`
 */
export function nextVersion(current: string, today: string): string {
  const candidates = [today, ...[...'abcdefghijklmnopqrstuvwxyz'].map((letter) => `${today}-${letter}`)];
  return candidates.find((candidate) => compareBytes(candidate, current) > 0) ?? `${current}-x`;
}
