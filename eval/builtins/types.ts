/** What a value is. */
import { Attrs } from '../attrs.ts';
import { type Builtin, builtin } from '../builtin.ts';
import { ContextString, Float, Lambda, PathValue, PrimOp, PrimOpApp, type Value } from '../value.ts';

const isString = (value: Value): boolean => typeof value === 'string' || value instanceof ContextString;
const isInt = (value: Value): boolean => typeof value === 'number' || typeof value === 'bigint';
const isFunction = (value: Value): boolean => value instanceof Lambda || value instanceof PrimOp || value instanceof PrimOpApp;

export const typeBuiltins: readonly Builtin[] = [
  ...(
    [
      ['isBool', 'a boolean', 'true', (value) => typeof value === 'boolean'],
      ['isFloat', 'a float', '1.5', (value) => value instanceof Float],
      ['isFunction', 'a function; a set with `__functor` is none', '(x: x)', isFunction],
      ['isInt', 'an integer', '1', isInt],
      ['isNull', 'null', 'null', (value) => value === null],
      ['isString', 'a string', '"x"', isString],
    ] satisfies [string, string, string, (value: Value) => boolean][]
  ).map(([name, what, example, test]) =>
    builtin({
      name,
      args: ['e'],
      doc: `Whether \`e\` is ${what}.`,
      example: [`builtins.${name} ${example}`, 'true'],
      ...(name === 'isNull' ? { isGlobal: true } : {}),
      impl: (ctx, e) => test(ctx.force(e)),
    }),
  ),
  builtin({
    name: 'typeOf',
    args: ['e'],
    doc: 'The type of a value: "int", "bool", "string", "path", "null", "set", "list", "lambda" or "float".',
    example: ['builtins.typeOf 1', '"int"'],
    impl: (ctx, e) => typeName(ctx.force(e)),
  }),
];

function typeName(value: Value): string {
  if (value === null) return 'null';
  if (typeof value === 'boolean') return 'bool';
  if (isInt(value)) return 'int';
  if (isString(value)) return 'string';
  if (value instanceof Float) return 'float';
  if (value instanceof PathValue) return 'path';
  if (Array.isArray(value)) return 'list';
  return value instanceof Attrs ? 'set' : 'lambda';
}
