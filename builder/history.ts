/**
 * What builds took the last time, kept in the store's cache: how long, and how much memory. By the name of the package as well as by
 * that of the derivation, so that a new version is expected to take what the old one took.
 */
import type { ObjectStore } from '../store/index.ts';

export interface Taken {
  readonly seconds: number;
  /** Of the largest process; 0 where that is not known. */
  readonly peakBytes: number;
}

/** As Nix divides names: the version begins at the first dash that no letter follows. */
export function packageName(name: string): string {
  const dash = name.search(/-[^a-zA-Z]/);
  return dash <= 0 ? name : name.slice(0, dash);
}

/** What a derivation of this name, or else an earlier version of it, took. `undefined`: none was ever built here. */
export function takenBefore(store: ObjectStore, name: string): Taken | undefined {
  const text = store.cacheGet(`${KEY}${name}`) ?? store.cacheGet(`${KEY}${packageName(name)}`);
  const [seconds, peakBytes] = (text ?? '').split(' ').map(Number);
  if (text === undefined || seconds === undefined || !Number.isFinite(seconds)) return undefined;
  return { seconds, peakBytes: peakBytes !== undefined && Number.isFinite(peakBytes) ? peakBytes : 0 };
}

/** Entries for `ObjectStore.cachePut`. */
export function historyEntries(name: string, { seconds, peakBytes }: Taken): (readonly [string, string])[] {
  const value = `${seconds.toFixed(2)} ${peakBytes}`;
  return [...new Set([name, packageName(name)])].map((each) => [`${KEY}${each}`, value] as const);
}

const KEY = 'build-seconds ';
