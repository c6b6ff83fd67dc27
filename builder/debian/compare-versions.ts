/**
 * Which of two versions of Debian packages is newer.
 *
 * @source deb-version(7), "Sorting algorithm"
 */

/** Negative: `a` is older; 0: equal; positive: `a` is newer. */
export function compareDebianVersions(a: string, b: string): number {
  if (a === b) return 0;
  const [first, second] = [split(a), split(b)];
  return (
    compareDigits(first.epoch, second.epoch) ||
    compareParts(first.upstream, second.upstream) ||
    compareParts(first.revision, second.revision)
  );
}

function split(version: string): { epoch: string; upstream: string; revision: string } {
  const [, epoch = '', rest = ''] = /^(?:(\d+):)?(.*)$/s.exec(version)!;
  const hyphen = rest.lastIndexOf('-');
  return hyphen === -1
    ? { epoch, upstream: rest, revision: '' }
    : { epoch, upstream: rest.slice(0, hyphen), revision: rest.slice(hyphen + 1) };
}

/** Runs of other signs and runs of digits in turn; the first difference decides. */
function compareParts(a: string, b: string): number {
  const first: string[] = a.match(/\d+|\D+/g) ?? [];
  const second: string[] = b.match(/\d+|\D+/g) ?? [];
  // Both begin with a run of other signs, which may be empty.
  if (/^\d/.test(a)) first.unshift('');
  if (/^\d/.test(b)) second.unshift('');
  for (let index = 0; index < Math.max(first.length, second.length); index++) {
    const [left, right] = [first[index] ?? '', second[index] ?? ''];
    const difference = index % 2 === 0 ? compareSigns(left, right) : compareDigits(left, right);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** `~` before the end, the end before letters, letters before other signs. */
function compareSigns(a: string, b: string): number {
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    const difference = weight(a[at]) - weight(b[at]);
    if (difference !== 0) return difference;
  }
  return 0;
}

function weight(sign: string | undefined): number {
  if (sign === '~') return -1;
  if (sign === undefined) return 0;
  return /[A-Za-z]/.test(sign) ? sign.charCodeAt(0) : sign.charCodeAt(0) + 256;
}

/** Digits of any length; none is zero. */
function compareDigits(a: string, b: string): number {
  const [first, second] = [a.replace(/^0+/, ''), b.replace(/^0+/, '')];
  if (first.length !== second.length) return first.length - second.length;
  return first === second ? 0 : first < second ? -1 : 1;
}
