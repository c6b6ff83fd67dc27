/** The names that every expression sees: `builtins`, the builtins that need no prefix, and all of them as `__<name>`. */
import { attrsFromMap } from './attrs.ts';
import type { Builtin, BuiltinConstant } from './builtin.ts';
import type { Evaluator } from './evaluator.ts';
import { Thunk } from './thunk.ts';
import { PrimOp, type Slot, type Value } from './value.ts';

export function bindGlobals(ctx: Evaluator, table: readonly (Builtin | BuiltinConstant)[]): Map<string, Slot> {
  const globals = new Map<string, Slot>([
    ['true', true],
    ['false', false],
    ['null', null],
  ]);
  const all = new Map<string, Slot>(globals);
  for (const entry of table) {
    const slot = 'impl' in entry ? bind(ctx, entry) : lazyConstant(ctx, entry);
    all.set(entry.name, slot);
    globals.set(`__${entry.name}`, slot);
    if (entry.isGlobal === true) globals.set(entry.name, slot);
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

/** Fixed arities, so that a call needs no argument array. */
function bind(ctx: Evaluator, { name, args, impl }: Builtin): PrimOp {
  switch (args.length) {
    case 1:
      return new PrimOp(name, 1, (a) => impl(ctx, a!));
    case 2:
      return new PrimOp(name, 2, (a, b) => impl(ctx, a!, b!));
    case 3:
      return new PrimOp(name, 3, (a, b, c) => impl(ctx, a!, b!, c!));
    default:
      return new PrimOp(name, args.length, (...all) => impl(ctx, ...all));
  }
}
