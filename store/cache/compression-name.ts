/** Compressions by name, and the endings of their files. */

/** Compressions that igos writes. */
export type WrittenCompression = 'none' | 'zstd' | 'gzip' | 'xz' | 'br' | 'bzip2';

/** Ending of files, by compression. */
const SUFFIXES: Readonly<Record<WrittenCompression, string>> = {
  none: '.nar',
  zstd: '.nar.zst',
  gzip: '.nar.gz',
  xz: '.nar.xz',
  br: '.nar.br',
  bzip2: '.nar.bz2',
};

export const narSuffix = (compression: WrittenCompression): string => SUFFIXES[compression];

export const isWrittenCompression = (text: string): text is WrittenCompression => Object.hasOwn(SUFFIXES, text);

/** All of them, as an error or a help text lists them. */
export const writtenCompressions: readonly string[] = Object.keys(SUFFIXES);
