/** Strings. All positions and lengths count bytes. */
import type { Bytes } from '../../base/index.ts';
import { type Builtin, builtin } from '../builtin.ts';
import type { Evaluator } from '../evaluator.ts';
import { Gathered } from '../gathered.ts';
import { ContextString, type Slot, type Value, withContext } from '../value.ts';
import { ByteWriter } from './byte-writer.ts';
import { builtinFault } from './faults.ts';

export const stringBuiltins: readonly Builtin[] = [
  builtin({
    name: 'concatStringsSep',
    args: ['separator', 'list'],
    doc: 'The strings of a list, joined with a separator.',
    cost: 'O(n)',
    example: ['builtins.concatStringsSep ", " [ "a" "b" ]', '"a, b"'],
    impl: (ctx, separator, list) => {
      const context = new Gathered();
      const between = ctx.forceString(
        separator,
        'the first argument (the separator string) passed to builtins.concatStringsSep',
        context,
      );
      const items = ctx.forceList(
        list,
        'the second argument (the list of strings to concat) passed to builtins.concatStringsSep',
      );
      const parts: Bytes[] = new Array(items.length);
      for (let i = 0; i < items.length; i++) {
        parts[i] = ctx.coerceToString(
          items[i]!,
          'one element of the list of strings to concat passed to builtins.concatStringsSep',
          context,
        );
      }
      return context.attachTo(parts.join(between));
    },
  }),
  builtin({
    name: 'replaceStrings',
    args: ['from', 'to', 's'],
    doc: 'Replaces each occurrence of a string of `from` by the one at the same place in `to`, from left to right; where several match, the first in `from` wins. What was replaced is not searched again. An empty string matches before every byte and at the end.',
    cost: 'O(n × m) at worst, m strings that begin with the same byte; replacements are evaluated when used',
    example: ['builtins.replaceStrings [ "oo" "a" ] [ "a" "i" ] "foobar"', '"fabir"'],
    impl: replaceStrings,
  }),
  builtin({
    name: 'stringLength',
    args: ['s'],
    doc: 'The length in bytes.',
    cost: 'O(1)',
    example: ['builtins.stringLength "é"', '2'],
    impl: (ctx, s) => textLength(ctx.coerceToText(s, 'the argument passed to builtins.stringLength')),
  }),
  builtin({
    name: 'substring',
    args: ['start', 'len', 's'],
    doc: 'The `len` bytes from `start` on, fewer where the string ends. A negative `len` takes all; `start` past the end gives "".',
    cost: 'O(1)',
    example: ['builtins.substring 1 2 "abcd"', '"bc"'],
    impl: substring,
  }),
  builtin({
    name: 'toString',
    args: ['e'],
    doc: 'A value as a string: numbers and paths as written, true as "1", false and null as "", lists joined with spaces, sets by their `__toString` or `outPath`. Paths are not copied to the store.',
    example: ['toString [ 1 true "x" ]', '"1 1 x"'],
    isGlobal: true,
    impl: (ctx, e) => ctx.coerceToText(e, 'the first argument passed to builtins.toString', TO_STRING),
  }),
];

const textLength = (text: Bytes | ContextString): number => (typeof text === 'string' ? text : text.text).length;

const TO_STRING = { isLoose: true, copyToStore: false };

function substring(ctx: Evaluator, startSlot: Slot, lengthSlot: Slot, s: Slot): Value {
  const start = Number(ctx.forceInt(startSlot, 'the first argument (the start offset) passed to builtins.substring'));
  if (start < 0) {
    throw builtinFault('E-EVAL-102', "negative start position in 'substring'", {
      hints: ['count from the start: 0 is the first byte'],
    });
  }
  const length = Number(ctx.forceInt(lengthSlot, 'the second argument (the substring length) passed to builtins.substring'));
  const value = ctx.coerceToText(s, 'the third argument (the string) passed to builtins.substring');
  const end = length < 0 ? undefined : start + length;
  if (typeof value === 'string') return value.slice(start, end);
  return new ContextString(value.text.slice(start, end), value.context);
}

function replaceStrings(ctx: Evaluator, fromSlot: Slot, toSlot: Slot, s: Slot): Value {
  const from = ctx.forceList(fromSlot, 'the first argument passed to builtins.replaceStrings');
  const to = ctx.forceList(toSlot, 'the second argument passed to builtins.replaceStrings');
  if (from.length !== to.length) {
    throw builtinFault('E-EVAL-103', "'from' and 'to' arguments passed to builtins.replaceStrings have different lengths", {
      notes: [`'from' has ${from.length}, 'to' has ${to.length}`],
    });
  }
  const patterns = from.map((slot) => ctx.forceString(slot, 'one of the strings to replace passed to builtins.replaceStrings'));
  const context = new Set<string>();
  const text = ctx.forceString(s, 'the third argument passed to builtins.replaceStrings', context);
  const known: (Bytes | undefined)[] = [];
  const replacement = (index: number): Bytes => {
    const found = known[index];
    if (found !== undefined) return found;
    const value = ctx.forceString(to[index]!, 'one of the replacement strings passed to builtins.replaceStrings', context);
    known[index] = value;
    return value;
  };
  return withContext(replaceAll(text, patterns, replacement), context);
}

/** `replacement` is asked at most for patterns that occur. Cost: writes each byte once, into a buffer. */
export function replaceAll(text: Bytes, patterns: readonly Bytes[], replacement: (index: number) => Bytes): Bytes {
  const { byByte, atEnd } = patternsByFirstByte(patterns);
  let out: ByteWriter | undefined;
  let done = 0;
  for (let at = 0; at <= text.length; ) {
    const candidates = at === text.length ? atEnd : byByte[text.charCodeAt(at)];
    const index = candidates === undefined ? -1 : firstMatch(text, at, patterns, candidates);
    if (index < 0) at++;
    else {
      out ??= new ByteWriter(text.length);
      const { length } = patterns[index]!;
      out.write(text, done, at);
      const replaced = replacement(index);
      out.write(replaced, 0, replaced.length);
      done = at + length;
      // After an empty match the byte behind it is passed over.
      at += length === 0 ? 1 : length;
    }
  }
  if (out === undefined) return text;
  out.write(text, done, text.length);
  return out.end();
}

function firstMatch(text: Bytes, at: number, patterns: readonly Bytes[], candidates: readonly number[]): number {
  for (let i = 0; i < candidates.length; i++) {
    const pattern = patterns[candidates[i]!]!;
    if (pattern.length <= 1 || text.startsWith(pattern, at)) return candidates[i]!;
  }
  return -1;
}

/** For each byte, the patterns that can match where it stands, in order. */
function patternsByFirstByte(patterns: readonly Bytes[]): {
  byByte: (readonly number[] | undefined)[];
  atEnd: readonly number[];
} {
  const empty = patterns.indexOf('');
  const byByte: number[][] = [];
  const until = empty === -1 ? patterns.length : empty;
  for (let index = 0; index < until; index++) {
    const byte = patterns[index]!.charCodeAt(0);
    byByte[byte] ??= [];
    byByte[byte].push(index);
  }
  if (empty === -1) return { byByte, atEnd: [] };
  for (let byte = 0; byte < 256; byte++) byByte[byte] = [...(byByte[byte] ?? []), empty];
  return { byByte, atEnd: [empty] };
}
