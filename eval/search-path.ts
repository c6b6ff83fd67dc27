/** `<x>`: entries of the search path, tried in order. */
import { type Bytes, bytesToText, Fault } from '../base/index.ts';
import { builtinFault } from './builtins/faults.ts';
import { resolveChannel } from './channel.ts';
import { notInSearchPath } from './errors.ts';
import type { EvalIO } from './io.ts';
import { canonicalPath, OWN_FOLDER } from './path.ts';

export interface SearchEntry {
  /** `nixpkgs` answers for `<nixpkgs>` and `<nixpkgs/x>`; '' for everything below its path. */
  readonly prefix: Bytes;
  readonly path: Bytes;
}

interface Looking {
  readonly isPure: boolean;
  readonly missing: Set<Bytes>;
}

/** Whether an entry is the address of an archive, whose tree is meant, or a channel of Nix. */
export const isSearchAddress = (path: Bytes): boolean => /^(?:(?:https?|file):\/\/|channel:)/.test(path);

/**
 * The file of `<name>`, links followed; `<nix/…>` is the own tree, whatever is in it, unless an entry comes first. As in Nix, `..` does
 * not lead out of an entry.
 *
 * @param missing  paths of entries that were not there, which is said once of each
 * @throws Catchable E-EVAL-018
 */
export function findInSearchPath(io: EvalIO, entries: readonly SearchEntry[], name: Bytes, { isPure, missing }: Looking): Bytes {
  for (const { prefix, path } of entries) {
    const rest = restAfter(prefix, name);
    if (rest === undefined) continue;
    const inside = canonicalPath(`/${rest}`);
    if (isSearchAddress(path)) {
      const found = findFetched(io, path, inside, { isPure, missing });
      if (found !== undefined) return found;
      continue;
    }
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

/** In the tree behind an address. It stays a path in the store, which no other machine has elsewhere. */
function findFetched(io: EvalIO, address: Bytes, inside: Bytes, { isPure, missing }: Looking): Bytes | undefined {
  if (missing.has(address)) return undefined;
  if (isPure) {
    throw builtinFault('E-EVAL-142', `in pure evaluation mode, the search path entry '${bytesToText(address)}' is not fetched`, {
      hints: ['evaluate with --impure, or name a folder'],
    });
  }
  let tree: Bytes;
  try {
    tree = io.fetchUrl({ url: bytesToText(resolveChannel(address)), name: 'source', isTree: true }).path;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    missing.add(address);
    io.trace('warning', `Nix search path entry '${address}' cannot be downloaded, ignoring`);
    return undefined;
  }
  const found = inside === '/' ? tree : tree + inside;
  return io.pathExists(found) ? found : undefined;
}

function restAfter(prefix: Bytes, name: Bytes): Bytes | undefined {
  if (prefix === '') return name;
  if (name === prefix) return '';
  return name.startsWith(`${prefix}/`) ? name.slice(prefix.length + 1) : undefined;
}
