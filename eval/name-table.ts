/** Names in order, and finding one among many. */
import type { Bytes } from '../base/index.ts';

/** The first place whose name is not before the one given; `names` sorted bytewise. */
export function lowerBound(names: readonly Bytes[], name: Bytes): number {
  let low = 0;
  let high = names.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (names[middle]! < name) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Places by name: open addressing over the array of names, which it does not copy. Cheaper to build than a Map, and an eighth of its size. */
export class NameTable {
  readonly #names: readonly Bytes[];
  /** Place + 1; 0 is free. A power of two, at least twice as many as names. */
  readonly #places: Int32Array;

  constructor(names: readonly Bytes[]) {
    const size = 1 << (33 - Math.clz32(names.length));
    const places = new Int32Array(size);
    const mask = size - 1;
    for (let i = 0; i < names.length; i++) {
      let at = hashOf(names[i]!) & mask;
      while (places[at] !== 0) at = (at + 1) & mask;
      places[at] = i + 1;
    }
    this.#names = names;
    this.#places = places;
  }

  /** The place of a name, or -1. */
  indexOf(name: Bytes): number {
    const places = this.#places;
    const names = this.#names;
    const mask = places.length - 1;
    let at = hashOf(name) & mask;
    for (;;) {
      const place = places[at]!;
      if (place === 0) return -1;
      if (names[place - 1] === name) return place - 1;
      at = (at + 1) & mask;
    }
  }
}

/**
 * Turns, and multiplies at the end: counters at the end of names spread well. Until V8 has compiled it with TurboFan, which it hardly ever
 * does in a short run, each multiplication of this kind is a call.
 */
function hashOf(name: Bytes): number {
  let hash = name.length;
  for (let i = 0; i < name.length; i++) hash = ((hash << 5) | (hash >>> 27)) ^ name.charCodeAt(i);
  hash = Math.imul(hash, 0x9e3779b1);
  return hash ^ (hash >>> 15);
}

/**
 * The places of names in bytewise order, of equal names the first; `undefined` where they stand in order already. Cost: O(n log n)
 * comparisons at worst; few where long stretches are in order, as with names that end in a counter.
 */
export function sortedOrder(names: readonly Bytes[]): number[] | undefined {
  let runs = [0];
  for (let i = 1; i < names.length; i++) if (!(names[i - 1]! < names[i]!)) runs.push(i);
  if (runs.length === 1) return undefined;
  let from = names.map((_, i) => i);
  let to = from.slice();
  while (runs.length > 1) {
    const merged: number[] = [];
    for (let run = 0; run < runs.length; run += 2) {
      const end = runs[run + 2] ?? from.length;
      merged.push(runs[run]!);
      mergeRuns(names, from, to, runs[run]!, runs[run + 1] ?? end, end);
    }
    [from, to] = [to, from];
    runs = merged;
  }
  let kept = 1;
  for (let i = 1; i < from.length; i++) if (names[from[i]!] !== names[from[kept - 1]!]) from[kept++] = from[i]!;
  from.length = kept;
  return from;
}

function mergeRuns(names: readonly Bytes[], from: number[], to: number[], start: number, middle: number, end: number): void {
  let left = start;
  let right = middle;
  for (let at = start; at < end; at++) {
    const takesLeft = left < middle && (right === end || !(names[from[right]!]! < names[from[left]!]!));
    to[at] = takesLeft ? from[left++]! : from[right++]!;
  }
}
