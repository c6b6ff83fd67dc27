/**
 * Order of versions, as rpm has it: runs of digits compare as numbers, runs of letters as text, a number is newer than letters,
 * what goes on is newer than what ends, and `~` is older than the end (`1.0~rc1` < `1.0`). Other signs only separate.
 * @returns negative, 0 or positive
 */
export function compareVersions(a: string, b: string): number {
  const left = segments(a);
  const right = segments(b);
  for (let index = 0; ; index++) {
    const x = left[index];
    const y = right[index];
    if (x === undefined && y === undefined) return 0;
    if (x === '~' || y === '~') {
      if (x === y) continue;
      return x === '~' ? -1 : 1;
    }
    if (x === undefined || y === undefined) return x === undefined ? -1 : 1;
    const order = compareSegments(x, y);
    if (order !== 0) return order;
  }
}

const segments = (version: string): string[] => version.match(/\d+|[A-Za-z]+|~/g) ?? [];

const isNumber = (text: string): boolean => text >= '0' && text < ':';

function compareSegments(x: string, y: string): number {
  if (isNumber(x) !== isNumber(y)) return isNumber(x) ? 1 : -1;
  if (!isNumber(x)) return x < y ? -1 : x > y ? 1 : 0;
  const [left, right] = [x.replace(/^0+/, ''), y.replace(/^0+/, '')];
  if (left.length !== right.length) return left.length - right.length;
  return left < right ? -1 : left > right ? 1 : 0;
}
