/** Paths as text. */
import type { Bytes } from '../../base/index.ts';
import { type Builtin, builtin } from '../builtin.ts';
import { parentPath } from '../path.ts';
import { PathValue, withContext } from '../value.ts';

export const pathBuiltins: readonly Builtin[] = [
  builtin({
    name: 'baseNameOf',
    args: ['path'],
    doc: 'What stands behind the last slash of a path or string; one slash at the end does not count.',
    example: ['baseNameOf "/a/b/"', '"b"'],
    isGlobal: true,
    impl: (ctx, path) => {
      const context = new Set<string>();
      const text = ctx.coerceToString(path, 'the first argument passed to builtins.baseNameOf', context, { copyToStore: false });
      return withContext(baseNameOf(text), context);
    },
  }),
  builtin({
    name: 'dirOf',
    args: ['path'],
    doc: 'The folder of a path (as a path) or of a string (as a string): what stands before the last slash.',
    example: ['dirOf "/a/b"', '"/a"'],
    isGlobal: true,
    impl: (ctx, slot) => {
      const value = ctx.force(slot);
      if (value instanceof PathValue) return new PathValue(parentPath(value.path));
      const context = new Set<string>();
      const text = ctx.coerceToString(value, 'the first argument passed to builtins.dirOf', context, { copyToStore: false });
      const slash = text.lastIndexOf('/');
      return withContext(slash === -1 ? '.' : slash === 0 ? '/' : text.slice(0, slash), context);
    },
  }),
  builtin({
    name: 'isPath',
    args: ['e'],
    doc: 'Whether `e` is a path.',
    example: ['builtins.isPath ./.', 'true'],
    impl: (ctx, e) => ctx.force(e) instanceof PathValue,
  }),
  builtin({
    name: 'toPath',
    args: ['s'],
    doc: 'An absolute path as a string, without `.`, `..` and repeated slashes. Old; `/. + s` gives a path.',
    example: ['builtins.toPath "/a/../b"', '"/b"'],
    impl: (ctx, s) => {
      const context = new Set<string>();
      const path = ctx.coerceToPath(s, 'the first argument passed to builtins.toPath', context);
      return withContext(path, context);
    },
  }),
];

/** As Nix: `a//` has the base name '', `a/` has `a`. */
export function baseNameOf(path: Bytes): Bytes {
  const text = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
  return text.slice(text.lastIndexOf('/') + 1);
}
