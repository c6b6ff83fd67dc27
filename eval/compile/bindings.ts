/** What `let` and `rec` share: bindings that see each other, in one new environment. */
import { type MergedAttrs, printName } from '../../lang/index.ts';
import { Attrs } from '../attrs.ts';
import { inOwnCell } from '../cell.ts';
import { describe } from '../describe.ts';
import { missingAttribute, wrongType } from '../errors.ts';
import { force, Thunk } from '../thunk.ts';
import { labelCode } from '../trace.ts';
import { Env, type Slot } from '../value.ts';
import type { Code, Compiling, Naming, SlotCode } from './code.ts';
import { type StaticScope, spanOf } from './scope.ts';
import { delayVariable } from './variables.ts';

export interface Recursive {
  readonly scope: StaticScope;
  /** A new environment inside the given one: slot i is static binding i. */
  readonly makeEnv: (around: Env) => Env;
}

/** The level of bindings that see each other: slot i is static binding i. */
export const scopeOf = (merged: MergedAttrs, around: StaticScope): StaticScope =>
  around.inside(
    merged,
    'vars',
    () => new Map(merged.statics.map(({ name }, index) => [name, index])),
    merged.inheritFroms.length,
  );

export function compileRecursive(
  merged: MergedAttrs,
  around: StaticScope,
  compiling: Compiling,
  kind: Naming['kind'],
): Recursive {
  const { statics, inheritFroms } = merged;
  // `__overrides` replaces slots after they are filled: no slot may be copied before.
  const isFinal = !statics.some(({ name }) => name === '__overrides');
  const scope = scopeOf(merged, around);
  const firstFrom = statics.length;
  // The sources of `inherit (e)` come first in time, so that the bindings that select from them find them there.
  const order: { readonly index: number; readonly code: SlotCode }[] = inheritFroms.map((expr, index) => ({
    index: firstFrom + index,
    code: compiling.delay(expr, scope, { filledUpTo: 0 }),
  }));
  statics.forEach((attr, index) => {
    const naming = { kind, name: attr.name };
    const { value } = attr;
    let code: SlotCode;
    if (value.kind === 'expr') code = compiling.delayBound(value, scope, { naming, filledUpTo: isFinal ? index : 0 });
    else if (value.kind === 'inherit') code = delayVariable(attr.name, around, spanOf(around.unit, attr), 1);
    else code = delayInherited(attr.name, (env) => (env.held as Slot[])[firstFrom + value.index]!, spanOf(around.unit, attr));
    order.push({ index, code });
  });
  const template = new Array<Slot>(statics.length + inheritFroms.length).fill(undefined as never);
  const codes = order.map(({ code }) => code);
  const indices = order.map(({ index }) => index);
  const n = codes.length;
  if (n === 1) {
    const only = codes[0]!;
    return {
      scope,
      makeEnv: (env) => {
        const inner = new Env(env, undefined);
        inner.held = only(inner);
        return inner;
      },
    };
  }
  return {
    scope,
    makeEnv: (env) => {
      const slots = template.slice();
      const inner = new Env(env, slots);
      for (let i = 0; i < n; i++) slots[indices[i]!] = codes[i]!(inner);
      return inner;
    },
  };
}

/** `inherit (e) name`: selects when it is needed. `sourceOf` finds the slot of `e` in the environment given. */
export function delayInherited(name: string, sourceOf: SlotCode, span: ReturnType<typeof spanOf>): SlotCode {
  const select: Code = (env) => {
    const set = force(sourceOf(env));
    if (!(set instanceof Attrs)) throw wrongType('a set', describe(set), span);
    const slot = set.get(name);
    if (slot === undefined) throw missingAttribute(name, set.names, span);
    return inOwnCell(force(slot));
  };
  labelCode(select, { text: `the attribute '${printName(name)}'`, name, span });
  return (env) => new Thunk(select, env);
}
