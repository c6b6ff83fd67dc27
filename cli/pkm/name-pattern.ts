/** `*` for anything, `?` for one character; everything else stands for itself. */
export function namePattern(pattern: string): RegExp {
  const source = pattern.replace(/[\\^$.*+?()[\]{}|/]/g, (sign) => (sign === '*' ? '.*' : sign === '?' ? '.' : `\\${sign}`));
  return new RegExp(`^${source}$`, 's');
}
