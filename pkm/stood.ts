/** What stood where a configuration file goes or comes: between the plan and the act somebody may write there, and loses nothing by it. */
import { lstatSync } from 'node:fs';
import { lookAt, type Standing } from '../base/index.ts';
import type { Stood } from './plan/operations.ts';

const KINDS = ['nothing', 'file', 'symlink', 'other'] satisfies Stood['kind'][];

/** `undefined` for a directory: whether it may go is looked at when it does. */
export function stoodOf(
  there: (Pick<Standing, 'kind' | 'mtimeMs'> & { readonly sizeBytes: number }) | undefined,
): Stood | undefined {
  if (there === undefined) return { kind: 'nothing', sizeBytes: 0, time: 0 };
  if (there.kind === 'directory') return undefined;
  return { kind: there.kind, sizeBytes: there.sizeBytes, time: Math.max(0, Math.floor(there.mtimeMs)) };
}

/** Whether something else stands there now. */
export function isOther(path: string, stood: Stood): boolean {
  const there = lookAt(path);
  const now = stoodOf(there === undefined ? undefined : { ...there, sizeBytes: there.size });
  if (now === undefined || now.kind === 'nothing') return false;
  return now.kind !== stood.kind || now.sizeBytes !== stood.sizeBytes || now.time !== stood.time;
}

/** In the columns `mode`, `uid` and `gid` of the journal, which such operations do not need: 0 where nothing is known. */
export const toColumns = (stood: Stood | undefined): readonly [number, number, number] =>
  stood === undefined ? [0, 0, 0] : [KINDS.indexOf(stood.kind) + 1, stood.sizeBytes, stood.time];

export function fromColumns(mode: number, uid: number, gid: number): { readonly stood?: Stood } {
  const kind = KINDS[mode - 1];
  return kind === undefined ? {} : { stood: { kind, sizeBytes: uid, time: gid } };
}

/** A free name beside the path, of those that versions put aside have. */
export function nameAside(path: string): string {
  for (let n = 0; ; n++) {
    const candidate = n === 0 ? `${path}.pkmsave` : `${path}.pkmsave.${n}`;
    if (lstatSync(candidate, { throwIfNoEntry: false }) === undefined) return candidate;
  }
}
