/** `<x>`: entries of the search path, tried in order. */
import type { Bytes } from '../base/index.ts';
import { nixSearchPathEntry } from './builtins/search-path.ts';
import { notInSearchPath } from './errors.ts';
import type { EvalIO } from './io.ts';

export interface SearchEntry {
  /** `nixpkgs` answers for `<nixpkgs>` and `<nixpkgs/x>`; '' for everything below its path. */
  readonly prefix: Bytes;
  readonly path: Bytes;
}

/** The file of `<name>`; `<nix/…>` is there always, unless an entry comes first. @throws Catchable E-EVAL-018 */
export function findInSearchPath(io: EvalIO, entries: readonly SearchEntry[], name: Bytes, isPure: boolean): Bytes {
  for (const { prefix, path } of [...entries, nixSearchPathEntry]) {
    const rest = restAfter(prefix, name);
    if (rest === undefined) continue;
    const found = rest === '' ? path : `${path}/${rest}`;
    if (io.pathExists(found)) return found;
  }
  throw notInSearchPath(name, isPure);
}

function restAfter(prefix: Bytes, name: Bytes): Bytes | undefined {
  if (prefix === '') return name;
  if (name === prefix) return '';
  return name.startsWith(`${prefix}/`) ? name.slice(prefix.length + 1) : undefined;
}
