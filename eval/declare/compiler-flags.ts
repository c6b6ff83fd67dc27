/** Flags for compilers that keep the place of the build out of what they make, and debug information in where it is wanted. */

/**
 * `c`: reads CFLAGS and CXXFLAGS when it is configured. `make`: a plain makefile, whose own `CFLAGS ?= …` a default of ours would
 * displace. `python`: extensions in C, flags come on top of the interpreter's.
 */
export type Compiler = (typeof COMPILERS)[number];

export const COMPILERS = ['c', 'make', 'python', 'rust'] as const;

/** Every build has this folder (docs/decisions/0002); debuggers look for sources below the other. */
const PREFIX_MAP = '/build=/usr/src/debug';

/**
 * Variables that join those declared: what is declared stays in front, and `null` means that nothing is to be set.
 *
 * @param compiler  undefined where the style calls none
 */
export function compilerFlags(
  compiler: Compiler | undefined,
  hasDebug: boolean,
  declared: ReadonlyMap<string, string | null>,
): ReadonlyMap<string, string> {
  const flags = new Map<string, string>();
  const add = (name: string, start: string | undefined, ...more: readonly string[]): void => {
    const own = declared.get(name);
    const first = own === undefined ? start : own;
    if (first === undefined || first === null) return;
    flags.set(name, [first, ...more].filter((word) => word !== '').join(' '));
  };
  const debug = hasDebug ? ['-g'] : [];
  if (compiler === 'rust') {
    const id = hasDebug ? ['-C link-arg=-Wl,--build-id=sha1'] : [];
    add('RUSTFLAGS', '', `--remap-path-prefix=${PREFIX_MAP}`, ...id);
    if (hasDebug) add('CARGO_PROFILE_RELEASE_DEBUG', '2');
  } else if (compiler !== undefined || hasDebug) {
    const start = { c: '-O2', python: '', make: hasDebug ? '-O2' : undefined }[compiler ?? 'make'];
    for (const name of ['CFLAGS', 'CXXFLAGS']) add(name, start, ...debug, `-ffile-prefix-map=${PREFIX_MAP}`);
    if (hasDebug) add('LDFLAGS', '', '-Wl,--build-id=sha1');
  }
  return flags;
}
