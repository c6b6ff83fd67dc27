/**
 * Stable sort by a "less than" that may be anything: one that is no order gives some order of the same elements, never a crash.
 * Asks only `isLess(later, earlier)`, so each comparison is one call. Cost: O(n log n); already sorted input takes n - 1 calls.
 */
export function mergeSort<T>(items: readonly T[], isLess: (a: T, b: T) => boolean): T[] {
  let from = items.slice();
  let to = items.slice();
  for (let width = 1; width < from.length; width *= 2) {
    for (let start = 0; start < from.length; start += 2 * width) {
      mergeRuns(from, to, start, Math.min(start + width, from.length), Math.min(start + 2 * width, from.length), isLess);
    }
    [from, to] = [to, from];
  }
  return from;
}

function mergeRuns<T>(
  from: readonly T[],
  to: T[],
  start: number,
  middle: number,
  end: number,
  isLess: (a: T, b: T) => boolean,
): void {
  let left = start;
  let right = middle;
  // Runs that are in order already are copied without looking at each element.
  if (middle < end && !isLess(from[middle]!, from[middle - 1]!)) right = end;
  for (let at = start; at < end; at++) {
    if (right === end) to[at] = from[left < middle ? left++ : at]!;
    else if (left < middle && !isLess(from[right]!, from[left]!)) to[at] = from[left++]!;
    else to[at] = from[right++]!;
  }
}
