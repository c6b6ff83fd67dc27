/** What is on the disk. */
import { type Bytes, bytesToText, SystemFault } from '../../base/index.ts';
import { rewritePlaceholders, splitStorePath, storePathHash } from '../../store/index.ts';
import { attrsFromMap } from '../attrs.ts';
import { type Builtin, builtin } from '../builtin.ts';
import type { Evaluator } from '../evaluator.ts';
import { reading } from '../files.ts';
import type { FileKind } from '../io.ts';
import { ContextString, PathValue, type Slot, type Value, withContext } from '../value.ts';
import { builtinFault, neededAttribute } from './faults.ts';
import { forceRealPath } from './real-path.ts';

export const fileBuiltins: readonly Builtin[] = [
  builtin({
    name: 'findFile',
    args: ['searchPath', 'name'],
    doc: 'Looks a name up in a list of `{ path; prefix; }`: what `<name>` does with `builtins.nixPath`.',
    cost: 'one look at the disk per entry',
    impl: findFile,
  }),
  builtin({
    name: 'import',
    args: ['path'],
    doc: 'The value of the expression in a file; of a folder, of its `default.nix`. Every file is evaluated once. A path in the output of a derivation is built first.',
    cost: 'reads, parses and evaluates the file the first time',
    isGlobal: true,
    impl: (ctx, path) => ctx.importFile(forceRealPath(ctx, path, 'the argument passed to builtins.import')),
  }),
  builtin({
    name: 'pathExists',
    args: ['path'],
    doc: 'Whether something stands at a path; a dangling symlink counts. With a slash at the end: whether it is a folder.',
    cost: 'one look at the disk',
    example: ['builtins.pathExists /no/such/file', 'false'],
    impl: pathExists,
  }),
  builtin({
    name: 'readDir',
    args: ['path'],
    doc: 'The entries of a folder, each with its kind: "regular", "directory", "symlink" or "unknown".',
    cost: 'reads the folder',
    impl: (ctx, slot) => {
      const path = forceRealPath(ctx, slot, 'the first argument passed to builtins.readDir');
      return attrsFromMap(readFolder(ctx, path));
    },
  }),
  builtin({
    name: 'readFile',
    args: ['path'],
    doc: 'The bytes of a file as a string. Of a file in the store, the string depends on the store paths that it names.',
    cost: 'reads the file',
    impl: (ctx, slot) => {
      const path = forceRealPath(ctx, slot, 'the first argument passed to builtins.readFile');
      return readText(ctx, path);
    },
  }),
  builtin({
    name: 'readFileType',
    args: ['path'],
    doc: 'What stands at a path: "regular", "directory", "symlink" or "unknown".',
    cost: 'one look at the disk',
    impl: (ctx, slot) => {
      const path = forceRealPath(ctx, slot, 'the first argument passed to builtins.readFileType');
      const kind = reading(path, () => ctx.io.lstat(path));
      if (kind !== undefined) return kind;
      // Reading it gives the error that says so.
      return reading(path, () => {
        throw new SystemFault('read', path, { code: 'ENOENT' });
      });
    },
  }),
  builtin({
    name: 'scopedImport',
    args: ['scope', 'path'],
    doc: 'Like `import`, with the attributes of a set as names of the file. Evaluated anew at each call.',
    cost: 'parses the file once, evaluates it each time',
    isGlobal: true,
    impl: (ctx, scope, path) => {
      const file = forceRealPath(ctx, path, 'the second argument passed to builtins.scopedImport');
      return ctx.scopedImport(ctx.forceAttrs(scope, 'the first argument passed to builtins.scopedImport'), file);
    },
  }),
];

function readFolder(ctx: Evaluator, path: Bytes): ReadonlyMap<Bytes, FileKind> {
  try {
    return ctx.io.readDir(path);
  } catch (error) {
    // What is no folder is named by its real path.
    const isThere = error instanceof SystemFault && error.errno === 'ENOTDIR' && ctx.io.pathExists(path);
    return reading(isThere ? ctx.io.realpath(path) : path, () => {
      throw error;
    });
  }
}

function readText(ctx: Evaluator, path: Bytes): Value {
  const text = reading(path, () => ctx.io.readFile(path), ctx.io);
  if (text.includes('\0')) {
    throw builtinFault('E-EVAL-115', `the contents of the file '${bytesToText(path)}' cannot be represented as a Nix string`, {
      notes: ['it holds the byte NUL'],
      hints: ['use the path itself: it can be copied into the store as it is'],
    });
  }
  const { store } = ctx.io;
  const object = path.startsWith(store.storeDir) ? splitStorePath(path, store.storeDir) : undefined;
  if (object === undefined) return text;
  // Of what the object refers to, the string depends on what stands in it.
  const references = store.references?.(object.path) ?? [];
  return withContext(text, new Set(references.filter((reference) => text.includes(storePathHash(reference)))));
}

function findFile(ctx: Evaluator, searchPath: Slot, nameSlot: Slot): Value {
  const entries = ctx.forceList(searchPath, 'the first argument passed to builtins.findFile').map((item) => {
    const entry = ctx.forceAttrs(item, 'an element of the list passed to builtins.findFile');
    const prefix = entry.get('prefix');
    const path = entry.get('path');
    if (path === undefined) throw neededAttribute('each element of the list passed to builtins.findFile', 'path');
    const context = new Set<string>();
    const text = ctx.coerceToString(path, 'the `path` attribute of an element of the list passed to builtins.findFile', context, {
      copyToStore: false,
    });
    return {
      prefix:
        prefix === undefined
          ? ''
          : ctx.forceStringNoContext(prefix, 'the `prefix` attribute of an element of the list passed to builtins.findFile'),
      path: context.size === 0 ? text : rewritePlaceholders(text, ctx.realiseContext(context)),
    };
  });
  const name = ctx.forceStringNoContext(nameSlot, 'the second argument passed to builtins.findFile');
  return new PathValue(ctx.findFile(entries, name));
}

function pathExists(ctx: Evaluator, slot: Slot): Value {
  const value = ctx.force(slot);
  const path = forceRealPath(ctx, value, 'the argument passed to builtins.pathExists');
  const written: Bytes = typeof value === 'string' ? value : value instanceof ContextString ? value.text : path;
  try {
    const kind = ctx.io.lstat(path);
    if (!/\/\.?$/.test(written)) return kind !== undefined;
    if (kind !== 'symlink') return kind === 'directory';
    return ctx.io.pathExists(path) && ctx.io.lstat(ctx.io.realpath(path)) === 'directory';
  } catch (error) {
    // Something on the way is no folder, or may not be looked at.
    if (error instanceof SystemFault) return false;
    throw error;
  }
}
