/** Regular expressions and versions. */
import { type Bytes, bytesToText, type Fault } from '../../base/index.ts';
import { Attrs, fixedShape } from '../attrs.ts';
import { type Builtin, builtin } from '../builtin.ts';
import type { Evaluator } from '../evaluator.ts';
import type { Slot } from '../value.ts';
import { builtinFault } from './faults.ts';
import { Regex, RegexError } from './regex/index.ts';
import { compareVersionText, splitDrvName, versionComponents } from './version.ts';

export const matchingBuiltins: readonly Builtin[] = [
  builtin({
    name: 'compareVersions',
    args: ['a', 'b'],
    doc: '-1 if version `a` is older than `b`, 0 if they are equal, 1 if it is newer. Compared are runs of digits and of letters; "pre" is older than anything, a missing component older than anything else.',
    example: ['builtins.compareVersions "1.10" "1.9"', '1'],
    impl: (ctx, a, b) =>
      compareVersionText(
        ctx.forceStringNoContext(a, 'the first argument passed to builtins.compareVersions'),
        ctx.forceStringNoContext(b, 'the second argument passed to builtins.compareVersions'),
      ),
  }),
  builtin({
    name: 'match',
    args: ['regex', 's'],
    doc: 'The groups of a POSIX extended regular expression that matches all of `s` (null for a group that took no part); null where it does not match.',
    cost: 'O(n) for most expressions; never exponential',
    example: ['builtins.match "([a-z]+)-([0-9]+)?" "zlib-"', '[ "zlib" null ]'],
    impl: (ctx, pattern, s) => {
      const regex = forceRegex(ctx, pattern, 'the first argument passed to builtins.match');
      return regex.match(ctx.forceString(s, 'the second argument passed to builtins.match')) ?? null;
    },
  }),
  builtin({
    name: 'parseDrvName',
    args: ['s'],
    doc: 'Splits `name-version` at the first dash that no letter follows.',
    example: ['builtins.parseDrvName "nix-0.12pre"', '{ name = "nix"; version = "0.12pre"; }'],
    impl: (ctx, s) => {
      const { name, version } = splitDrvName(ctx.forceStringNoContext(s, 'the first argument passed to builtins.parseDrvName'));
      return new Attrs(drvNameShape, [name, version]);
    },
  }),
  builtin({
    name: 'split',
    args: ['regex', 's'],
    doc: 'The texts between the matches of a POSIX extended regular expression, with a list of its groups for each match.',
    cost: 'O(n) for most expressions; never exponential',
    example: ['builtins.split "(-)" "a-b"', '[ "a" [ "-" ] "b" ]'],
    impl: (ctx, pattern, s) => {
      const regex = forceRegex(ctx, pattern, 'the first argument passed to builtins.split');
      const parts = regex.split(ctx.forceString(s, 'the second argument passed to builtins.split'));
      // Where nothing matches, the string itself, with its context; parts of it have none.
      return parts.length === 1 ? [s] : parts;
    },
  }),
  builtin({
    name: 'splitVersion',
    args: ['s'],
    doc: 'The components of a version, as `compareVersions` sees them.',
    example: ['builtins.splitVersion "1.2-rc3"', '[ "1" "2" "rc" "3" ]'],
    impl: (ctx, s) => versionComponents(ctx.forceStringNoContext(s, 'the first argument passed to builtins.splitVersion')),
  }),
];

const drvNameShape = fixedShape('name', 'version');

/** Expressions in use, compiled; the oldest go first. They depend on nothing but their text. */
const compiled = new Map<Bytes, Regex>();
const maxCompiled = 500;

function forceRegex(ctx: Evaluator, slot: Slot, what: string): Regex {
  const pattern = ctx.forceStringNoContext(slot, what);
  const known = compiled.get(pattern);
  if (known !== undefined) return known;
  const regex = compileRegex(pattern);
  if (compiled.size >= maxCompiled) compiled.delete(compiled.keys().next().value!);
  compiled.set(pattern, regex);
  return regex;
}

function compileRegex(pattern: Bytes): Regex {
  try {
    return new Regex(pattern);
  } catch (error) {
    if (!(error instanceof RegexError)) throw error;
    throw invalidRegex(pattern, error);
  }
}

function invalidRegex(pattern: Bytes, error: RegexError): Fault {
  const shown = bytesToText(pattern);
  const pointer = error.isTooLarge ? '' : `\n${' '.repeat(bytesToText(pattern.slice(0, error.at)).length)}^`;
  return builtinFault(
    'E-EVAL-104',
    error.isTooLarge ? `memory limit exceeded by regular expression '${shown}'` : `invalid regular expression '${shown}'`,
    {
      notes: [`${error.message}${/\n/.test(shown) || pointer === '' ? '' : `:\n${shown}${pointer}`}`],
      hints: hintsFor(pattern, error),
    },
  );
}

function hintsFor(pattern: Bytes, error: RegexError): string[] {
  const escaped = pattern[error.at] === '\\' ? (pattern[error.at + 1] ?? '') : '';
  const classes: Readonly<Record<string, string>> = { d: '[0-9]', w: '[[:alnum:]_]', s: '[[:space:]]' };
  if (Object.hasOwn(classes, escaped)) return [`write ${classes[escaped]} for '\\${escaped}'`];
  if (pattern.startsWith('(?', error.at - 1)) return ["POSIX expressions have no groups that begin with '(?'"];
  if (/[-/\]}"']/.test(escaped)) return [`'${escaped}' needs no backslash`];
  return [];
}
