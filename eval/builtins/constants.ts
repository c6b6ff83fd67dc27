/** Constants, and what of the environment an expression may know. */
import { attrsFromRecord } from '../attrs.ts';
import { type Builtin, type BuiltinConstant, builtin, builtinConstant } from '../builtin.ts';
import { impure } from '../errors.ts';

export const constantBuiltins: readonly (Builtin | BuiltinConstant)[] = [
  builtinConstant({
    name: 'currentSystem',
    doc: 'The system that builds are for unless they say otherwise: "x86_64-linux". A setting of the evaluation, as `--store-dir` is.',
    constant: (ctx) => {
      if (ctx.settings.system === undefined) throw impure("'builtins.currentSystem'");
      return ctx.settings.system;
    },
  }),
  builtinConstant({
    name: 'currentTime',
    doc: 'Seconds since 1970, the same during one evaluation. Not in pure evaluation.',
    constant: (ctx) => {
      if (ctx.settings.pure === true) throw impure("'builtins.currentTime'");
      return ctx.io.now();
    },
  }),
  builtin({
    name: 'getEnv',
    args: ['name'],
    doc: 'An environment variable; "" where it is not set, and always in pure evaluation.',
    example: ['builtins.getEnv "no such variable"', '""'],
    impl: (ctx, slot) => {
      const name = ctx.forceStringNoContext(slot, 'the first argument passed to builtins.getEnv');
      return ctx.settings.pure === true ? '' : (ctx.io.env(name) ?? '');
    },
  }),
  builtinConstant({
    name: 'langVersion',
    doc: 'The version of the language.',
    constant: () => 6,
  }),
  builtinConstant({
    name: 'nixPath',
    doc: 'Where `<x>` is looked up: a list of `{ path; prefix; }`. In pure evaluation: what was given with `-I`, and nothing of the environment.',
    constant: (ctx) => (ctx.settings.searchPath ?? []).map(({ prefix, path }) => attrsFromRecord({ path, prefix })),
  }),
  builtinConstant({
    name: 'nixVersion',
    doc: 'The version of Nix whose language this is, for libraries that ask.',
    constant: () => '2.31.0',
  }),
  builtinConstant({
    name: 'storeDir',
    doc: 'The folder of the store, as it is part of every hash.',
    constant: (ctx) => ctx.io.store.storeDir,
  }),
];
