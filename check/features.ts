/**
 * What a build log says about features: each check of a configure step, and whether it found what it looked for.
 *
 * @source output of GNU Autoconf (`checking for X... yes`), CMake (`-- Found X`, `-- Looking for X - found`), Meson
 *   (`Run-time dependency X found: YES`), and the summaries (`X support: yes`) that many configure scripts print
 */

/** The check as it stands in the log → whether it was met. Met once is met. */
export type Features = ReadonlyMap<string, boolean>;

interface Reader {
  readonly pattern: RegExp;
  /** The check and its answer; `undefined`: no check. */
  read(match: RegExpExecArray): readonly [name: string, answer: boolean] | undefined;
}

const READERS: readonly Reader[] = [
  {
    pattern: /^checking (.{1,160}?)\.\.\. *(?:\(cached\) *)?(.*)$/,
    read: ([, what, answer]) =>
      answer === '' ? undefined : [`checking ${what}`, !/^(no|none|not found|disabled|missing)\b/i.test(answer!)],
  },
  { pattern: /^-- Could NOT find (\S{1,80})/, read: ([, what]) => [`package ${what}`, false] },
  { pattern: /^-- Found (\S{1,80}?):/, read: ([, what]) => [`package ${what}`, true] },
  {
    pattern: /^-- (Looking for|Performing Test|Checking for module) (.{1,120}?) - (.{1,40})$/i,
    read: ([, kind, what, answer]) => [`${kind!.toLowerCase()} ${what}`, /^(found|success|yes)/i.test(answer!)],
  },
  { pattern: /^-- +Found ([\w.+-]{1,80}), version/, read: ([, what]) => [`checking for module '${what}'`, true] },
  {
    pattern: /^-- +(?:No package|Package) '([^']{1,80})'.* (?:found|not found)/,
    read: ([, what]) => [`checking for module '${what}'`, false],
  },
  {
    pattern:
      /^(?:Run-time dependency|Build-time dependency|Dependency|Library|Program|Has header|Message: Has) "?(\S{1,80}?)"?(?: \([^)]*\))?(?: for [^:]*)? ?(?:found)? ?: (YES|NO)\b/,
    read: (match) => [
      match[0]
        .slice(0, match[0].lastIndexOf(':'))
        .replace(/ ?found ?$/, '')
        .trim(),
      match[2] === 'YES',
    ],
  },
  {
    pattern: /^\s{0,12}([A-Za-z][\w .+/()-]{1,60}?)\s*[:=]\s*(yes|no|enabled|disabled|on|off|true|false)\s*$/i,
    read: ([, what, answer]) => [`summary ${what!.trim()}`, /^(yes|enabled|on|true)$/i.test(answer!)],
  },
];

/** Lines longer than this are no checks. */
const MAX_LINE_CHARACTERS = 400;

/** Cost: linear in the log. */
export function readFeatures(log: string): Features {
  const features = new Map<string, boolean>();
  let from = 0;
  while (from < log.length) {
    const newline = log.indexOf('\n', from);
    const end = newline === -1 ? log.length : newline;
    if (end - from <= MAX_LINE_CHARACTERS) readLine(log.slice(from, end).trimEnd());
    from = end + 1;
  }
  return features;

  function readLine(line: string): void {
    if (line === '') return;
    for (const { pattern, read } of READERS) {
      const match = pattern.exec(line);
      const found = match === null ? undefined : read(match);
      if (found === undefined) continue;
      const [name, answer] = found;
      features.set(name, (features.get(name) ?? false) || answer);
      return;
    }
  }
}

/** What a check is about, as words that may be names: `checking for foo.h` → foo; `checking for bar in -lfoo` → foo. */
export function subjectOf(feature: string): string {
  const library = / in -l([\w.+-]+)/.exec(feature)?.[1];
  if (library !== undefined) return library;
  const words = feature.replace(
    /^(checking for module|checking(?: for| whether| if)?|package|looking for|performing test|summary|Run-time dependency|Build-time dependency|Dependency|Library|Program|Has header)\s+/i,
    '',
  );
  return words
    .replace(/^['"]|['"].*$/g, '')
    .replace(/\s+(support|library|libraries|headers?|version.*|>=.*|\(.*)$/i, '')
    .replace(/\.h$/, '');
}
