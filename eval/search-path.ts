/** `<x>`: entries of the search path, tried in order. */
import type { Bytes } from '../base/index.ts';
import { notInSearchPath } from './errors.ts';
import type { EvalIO } from './io.ts';
import { canonicalPath, OWN_FOLDER } from './path.ts';

export interface SearchEntry {
  /** `nixpkgs` answers for `<nixpkgs>` and `<nixpkgs/x>`; '' for everything below its path. */
  readonly prefix: Bytes;
  readonly path: Bytes;
}

/**
 * The file of `<name>`, links followed; `<nix/…>` is the own tree, whatever is in it, unless an entry comes first. As in Nix, `..` does
 * not lead out of an entry.
 *
 * @param missing  paths of entries that were not there, which is said once of each
 * @throws Catchable E-EVAL-018
 */
export function findInSearchPath(
  io: EvalIO,
  entries: readonly SearchEntry[],
  name: Bytes,
  { isPure, missing }: { readonly isPure: boolean; readonly missing: Set<Bytes> },
): Bytes {
  for (const { prefix, path } of entries) {
    const rest = restAfter(prefix, name);
    if (rest === undefined) continue;
    const inside = canonicalPath(`/${rest}`);
    // From the working directory, where it is relative: only the disk knows that.
    const found = path.startsWith('/') ? canonicalPath(path + inside) : path + inside;
    if (io.pathExists(found)) return io.realpath(found);
    if (!missing.has(path) && !io.pathExists(path)) {
      missing.add(path);
      io.trace('warning', `Nix search path entry '${path}' does not exist, ignoring`);
    }
  }
  if (name.startsWith('nix/')) return OWN_FOLDER + canonicalPath(name.slice('nix'.length));
  throw notInSearchPath(name, isPure);
}

function restAfter(prefix: Bytes, name: Bytes): Bytes | undefined {
  if (prefix === '') return name;
  if (name === prefix) return '';
  return name.startsWith(`${prefix}/`) ? name.slice(prefix.length + 1) : undefined;
}
