/** Flake references as texts and as sets. Flakes themselves are not part of the language here. */
import { type Bytes, bytesToText } from '../../base/index.ts';
import { attrsFromMap } from '../attrs.ts';
import { type Builtin, builtin } from '../builtin.ts';
import type { Evaluator } from '../evaluator.ts';
import { ContextString, type Slot, type Value } from '../value.ts';
import { builtinFault } from './faults.ts';
import { type RefAttrs, type RefValue, readFlakeRef } from './flake-ref/read.ts';
import { writeFlakeRef } from './flake-ref/write.ts';

export const flakeRefBuiltins: readonly Builtin[] = [
  builtin({
    name: 'flakeRefToString',
    args: ['attrs'],
    doc: 'The URL form of a flake reference that is given as a set. A text operation: nothing is fetched.',
    example: [
      'builtins.flakeRefToString { dir = "lib"; owner = "a"; ref = "main"; repo = "b"; type = "github"; }',
      '"github:a/b/main?dir=lib"',
    ],
    impl: (ctx, argument) => writeFlakeRef(forceRefAttrs(ctx, argument)),
  }),
  builtin({
    name: 'parseFlakeRef',
    args: ['flake-ref'],
    doc: 'The set that stands for a flake reference in URL form. A text operation: nothing is fetched.',
    example: [
      'builtins.parseFlakeRef "github:a/b/main?dir=lib"',
      '{ dir = "lib"; owner = "a"; ref = "main"; repo = "b"; type = "github"; }',
    ],
    impl: (ctx, argument) => {
      const text = ctx.forceStringNoContext(argument, 'the argument passed to builtins.parseFlakeRef');
      return attrsFromMap(new Map<Bytes, Slot>(readFlakeRef(text)));
    },
  }),
];

function forceRefAttrs(ctx: Evaluator, argument: Slot): RefAttrs {
  const set = ctx.forceAttrs(argument, 'the argument passed to builtins.flakeRefToString');
  const attrs: RefAttrs = new Map();
  set.names.forEach((name, index) => {
    attrs.set(name, refValue(ctx, name, ctx.force(set.slots[index]!)));
  });
  return attrs;
}

function refValue(ctx: Evaluator, name: Bytes, value: Value): RefValue {
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (value instanceof ContextString) return value.text;
  if (typeof value === 'number' || typeof value === 'bigint') {
    if (value < 0) throw builtinFault('E-EVAL-143', `negative value given for flake ref attr ${bytesToText(name)}: ${value}`);
    return Number(value);
  }
  throw builtinFault(
    'E-EVAL-143',
    `flake reference attribute sets may only contain integers, Booleans, and strings, but attribute '${bytesToText(name)}' is ${ctx.describeType(value)}`,
  );
}
