import type { Bytes } from '../base/index.ts';

/** A POSIX shell word that stands for exactly these bytes (no NUL can be in it). */
export const shellWord = (text: Bytes): Bytes =>
  /^[A-Za-z0-9_./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
