/** Whether a path (no directory) is configuration: below `etc/`, or named by one of the package's globs. */
export function configMatcher(globs: readonly string[]): (path: string) => boolean {
  const patterns = globs.map(globToRegExp);
  return (path) => path.startsWith('etc/') || patterns.some((pattern) => pattern.test(path));
}

/** Whether a path is meant by one of the globs. */
export function pathMatcher(globs: readonly string[]): (path: string) => boolean {
  const patterns = globs.map(globToRegExp);
  return (path) => patterns.some((pattern) => pattern.test(path));
}

/** What every path that a glob means begins with. */
export const globPrefix = (glob: string): string => /^[^*?]*/.exec(glob.replace(/^\/+/, ''))![0];

/** `*` and `?` within a name, `**` across names, the rest literal; a leading slash is ignored; a trailing slash means all below. */
function globToRegExp(glob: string): RegExp {
  const trimmed = glob.replace(/^\/+/, '');
  const text = trimmed.endsWith('/') ? `${trimmed}**` : trimmed;
  const body = text.replace(/\*\*\/?|\*|\?|[.+^${}()|[\]\\]/g, (token) => {
    if (token === '**/') return '(?:.*/)?';
    if (token === '**') return '.*';
    if (token === '*') return '[^/]*';
    if (token === '?') return '[^/]';
    return `\\${token}`;
  });
  return new RegExp(`^${body}$`);
}
