/**
 * Which of two versions is newer: the order of Debian's dpkg (epoch, upstream version, what follows the last hyphen; letters before
 * other signs, `~` before the end), and one rule more: after a digit, the words `dev`, `alpha`, `beta`, `pre`, `preview` and `rc` come before
 * the version that they lead to, in this order, however they are attached. So `1.0-rc1` is older than `1.0`, and `9.9p2` newer than
 * `9.9`: what upstreams mean by both. Of all versions there is one order; `1.0` and `1.00` are equal in it.
 *
 * @source deb-version(7), "Sorting algorithm"; docs/pkm.md "Versions"
 */

/** Negative: `a` is older; 0: neither; positive: `a` is newer. Cost: some µs. */
export function compareVersions(a: string, b: string): number {
  if (a === b) return 0;
  const [first, second] = [splitVersion(a), splitVersion(b)];
  return (
    compareNumbers(first.epoch, second.epoch) ||
    compareParts(first.upstream, second.upstream) ||
    compareParts(first.revision, second.revision)
  );
}

/** The release, a counter of the packager, decides between equal versions. */
export const compareReleases = (
  a: { readonly version: string; readonly release: number },
  b: { readonly version: string; readonly release: number },
): number => compareVersions(a.version, b.version) || a.release - b.release;

const PRERELEASE = /(?<=\d)[._+-]*~?(dev|alpha|beta|preview|pre|rc)(?![a-z])/gi;

function splitVersion(version: string): { epoch: string; upstream: string; revision: string } {
  const [, epoch = '', rest = ''] = /^(?:(\d+):)?(.*)$/s.exec(version)!;
  const text = rest.replace(PRERELEASE, (_, word: string) => (/dev/i.test(word) ? '~~dev' : `~${word.toLowerCase()}`));
  const hyphen = text.lastIndexOf('-');
  if (hyphen === -1) return { epoch, upstream: text, revision: '' };
  return { epoch, upstream: text.slice(0, hyphen), revision: text.slice(hyphen + 1) };
}

/** Runs of other signs and runs of digits in turn; the first difference decides. */
function compareParts(a: string, b: string): number {
  let [at, other] = [0, 0];
  while (at < a.length || other < b.length) {
    while ((at < a.length && !isDigit(a, at)) || (other < b.length && !isDigit(b, other))) {
      const difference = weight(a, at) - weight(b, other);
      if (difference !== 0) return difference;
      at += 1;
      other += 1;
    }
    const [end, otherEnd] = [endOfDigits(a, at), endOfDigits(b, other)];
    const difference = compareNumbers(a.slice(at, end), b.slice(other, otherEnd));
    if (difference !== 0) return difference;
    at = end;
    other = otherEnd;
  }
  return 0;
}

/** Digits of any length; none is zero. */
function compareNumbers(a: string, b: string): number {
  const [first, second] = [a.replace(/^0+/, ''), b.replace(/^0+/, '')];
  if (first.length !== second.length) return first.length - second.length;
  return first === second ? 0 : first < second ? -1 : 1;
}

const isDigit = (text: string, at: number): boolean => {
  const code = text.charCodeAt(at);
  return code >= 48 && code <= 57;
};

function endOfDigits(text: string, at: number): number {
  let end = at;
  while (end < text.length && isDigit(text, end)) end += 1;
  return end;
}

/** The end and digits weigh nothing, `~` less, letters more, other signs most. */
function weight(text: string, at: number): number {
  if (at >= text.length || isDigit(text, at)) return 0;
  const code = text.charCodeAt(at);
  if (code === 126) return -1;
  return (code >= 65 && code <= 90) || (code >= 97 && code <= 122) ? code : code + 256;
}
