/** A word for a POSIX shell: as it stands where that is safe, else in single quotes. Nothing in it is expanded. */
export const shellWord = (text: string): string =>
  /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

/** Words joined by spaces, with a leading space; nothing for none. */
export const shellWords = (words: readonly string[]): string => words.map((word) => ` ${shellWord(word)}`).join('');
