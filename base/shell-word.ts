/** Words of a POSIX shell. No NUL can be in one. */

/** In single quotes: nothing in it is expanded. */
export const singleQuoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** As it stands where that is safe, else in single quotes. */
export const shellWord = (text: string): string => (/^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : singleQuoted(text));

/** For people to type: `TREE#NAME` as it is, too, since # begins a comment only where it begins a word. What builds run stays as it was. */
export const typedWord = (text: string): string =>
  text.startsWith('#') || shellWord(text.replaceAll('#', '')) !== text.replaceAll('#', '') ? shellWord(text) : text;
