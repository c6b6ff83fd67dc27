/** Variables. The closures for near slots are written out; a slot found evaluated is replaced by its value. */
import type { Span } from '../../base/index.ts';
import { Attrs, type Shape } from '../attrs.ts';
import { inOwnCell } from '../cell.ts';
import { describe } from '../describe.ts';
import { isPrefixedBuiltin, undefinedVariable, wrongType } from '../errors.ts';
import type { DynamicScope } from '../scope.ts';
import { force, run, settled, Thunk } from '../thunk.ts';
import { locate } from '../trace.ts';
import type { Env, Slot, Value } from '../value.ts';
import type { Code, SlotCode } from './code.ts';
import { type Level, lexicalNames, type Resolution, resolve, type StaticScope } from './scope.ts';

/** The value of a variable. */
export function compileVariable(name: string, scope: StaticScope, span: Span): Code {
  const found = resolve(name, scope);
  switch (found.kind) {
    case 'slot':
      return readValue(found.depth, found.index, found.scope.isSingle);
    case 'global': {
      const { slot } = found;
      return slot instanceof Thunk ? () => force(slot) : () => slot;
    }
    case 'search':
      return search(name, found, scope, span);
  }
}

/** The slot of a variable, unforced; a thunk where finding it would evaluate. `extraDepth`: environments inside `scope`. */
export function delayVariable(name: string, scope: StaticScope, span: Span, extraDepth = 0): SlotCode {
  const found = resolve(name, scope);
  switch (found.kind) {
    case 'slot':
      return readSlot(found.depth + extraDepth, found.index, found.scope.isSingle);
    case 'global':
      return () => found.slot;
    case 'search': {
      const find = search(name, found, scope, span);
      const code: Code = (env) => inOwnCell(find(env));
      return (env) => new Thunk(code, outer(env, extraDepth));
    }
  }
}

const outer = (env: Env, depth: number): Env => {
  let at = env;
  for (let i = 0; i < depth; i++) at = at.around;
  return at;
};

function valueIn(env: Env): Value {
  const slot = env.held as Slot;
  if (!(slot instanceof Thunk)) return slot;
  const value = slot.code === null ? (slot.held as Value) : run(slot);
  if (!Array.isArray(value)) env.held = value;
  return value;
}

function valueAt(env: Env, index: number): Value {
  const slots = env.held as Slot[];
  const slot = slots[index]!;
  if (!(slot instanceof Thunk)) return slot;
  const value = slot.code === null ? (slot.held as Value) : run(slot);
  if (!Array.isArray(value)) slots[index] = value;
  return value;
}

/** One and the same code for all variables that stand at one address, of which most programs use few. */
function byAddress<C>(single: (depth: number) => C, make: (depth: number, index: number) => C) {
  const singles: C[] = [];
  const made: C[] = [];
  return (depth: number, index: number, isSingle: boolean): C => {
    if (isSingle) {
      singles[depth] ??= single(depth);
      return singles[depth];
    }
    if (depth >= NEAR || index >= FEW) return make(depth, index);
    const at = depth * FEW + index;
    made[at] ??= make(depth, index);
    return made[at];
  };
}

const NEAR = 8;
const FEW = 32;

const readValue = byAddress(
  (depth): Code => {
    switch (depth) {
      case 0:
        return (env) => {
          const slot = env.held as Slot;
          return slot instanceof Thunk ? valueIn(env) : slot;
        };
      case 1:
        return (env) => valueIn(env.around);
      case 2:
        return (env) => valueIn(env.around.around);
      case 3:
        return (env) => valueIn(env.around.around.around);
      default:
        return (env) => valueIn(outer(env, depth));
    }
  },
  (depth, index): Code => {
    switch (depth) {
      case 0:
        return (env) => valueAt(env, index);
      case 1:
        return (env) => valueAt(env.around, index);
      case 2:
        return (env) => valueAt(env.around.around, index);
      case 3:
        return (env) => valueAt(env.around.around.around, index);
      default:
        return (env) => valueAt(outer(env, depth), index);
    }
  },
);

const readSlot = byAddress(
  (depth): SlotCode => {
    switch (depth) {
      case 0:
        return (env) => settled(env.held as Slot);
      case 1:
        return (env) => settled(env.around.held as Slot);
      case 2:
        return (env) => settled(env.around.around.held as Slot);
      default:
        return (env) => settled(outer(env, depth).held as Slot);
    }
  },
  (depth, index): SlotCode => {
    switch (depth) {
      case 0:
        return (env) => settled((env.held as Slot[])[index]!);
      case 1:
        return (env) => settled((env.around.held as Slot[])[index]!);
      case 2:
        return (env) => settled((env.around.around.held as Slot[])[index]!);
      default:
        return (env) => settled((outer(env, depth).held as Slot[])[index]!);
    }
  },
);

function search(name: string, { levels, global }: Resolution & { kind: 'search' }, scope: StaticScope, span: Span): Code {
  // Where the name stood in the last set of each level.
  const shapes: (Shape | undefined)[] = levels.map(() => undefined);
  const places: number[] = levels.map(() => -1);
  return (env) => {
    for (let i = 0; i < levels.length; i++) {
      const level = levels[i]!;
      const at = outer(env, level.depth);
      let slot: Slot | undefined;
      if (level.kind === 'with') {
        const set = withSet(at, span);
        if (set.shape !== shapes[i]) {
          places[i] = set.shape.indexOf(name);
          shapes[i] = set.shape;
        }
        const place = places[i]!;
        slot = place < 0 ? undefined : set.slots[place];
      } else slot = (at.held as DynamicScope).lookup(name);
      if (slot === undefined) continue;
      if (!(slot instanceof Thunk)) return slot;
      try {
        return force(slot);
      } catch (error) {
        throw locate(error, span);
      }
    }
    if (global !== undefined) return force(global);
    throw undefinedVariable(name, candidates(levels, env, scope), span, {
      isBuiltin: isPrefixedBuiltin(name, scope.unit.ctx.globals),
      otherwise: () => levels.flatMap((level) => dynamicHints(name, level, env)),
    });
  };
}

function withSet(env: Env, span: Span): Attrs {
  const set = valueIn(env);
  if (set instanceof Attrs) return set;
  throw wrongType('a set', describe(set), span);
}

const dynamicHints = (name: string, level: Level, env: Env): readonly string[] =>
  level.kind === 'dynamic' ? ((outer(env, level.depth).held as DynamicScope).hintsFor?.(name) ?? []) : [];

function* candidates(levels: readonly Level[], env: Env, scope: StaticScope): Generator<string> {
  yield* lexicalNames(scope);
  for (const level of levels) {
    const { held } = outer(env, level.depth);
    if (level.kind === 'dynamic') yield* (held as DynamicScope).names();
    else if (held instanceof Attrs) yield* held.names;
  }
  for (const name of scope.unit.ctx.globals.keys()) if (!name.startsWith('__')) yield name;
}
