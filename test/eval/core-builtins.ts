/** The few builtins that the core's own tests need, small enough to read; the real ones are in eval/builtins. */
import { subtract } from '../../eval/arithmetic.ts';
import { Attrs, attrsFromRecord } from '../../eval/attrs.ts';
import { builtin, builtinConstant } from '../../eval/builtin.ts';
import { Catchable } from '../../eval/errors.ts';
import { PathValue, withContext } from '../../eval/value.ts';

const doc = 'For tests.';

export const coreBuiltins = [
  builtin({
    name: 'map',
    args: ['f', 'list'],
    doc,
    isGlobal: true,
    impl: (ctx, f, list) =>
      ctx.forceList(list!, 'the second argument passed to builtins.map').map((item) => ctx.lazyCall(f!, item)),
  }),
  builtin({
    name: "foldl'",
    args: ['f', 'start', 'list'],
    doc,
    impl: (ctx, f, start, list) => {
      const fn = ctx.forceFunction(f!, "the first argument passed to builtins.foldl'");
      let result = ctx.force(start!);
      for (const item of ctx.forceList(list!, "the third argument passed to builtins.foldl'")) {
        result = ctx.call2(fn, result, item);
      }
      return result;
    },
  }),
  builtin({
    name: 'genList',
    args: ['f', 'n'],
    doc,
    impl: (ctx, f, n) =>
      Array.from({ length: ctx.forceSmallInt(n!, 'the second argument passed to builtins.genList') }, (_, i) => ctx.lazyCall(f!, i)),
  }),
  builtin({
    name: 'throw',
    args: ['message'],
    doc,
    isGlobal: true,
    impl: (ctx, message) => ctx.throwCatchable(ctx.coerceToString(message!, "the message passed to 'throw'", new Set())),
  }),
  builtin({
    name: 'toString',
    args: ['value'],
    doc,
    isGlobal: true,
    impl: (ctx, value) => {
      const context = new Set<string>();
      const text = ctx.coerceToString(value!, "the argument passed to 'toString'", context, { isLoose: true, copyToStore: false });
      return withContext(text, context);
    },
  }),
  builtin({
    name: 'tryEval',
    args: ['value'],
    doc,
    impl: (ctx, value) => {
      try {
        return attrsFromRecord({ success: true, value: ctx.force(value!) });
      } catch (error) {
        if (error instanceof Catchable) return attrsFromRecord({ success: false, value: false });
        throw error;
      }
    },
  }),
  builtin({
    name: 'seq',
    args: ['first', 'second'],
    doc,
    impl: (ctx, first, second) => {
      ctx.force(first!);
      return ctx.force(second!);
    },
  }),
  builtin({
    name: 'add',
    args: ['a', 'b'],
    doc,
    impl: (ctx, a, b) => subtract(ctx.forceInt(a!, 'a'), subtract(0, ctx.forceInt(b!, 'b'))),
  }),
  builtin({
    name: 'import',
    args: ['path'],
    doc,
    isGlobal: true,
    impl: (ctx, path) => ctx.importFile(ctx.coerceToPath(path!, "the argument passed to 'import'", new Set())),
  }),
  builtin({
    name: 'scopedImport',
    args: ['scope', 'path'],
    doc,
    isGlobal: true,
    impl: (ctx, scope, path) =>
      ctx.scopedImport(ctx.forceAttrs(scope!, 'the scope'), ctx.coerceToPath(path!, 'the path to import', new Set())),
  }),
  builtin({
    name: 'findFile',
    args: ['path', 'name'],
    doc,
    impl: (ctx, path, name) => {
      const entries = ctx.forceList(path!, 'the search path').map((item) => {
        const entry = ctx.forceAttrs(item, 'an entry of the search path');
        const text = (attribute: string): string => ctx.forceString(ctx.getAttr(entry, attribute, 'an entry'), attribute);
        return { prefix: text('prefix'), path: text('path') };
      });
      return new PathValue(ctx.findFile(entries, ctx.forceString(name!, 'the name')));
    },
  }),
  builtinConstant({
    name: 'nixPath',
    doc,
    constant: (ctx) => (ctx.settings.searchPath ?? []).map(({ prefix, path }) => attrsFromRecord({ prefix, path })),
  }),
  builtin({
    name: 'unsafeGetAttrPos',
    args: ['name', 'set'],
    doc,
    impl: (ctx, name, set) => {
      const attrs = ctx.force(set!);
      return attrs instanceof Attrs ? ctx.positionValue(attrs.spanOf(ctx.forceString(name!, 'the name'))) : null;
    },
  }),
];
