/** All builtins, by name. Documentation, completion and the global names come from here. */
import type { Builtin, BuiltinConstant } from '../builtin.ts';
import { arithmeticBuiltins } from './arithmetic.ts';
import { attrsetBuiltins } from './attrsets.ts';
import { closureBuiltins } from './closure.ts';
import { constantBuiltins } from './constants.ts';
import { contextBuiltins } from './context.ts';
import { controlBuiltins } from './control.ts';
import { dataBuiltins } from './data.ts';
import { derivationBuiltins } from './derivations.ts';
import { fetchBuiltins } from './fetch.ts';
import { fetchTreeBuiltins } from './fetch-tree.ts';
import { fileBuiltins } from './files.ts';
import { flakeRefBuiltins } from './flake-refs.ts';
import { hashBuiltins } from './hashes.ts';
import { listBuiltins } from './lists.ts';
import { matchingBuiltins } from './matching.ts';
import { pathBuiltins } from './paths.ts';
import { sourceBuiltins } from './sources.ts';
import { stringBuiltins } from './strings.ts';
import { typeBuiltins } from './types.ts';

const all: readonly (Builtin | BuiltinConstant)[] = [
  ...arithmeticBuiltins,
  ...attrsetBuiltins,
  ...closureBuiltins,
  ...constantBuiltins,
  ...contextBuiltins,
  ...controlBuiltins,
  ...dataBuiltins,
  ...derivationBuiltins,
  ...fetchBuiltins,
  ...fetchTreeBuiltins,
  ...fileBuiltins,
  ...flakeRefBuiltins,
  ...hashBuiltins,
  ...listBuiltins,
  ...matchingBuiltins,
  ...pathBuiltins,
  ...sourceBuiltins,
  ...stringBuiltins,
  ...typeBuiltins,
];
const byName = new Map(all.map((entry) => [entry.name, entry]));

/**
 * Sorted by name. `true`, `false`, `null` and `builtins` itself are made by the evaluator. The names are ASCII; a function that compares
 * them would be called so often that V8 compiled it, at every start.
 */
export const builtinTable: readonly (Builtin | BuiltinConstant)[] =
  // biome-ignore lint/suspicious/useArraySortCompare: strings are what it compares by itself
  [...byName.keys()].sort().map((name) => byName.get(name)!);
