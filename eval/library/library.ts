/** The names that declarations find last, behind the tree's: fetchers, styles, `lib`, builtins without `builtins.` before them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SourceFile } from '../../base/index.ts';
import { parseFile } from '../../lang/index.ts';
import type { Evaluator } from '../evaluator.ts';
import type { DynamicScope, Scoping } from '../scope.ts';
import type { Slot, Value } from '../value.ts';
import { fetchTarball, fetchurl } from './fetchurl.ts';
import { makeStyle } from './make-style.ts';

/** One name of the library. */
export interface LibraryEntry {
  readonly name: string;
  readonly doc: string;
  readonly example: string;
  /** Of a function that takes a set: the attributes that may be in it. */
  readonly options?: readonly string[];
  make(evaluator: Evaluator, scoping: Scoping): Slot;
}

/** Where `lib` is written. */
export const libraryFile: string = join(import.meta.dirname, 'lib.nix');

const lib: LibraryEntry = {
  name: 'lib',
  doc: 'Small functions on lists, sets, strings and versions.',
  example: 'lib.versions.majorMinor version',
  make: (evaluator, scoping) => evaluator.delay(() => evaluateOwn(scoping, libraryFile)),
};

export const LIBRARY: readonly LibraryEntry[] = [fetchurl, fetchTarball, makeStyle, lib];

/** The library, each name made when it is first asked for. `more` are names that others add (the styles). */
export function libraryScope(evaluator: Evaluator, scoping: Scoping, more: ReadonlyMap<string, Slot>): DynamicScope {
  const made = new Map<string, Slot>(more);
  const names = [...more.keys(), ...LIBRARY.map((entry) => entry.name)];
  return {
    lookup(name) {
      const known = made.get(name);
      if (known !== undefined) return known;
      const entry = LIBRARY.find((each) => each.name === name);
      // Globals have a builtin that needs the prefix as `__sort`.
      if (entry === undefined) return evaluator.globals.get(`__${name}`);
      const slot = entry.make(evaluator, scoping);
      made.set(name, slot);
      return slot;
    },
    names: () => names,
  };
}

/** A file of this program: read directly, whatever disk the evaluator sees. */
function evaluateOwn(scoping: Scoping, path: string): Value {
  const source = new SourceFile('<lib>', readFileSync(path, 'latin1'));
  const tree = parseFile(source, { kind: 'nix' });
  if (tree.kind !== 'expr') throw new TypeError('lib.nix is an expression');
  return scoping.evalInScope(tree.expr, scoping.fileScope(source, import.meta.dirname));
}
