/** The names that every expression sees: `builtins`, the builtins that need no prefix, and the others as `__<name>`. */
import { attrsFromMap } from './attrs.ts';
import type { Builtin, BuiltinConstant } from './builtin.ts';
import type { Evaluator } from './evaluator.ts';
import { Thunk } from './thunk.ts';
import { PrimOp, type Slot, type Value } from './value.ts';

/** The names alone. */
export function globalNames(table: readonly (Builtin | BuiltinConstant)[]): Set<string> {
  const names = new Set(['true', 'false', 'null', 'builtins']);
  for (const { name, isGlobal } of table) names.add(isGlobal === true ? name : `__${name}`);
  return names;
}

export function bindGlobals(ctx: Evaluator, table: readonly (Builtin | BuiltinConstant)[]): Map<string, Slot> {
  const globals = new Map<string, Slot>([
    ['true', true],
    ['false', false],
    ['null', null],
  ]);
  const all = new Map<string, Slot>(globals);
  for (const entry of table) {
    const slot =
      'impl' in entry ? new PrimOp(entry.name, entry.args.length, ctx, entry.impl, entry.formals) : lazyConstant(ctx, entry);
    all.set(entry.name, slot);
    globals.set(entry.isGlobal === true ? entry.name : `__${entry.name}`, slot);
  }
  // The set contains itself: the slot is put in once the set is there.
  all.set('builtins', null);
  const builtins = attrsFromMap(all);
  builtins.slots[builtins.shape.indexOf('builtins')] = builtins;
  globals.set('builtins', builtins);
  return globals;
}

const lazyConstant = (ctx: Evaluator, { constant }: BuiltinConstant): Slot => {
  const code = (): Value => ctx.force(constant(ctx));
  return new Thunk(code, undefined);
};
