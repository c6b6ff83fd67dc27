/**
 * Globs of packages, for configuration and triggers: `*` and `?` within a name, `**` across names, the rest literal; a leading slash is ignored, a trailing one
 * means all below. Matched in one pass over the path, never by a regular expression: globs come with packages, and
 * a few stars too many would keep one busy for years.
 */

/** Whether a path (no directory) is configuration: below `etc/`, or named by one of the package's globs. */
export function configMatcher(globs: readonly string[]): (path: string) => boolean {
  const patterns = globs.map(parseGlob);
  return (path) => path.startsWith('etc/') || patterns.some((pattern) => matches(pattern, path));
}

/** Whether a path is meant by one of the globs. */
export function pathMatcher(globs: readonly string[]): (path: string) => boolean {
  const patterns = globs.map((glob) => ({ prefix: globPrefix(glob), pattern: parseGlob(glob) }));
  return (path) => patterns.some(({ prefix, pattern }) => path.startsWith(prefix) && matches(pattern, path));
}

/** What every path that a glob means begins with. */
export const globPrefix = (glob: string): string => /^[^*?]*/.exec(glob.replace(/^\/+/, ''))![0];

/** A character, or one of the signs. `folders`: nothing, or anything that ends in a slash. */
type Token = { readonly text: string } | 'one' | 'name' | 'all' | 'folders';

function parseGlob(glob: string): Token[] {
  const trimmed = glob.replace(/^\/+/, '');
  const text = trimmed.endsWith('/') ? `${trimmed}**` : trimmed;
  return Array.from(text.matchAll(/\*\*\/|\*\*|\*|\?|[\s\S]/g), ([token]): Token => {
    if (token === '**/') return 'folders';
    if (token === '**') return 'all';
    if (token === '*') return 'name';
    return token === '?' ? 'one' : { text: token };
  });
}

/**
 * All places of the pattern that the path so far may have led to: `2n` before token n, `2n + 1` inside of it.
 * Cost: length of the path × length of the pattern at most; most paths are out after some characters.
 */
function matches(pattern: readonly Token[], path: string): boolean {
  let places = enter(pattern, 0, new Set());
  for (let at = 0; at < path.length && places.size > 0; at++) {
    const next = new Set<number>();
    for (const place of places) step(pattern, place, path[at]!, next);
    places = next;
  }
  return places.has(2 * pattern.length);
}

/** Adds the place before a token, and those after tokens that may be nothing. */
function enter(pattern: readonly Token[], index: number, places: Set<number>): Set<number> {
  for (let n = index; ; n++) {
    places.add(2 * n);
    const token = pattern[n];
    if (token !== 'name' && token !== 'all' && token !== 'folders') return places;
  }
}

function step(pattern: readonly Token[], place: number, sign: string, next: Set<number>): void {
  const index = place >> 1;
  const token = pattern[index];
  if (token === undefined) return;
  if (typeof token === 'object') {
    if (token.text === sign) enter(pattern, index + 1, next);
  } else if (token === 'one') {
    if (sign !== '/') enter(pattern, index + 1, next);
  } else if (token === 'name') {
    if (sign !== '/') enter(pattern, index, next);
  } else if (token === 'all') enter(pattern, index, next);
  else {
    next.add(2 * index + 1);
    if (sign === '/') enter(pattern, index + 1, next);
  }
}
