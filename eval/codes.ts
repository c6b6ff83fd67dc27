/** Errors of the evaluator proper; builtins have E-EVAL-1xx in builtins/codes.ts. */
import { defineCodes } from '../base/index.ts';

export const evalCodes = defineCodes({
  'E-EVAL-001': {
    title: 'infinite recursion',
    explanation:
      'A value needs itself to be computed: evaluation would never end. The error shows the values that need each other.',
    wrong: 'let a = b + 1; b = a; in a',
    right: 'let a = b + 1; b = 1; in a',
  },
  'E-EVAL-002': {
    title: 'undefined variable',
    explanation:
      'A name is bound neither by the file (let, rec, function arguments), nor by a `with`, nor by the language. In declarations it can also be a field of the same declaration, or a name of the tree.',
    wrong: 'let version = "1.0"; in verson',
    right: 'let version = "1.0"; in version',
  },
  'E-EVAL-003': {
    title: 'attribute missing',
    explanation:
      'A set was asked for an attribute that it does not have. `set.name or default` gives a value for that case; `set ? name` asks.',
    wrong: '{ version = "1.0"; }.verson',
    right: '{ version = "1.0"; }.version',
  },
  'E-EVAL-004': {
    title: 'wrong type',
    explanation:
      'An operator, builtin or construct needs a value of another type than it got. Nothing is converted silently but by `+` and `${…}`.',
    wrong: 'if 1 then 2 else 3',
    right: 'if 1 == 1 then 2 else 3',
  },
  'E-EVAL-005': {
    title: 'not a function',
    explanation:
      'Something that is no function was applied to an argument. In lists, items are separated by space: a call needs parentheses.',
    wrong: '[ (1 2) ]',
    right: '[ 1 2 ]',
  },
  'E-EVAL-006': {
    title: 'required argument missing',
    explanation:
      'A function that takes a set was called with a set that lacks one of its arguments, and that argument has no default.',
    wrong: '({ name, version }: name) { name = "x"; }',
    right: '({ name, version ? "1" }: name) { name = "x"; }',
  },
  'E-EVAL-007': {
    title: 'unexpected argument',
    explanation:
      'A function that takes a set was called with an attribute that it does not know. With `...` it would accept any.',
    wrong: '({ name }: name) { nme = "y"; name = "x"; }',
    right: '({ name, ... }: name) { other = "y"; name = "x"; }',
  },
  'E-EVAL-008': {
    title: 'assertion failed',
    explanation: 'The condition of an `assert` is false. `builtins.tryEval` catches this.',
    wrong: 'assert 1 == 2; "x"',
    right: 'assert 1 == 1; "x"',
  },
  'E-EVAL-009': {
    title: 'error thrown by the program',
    explanation: 'The program called `throw` with this message. `builtins.tryEval` catches this.',
    wrong: 'throw "not supported"',
    right: 'if true then "supported" else throw "not supported"',
  },
  'E-EVAL-011': {
    title: 'integer overflow',
    explanation: 'The result of an integer operation does not fit into 64 bits.',
    wrong: '9223372036854775807 + 1',
    right: '9223372036854775807 + 1.0',
  },
  'E-EVAL-012': {
    title: 'division by zero',
    explanation: 'The divisor is zero, as an integer or as a float.',
    wrong: '1 / 0',
    right: 'let d = 0; in if d == 0 then 0 else 1 / d',
  },
  'E-EVAL-013': {
    title: 'no string form',
    explanation:
      'Strings, paths, and sets with `outPath` or `__toString` become strings by themselves. Numbers, booleans, null and lists do so only in `toString`; functions never.',
    wrong: '"version ${1}"',
    right: '"version ${toString 1}"',
  },
  'E-EVAL-014': {
    title: 'cannot add',
    explanation: 'The first operand of `+` is a number, the second is not.',
    wrong: '1 + "2"',
    right: '"1" + "2"',
  },
  'E-EVAL-015': {
    title: 'cannot compare',
    explanation: 'Order is defined among numbers, among strings, among paths, and among lists of such.',
    wrong: '1 < "2"',
    right: '1 < 2',
  },
  'E-EVAL-016': {
    title: 'attribute defined twice',
    explanation: 'An attribute name computed at run time (`${name} = …`) is already in the set.',
    wrong: '{ a = 1; ${"a"} = 2; }',
    right: '{ a = 1; } // { ${"a"} = 2; }',
  },
  'E-EVAL-017': {
    title: 'stack overflow',
    explanation:
      'Calls or values are nested more deeply than the stack, or the bound given by --max-call-depth, allows; data that is walked may have 10,000 levels where no bound is given. Mostly this is a recursion without an end.',
    wrong: 'let f = x: 1 + f x; in f 0',
    right: 'let f = x: if x == 0 then 0 else 1 + f (x - 1); in f 10',
  },
  'E-EVAL-018': {
    title: 'not in the search path',
    explanation: '`<name>` was not found below any entry of the search path. `builtins.tryEval` catches this.',
    wrong: '<nowhere>',
    right: './nowhere',
  },
  'E-EVAL-019': {
    title: 'string depends on the store',
    explanation:
      'A string that refers to a store path cannot be used where its text alone would be kept and the dependency lost.',
    wrong: 'builtins.fromJSON "${./x}"',
    right: 'builtins.fromJSON (builtins.readFile ./x)',
  },
  'E-EVAL-020': {
    title: 'store path appended to a path',
    explanation:
      'A path names a place on this machine; the result of appending a string that refers to a store path would lose the dependency.',
    wrong: './a + "${./b}"',
    right: '"${./a}/b"',
  },
  'E-EVAL-021': {
    title: 'declarations where an expression is needed',
    explanation:
      'The imported file holds declarations (`package`, `tier`, …). They belong to the tree of their folder and have no value of their own.',
    wrong: 'import ./packages.igos',
    right: 'import ./functions.nix',
  },
  'E-EVAL-022': {
    title: 'not an absolute path',
    explanation: 'Where a path is needed, a string serves only if it begins with a slash.',
    wrong: 'import "lib.nix"',
    right: 'import ./lib.nix',
  },
  'E-EVAL-023': {
    title: 'attribute path leads nowhere',
    explanation: 'The path given to select a part of the result (`-A a.b.0`) names something that is not there.',
    wrong: 'igos eval -f x.nix -A pkgs.zlibb',
    right: 'igos eval -f x.nix -A pkgs.zlib',
  },
  'E-EVAL-024': {
    title: 'argument without a value',
    explanation: 'The file is a function, and one of its arguments has neither a default nor a value from the command line.',
    wrong: 'igos instantiate x.nix',
    right: 'igos instantiate x.nix --arg debug true',
  },
  'E-EVAL-025': {
    title: 'no JSON form',
    explanation: 'Functions cannot be written as JSON.',
    wrong: 'builtins.toJSON (x: x)',
    right: 'builtins.toJSON { x = 1; }',
  },
  'E-EVAL-026': {
    title: 'file cannot be read',
    explanation: 'A file that the expression names is not there or may not be read.',
    wrong: 'import ./missing.nix',
    right: 'if builtins.pathExists ./missing.nix then import ./missing.nix else { }',
  },
  'E-EVAL-027': {
    title: 'not UTF-8',
    explanation: 'JSON is Unicode text; a string with other bytes has no JSON form.',
    wrong: 'builtins.toJSON (builtins.readFile ./image.png)',
    right: 'builtins.hashFile "sha256" ./image.png',
  },
  'E-EVAL-028': {
    title: 'not pure',
    explanation:
      'Evaluation is pure unless --impure is given: the result depends on the files and on what the command line says (-I, --system, --arg), never on the clock or the environment.',
    wrong: 'builtins.currentTime',
    right: '1700000000',
  },
  'E-EVAL-029': {
    title: 'value too large',
    explanation:
      'A string would be longer than 512 MiB, or a list longer than 4 billion elements. Mostly something doubles again and again.',
    wrong: 'builtins.foldl\' (s: _: s + s) "x" (builtins.genList (i: i) 40)',
    right: 'builtins.concatStringsSep "" (builtins.genList (_: "x") 40)',
  },
  'E-EVAL-090': {
    title: 'a source changed after it was evaluated',
    explanation:
      'The store path of a file or folder follows from what it held when the expression was evaluated. Before it could be copied into the store, it was changed. Evaluate again: in the repl, with `:r`.',
  },
});
