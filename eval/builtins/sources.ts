/** What evaluation puts into the store: files, trees and texts. */

import { type Bytes, bytesToText } from '../../base/index.ts';
import {
  type AddOptions,
  formatHash,
  parseHash,
  parseStoreName,
  parseStorePath,
  type StorePath,
  splitStorePath,
  textPath,
} from '../../store/index.ts';
import { type Builtin, builtin } from '../builtin.ts';
import { impure } from '../errors.ts';
import type { Evaluator } from '../evaluator.ts';
import { reading } from '../files.ts';
import { sourceOf } from '../own-files.ts';
import { pathText } from '../path.ts';
import { ContextString, type Slot, type Value } from '../value.ts';
import { parseContextElement } from './context.ts';
import { builtinFault, neededAttribute, unexpectedAttribute } from './faults.ts';
import { baseNameOf } from './paths.ts';
import { forceRealPath, realPath } from './real-path.ts';

export const sourceBuiltins: readonly Builtin[] = [
  builtin({
    name: 'filterSource',
    args: ['filter', 'path'],
    doc: 'Copies a tree to the store, without the entries for which `filter path kind` is false. Kinds: "regular", "directory", "symlink", "unknown".',
    cost: 'reads the tree; one call per entry',
    impl: (ctx, filter, slot) => {
      const context = new Set<string>();
      const given = ctx.coerceToPath(slot, "the second argument (the path to filter) passed to 'builtins.filterSource'", context);
      ctx.forceFunction(filter, "the first argument passed to 'builtins.filterSource'");
      const path = realPath(ctx, given, context);
      return addSource(ctx, { path, name: baseNameOf(path), filter, method: 'nar', expected: undefined });
    },
  }),
  builtin({
    name: 'path',
    args: ['{ path, name ?, filter ?, recursive ?, sha256 ? }'],
    doc: 'Copies a file or tree to the store. `name` is its name there, `filter` as in `filterSource`; with `recursive = false` a file is named by the hash of its bytes alone; `sha256` is checked.',
    cost: 'reads the tree',
    impl: path,
  }),
  builtin({
    name: 'storePath',
    args: ['path'],
    doc: 'A path of the store as a string that depends on it, without copying.',
    impl: (ctx, slot) => {
      if (ctx.settings.pure === true) throw impure("'builtins.storePath'");
      const context = new Set<string>();
      const given = ctx.coerceToPath(slot, 'the first argument passed to builtins.storePath', context);
      const path = placeInStore(ctx, realPath(ctx, given, context));
      context.add(splitStorePath(path, ctx.io.store.storeDir)!.path);
      return new ContextString(path, [...context]);
    },
  }),
  builtin({
    name: 'toFile',
    args: ['name', 's'],
    doc: 'Writes a string to the store and gives its path. The string may depend on sources and other texts, not on outputs of derivations.',
    cost: 'hashes the string',
    impl: toFile,
  }),
];

/** Links lead there, but for one that is itself an object. @throws Fault E-STORE-001 it is elsewhere */
function placeInStore(ctx: Evaluator, path: Bytes): Bytes {
  const { io } = ctx;
  const { storeDir } = io.store;
  if (splitStorePath(path, storeDir)?.rest === '') return path;
  const real = reading(path, () => io.realpath(path));
  if (splitStorePath(real, storeDir) !== undefined) return real;
  // Links of --out-link lead to where the store is on disk: objects have the same names there.
  const found = /\/[0-9a-z]{32}-[^/]+/.exec(real);
  const logical = found === null ? '' : storeDir + real.slice(found.index);
  const object = splitStorePath(logical, storeDir);
  if (object === undefined || !io.store.isValid(object.path)) parseStorePath(path, storeDir);
  return logical;
}

interface Source {
  readonly path: Bytes;
  readonly name: Bytes;
  readonly filter: Slot | undefined;
  readonly method: 'flat' | 'nar';
  readonly expected: Bytes | undefined;
}

