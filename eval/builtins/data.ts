/** Other notations: JSON, TOML, XML. */
import { type Bytes, bytesToText, type Fault, SourceFile } from '../../base/index.ts';
import { type Builtin, builtin } from '../builtin.ts';
import { valueToJson } from '../to-json.ts';
import { withContext } from '../value.ts';
import type { BuiltinCode } from './codes.ts';
import { builtinFault } from './faults.ts';
import { jsonSyntaxMessage } from './json-message.ts';
import { JsonError, readJson } from './json-read.ts';
import { TomlError } from './toml/cursor.ts';
import { readToml } from './toml/read.ts';
import { writeXml } from './xml.ts';

export const dataBuiltins: readonly Builtin[] = [
  builtin({
    name: 'fromJSON',
    args: ['s'],
    doc: 'The value that a JSON text stands for. Numbers with a point or an exponent are floats.',
    cost: 'O(n)',
    example: ["builtins.fromJSON ''{\"a\": [1, 1.5, null]}''", '{ a = [ 1 1.5 null ]; }'],
    impl: (ctx, s) => {
      const text = ctx.forceStringNoContext(s, 'the first argument passed to builtins.fromJSON');
      try {
        return readJson(text);
      } catch (error) {
        throw error instanceof JsonError
          ? inText('E-EVAL-105', text, error, `invalid JSON: ${error.message}`, error.headline ?? jsonSyntaxMessage(text))
          : error;
      }
    },
  }),
  builtin({
    name: 'fromTOML',
    args: ['s'],
    doc: 'The value that a TOML 1.0 text stands for. Dates and times are an error, or with the feature `parse-toml-timestamps` sets `{ _type = "timestamp"; value; }`.',
    cost: 'O(n)',
    example: ['builtins.fromTOML "a = 1\\n[b]\\nc = [true]"', '{ a = 1; b = { c = [ true ]; }; }'],
    isGlobal: true,
    impl: (ctx, s) => {
      const text = ctx.forceStringNoContext(s, 'the argument passed to builtins.fromTOML');
      try {
        return readToml(text, { hasTimestamps: ctx.settings.hasTomlTimestamps === true });
      } catch (error) {
        throw error instanceof TomlError
          ? inText('E-EVAL-106', text, error, TOML + error.message, error.headline && TOML + error.headline)
          : error;
      }
    },
  }),
  builtin({
    name: 'toJSON',
    args: ['e'],
    doc: 'A value as compact JSON, names sorted. Sets with `__toString` or `outPath` become that string; paths are copied to the store.',
    cost: 'O(n); evaluates deeply',
    example: ['builtins.toJSON { b = [ 1 1.5 null ]; a = "x"; }', '"{\\"a\\":\\"x\\",\\"b\\":[1,1.5,null]}"'],
    impl: (ctx, e) => {
      const context = new Set<string>();
      return withContext(valueToJson(ctx, e, context), context);
    },
  }),
  builtin({
    name: 'toXML',
    args: ['e'],
    doc: 'A value as XML, in the format of `nix-instantiate --xml`.',
    cost: 'O(n); evaluates deeply',
    example: [
      'builtins.toXML true',
      '"<?xml version=\'1.0\' encoding=\'utf-8\'?>\\n<expr>\\n  <bool value=\\"true\\" />\\n</expr>\\n"',
    ],
    impl: (ctx, e) => {
      const context = new Set<string>();
      return withContext(writeXml(ctx, e, context), context);
    },
  }),
];

const TOML = 'while parsing TOML: ';

/** `headline` is Nix's message where that is known. The text is a value, not a file: its excerpt stands beside the place of the call, which the evaluator adds. */
function inText(
  code: BuiltinCode,
  text: Bytes,
  error: JsonError | TomlError,
  message: Bytes,
  headline: Bytes | undefined,
): Fault {
  const source = new SourceFile('text', text);
  const at = Math.min(error.at, text.length);
  const { line, column } = source.position(at);
  const shown = bytesToText(source.line(line));
  const from = Math.max(0, column - 41);
  const excerpt = `${from > 0 ? '…' : ''}${shown.slice(from, column + 40)}${shown.length > column + 40 ? '…' : ''}`;
  const pointer = `${' '.repeat(column - 1 - from + (from > 0 ? 1 : 0))}^`;
  return builtinFault(code, bytesToText(headline ?? message), {
    notes: [
      ...(headline === undefined ? [] : [bytesToText(error.message)]),
      `line ${line}, column ${column} of the text:\n${excerpt.replaceAll(/[\x00-\x1f\x7f]/g, ' ')}\n${pointer}`,
    ],
  });
}
