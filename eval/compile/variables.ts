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
      return readValue(found.depth, found.index);
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
      return readSlot(found.depth + extraDepth, found.index);
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
  for (let i = 0; i < depth; i++) at = at[0] as Env;
  return at;
};

function valueAt(env: Env, index: number): Value {
  const slot = env[index] as Slot;
  if (!(slot instanceof Thunk)) return slot;
  const value = slot.code === null ? (slot.held as Value) : run(slot);
  if (!Array.isArray(value)) env[index] = value;
  return value;
}

/** One and the same code for all variables that stand at one address, of which most programs use few. */
function byAddress<C>(make: (depth: number, index: number) => C): typeof make {
  const made: C[] = [];
  return (depth, index) => {
    if (depth >= NEAR || index >= FEW) return make(depth, index);
    const at = depth * FEW + index;
    made[at] ??= make(depth, index);
    return made[at];
  };
}

const NEAR = 8;
const FEW = 32;

const readValue = byAddress((depth, index): Code => {
  switch (depth) {
    case 0:
      return (env) => {
        const slot = env[index] as Slot;
        return slot instanceof Thunk ? valueAt(env, index) : slot;
      };
    case 1:
      return (env) => valueAt(env[0] as Env, index);
    case 2:
      return (env) => valueAt((env[0] as Env)[0] as Env, index);
    case 3:
      return (env) => valueAt(((env[0] as Env)[0] as Env)[0] as Env, index);
    default:
      return (env) => valueAt(outer(env, depth), index);
  }
});

const readSlot = byAddress((depth, index): SlotCode => {
  switch (depth) {
    case 0:
      return (env) => settled(env[index] as Slot);
    case 1:
      return (env) => settled((env[0] as Env)[index] as Slot);
    case 2:
      return (env) => settled(((env[0] as Env)[0] as Env)[index] as Slot);
    default:
      return (env) => settled(outer(env, depth)[index] as Slot);
  }
});

function search(name: string, { levels, global }: Resolution & { kind: 'search' }, scope: StaticScope, span: Span): Code {
  // Where the name stood in the last set of each level.
  const shapes: (Shape | undefined)[] = levels.map(() => undefined);
  const places: number[] = levels.map(() => -1);
  return (env) => {
    for (let i = 0; i < levels.length; i++) {
      const level = levels[i]!;
      const held = outer(env, level.depth);
      let slot: Slot | undefined;
      if (level.kind === 'with') {
        const set = withSet(held, span);
        if (set.shape !== shapes[i]) {
          places[i] = set.shape.indexOf(name);
          shapes[i] = set.shape;
        }
        const place = places[i]!;
        slot = place < 0 ? undefined : set.slots[place];
      } else slot = (held[1] as DynamicScope).lookup(name);
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
  const set = valueAt(env, 1);
  if (set instanceof Attrs) return set;
  throw wrongType('a set', describe(set), span);
}

const dynamicHints = (name: string, level: Level, env: Env): readonly string[] =>
  level.kind === 'dynamic' ? ((outer(env, level.depth)[1] as DynamicScope).hintsFor?.(name) ?? []) : [];

function* candidates(levels: readonly Level[], env: Env, scope: StaticScope): Generator<string> {
  yield* lexicalNames(scope);
  for (const level of levels) {
    const held = outer(env, level.depth)[1];
    if (level.kind === 'dynamic') yield* (held as DynamicScope).names();
    else if (held instanceof Attrs) yield* held.names;
  }
  for (const name of scope.unit.ctx.globals.keys()) if (!name.startsWith('__')) yield name;
}