function path(ctx: Evaluator, argument: Slot): Value {
  const set = ctx.forceAttrs(argument, "the argument passed to 'builtins.path'");
  const known = ['filter', 'name', 'path', 'recursive', 'sha256'];
  for (const name of set.names) if (!known.includes(name)) throw unexpectedAttribute('builtins.path', name, known);
  const pathSlot = set.get('path');
  if (pathSlot === undefined) {
    const message = "missing required 'path' attribute in the first argument to 'builtins.path'";
    throw neededAttribute("the argument of 'builtins.path'", 'path', message);
  }
  const source = forceRealPath(ctx, pathSlot, "the 'path' attribute passed to 'builtins.path'");
  const name = set.get('name');
  const recursive = set.get('recursive');
  const sha256 = set.get('sha256');
  const filter = set.get('filter');
  if (filter !== undefined) ctx.forceFunction(filter, "the `filter` parameter passed to 'builtins.path'");
  const isFlat = recursive !== undefined && !ctx.forceBool(recursive, "the `recursive` attribute passed to 'builtins.path'");
  return addSource(ctx, {
    path: source,
    name:
      name === undefined ? baseNameOf(source) : ctx.forceStringNoContext(name, "the `name` attribute passed to 'builtins.path'"),
    filter,
    method: isFlat ? 'flat' : 'nar',
    expected:
      sha256 === undefined ? undefined : ctx.forceStringNoContext(sha256, "the `sha256` attribute passed to 'builtins.path'"),
  });
}

function addSource(ctx: Evaluator, { path, name, filter, method, expected }: Source): Value {
  parseStoreName(name);
  const wanted = expected === undefined ? undefined : parseHash(expected, 'sha256');
  const real = sourceOf(path);
  const taken = filter === undefined ? undefined : takenBy(ctx, filter, (each) => pathText(path + each.slice(real.length)));
  const options: AddOptions = { method, ...(taken === undefined ? {} : { filter: taken }) };
  const added = reading(path, () => ctx.io.store.addPath(name, real, options));
  if (wanted !== undefined && added.digest.hex !== wanted.hex) {
    throw builtinFault('E-EVAL-114', `store path mismatch in (possibly filtered) path added from '${bytesToText(path)}'`, {
      notes: [`expected ${formatHash(wanted, 'sri')}\ngot      ${formatHash(added.digest, 'sri')}`],
      hints: ['give the hash that was got, if the content is what you want'],
    });
  }
  return new ContextString(added.path, [added.path]);
}

/** @param named  how the expression calls a path of the source */
function takenBy(ctx: Evaluator, filter: Slot, named: (path: Bytes) => Bytes): NonNullable<AddOptions['filter']> {
  const fn = ctx.force(filter);
  return (path, kind) => ctx.forceBool(ctx.call2(fn, named(path), kind), 'the return value of the path filter function');
}

function toFile(ctx: Evaluator, nameSlot: Slot, s: Slot): Value {
  const name = ctx.forceStringNoContext(nameSlot, 'the first argument passed to builtins.toFile');
  const context = new Set<string>();
  const text = ctx.forceString(s, 'the second argument passed to builtins.toFile', context);
  const references: StorePath[] = [];
  for (const each of context) {
    const element = parseContextElement(each);
    if (element.kind !== 'path') {
      throw builtinFault(
        'E-EVAL-112',
        `files created by builtins.toFile may not reference derivations, but ${bytesToText(name)} references ${each.replace(`${ctx.io.store.storeDir}/`, '')}`,
        { hints: ['write the file in a derivation: with passAsFile, or a builder that prints it'] },
      );
    }
    references.push(element.path as StorePath);
  }
  parseStoreName(name);
  const { store } = ctx.io;
  const target = textPath(name, text, references, store.storeDir);
  store.addText({ name, path: target, text, references });
  return new ContextString(target, [target]);
}
