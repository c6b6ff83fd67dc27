/** What is evaluated, what is not, and which failures tryEval sees. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evaluate } from './evaluate.ts';

const failing: readonly [expression: string, message: RegExp][] = [
  ['builtins.foldl\' (a: b: throw "each result is evaluated") 0 [ 1 2 ]', /each result/],
  ['builtins.tryEval (abort "not caught")', /not caught/],
  ['builtins.tryEval (builtins.head [ ])', /empty list/],
  ['builtins.tryEval { }.x', /attribute 'x' missing/],
  // A name that is no identifier is told as it is written.
  ['{ }."x y"', /attribute '"x y"' missing/],
  ['({ a }: a) { a = 1; "b.c" = 2; }', /unexpected argument '"b.c"'/],
  ['{ a."b c" = 1; a."b c" = 2; }', /attribute 'a."b c"' already defined/],
  ['builtins.seq (throw "evaluated") 1', /evaluated/],
  ['builtins.deepSeq [ { a = throw "deeply"; } ] 1', /deeply/],
  ['builtins.sort (a: b: a < b) [ 1 (throw "elements are evaluated") ]', /elements are evaluated/],
  ['builtins.elem 1 [ 2 (throw "compared in order") 1 ]', /compared in order/],
  ['builtins.replaceStrings [ "a" ] [ (throw "used") ] "a"', /used/],
  ['builtins.attrNames (builtins.listToAttrs [ { name = throw "names are needed"; value = 1; } ])', /names are needed/],
  ['builtins.intersectAttrs { a = 1; } (throw "both sets")', /both sets/],
  ['builtins.mapAttrs (n: v: throw "strictly") { a = 1; }', /strictly/],
  ['builtins.concatMap (x: x) [ 1 ]', /expected a list/],
  ['builtins.filter (x: 1) [ 1 ]', /expected a Boolean/],
  ['builtins.elemAt [ 1 ] (-1)', /index -1/],
  ['builtins.add 9223372036854775807 1', /integer overflow/],
  ['builtins.mul 4611686018427387904 2', /integer overflow/],
  ['builtins.div 1 0', /division by zero/],
  ['builtins.div (builtins.sub (-9223372036854775807) 1) (-1)', /integer overflow/],
  ['builtins.add "a" 1', /expected an integer/],
  ['builtins.lessThan 1 "a"', /cannot compare/],
  ['builtins.length { }', /expected a list/],
  ['builtins.getAttr "b" { a = 1; }', /attribute 'b' missing/],
  ['builtins.toJSON (x: x)', /cannot convert/],
  ['builtins.fromJSON "1 2"', /parse error at line 1, column 3/],
  ['builtins.hashString "md5" 1', /expected a string/],
  ['builtins.getAttr "${derivation { name = "x"; system = "s"; builder = "b"; }}" { }', /not allowed to refer/],
  ['throw "a"', /^a$/],
  ['builtins.outputOf "/nix/store/x" "out"', /not the path of a derivation/],
  ['builtins.addDrvOutputDependencies "x"', /exactly one element/],
  ['(derivation { name = "x.drv"; system = "s"; builder = "b"; }).outPath', /end in '\.drv'/],
  ['(derivation { name = "x"; system = "s"; builder = "b"; outputs = [ ]; }).outPath', /empty set of outputs/],
  ['(derivation { name = "x"; system = "s"; builder = "b"; outputs = [ "a b" ]; }).outPath', /attribute '"a b"' missing/],
  [
    '(derivation { name = "x"; system = "s"; builder = "b"; outputs = [ "drvPath" ]; }).outPath',
    /invalid derivation output name/,
  ],
  ['(derivation { name = "x"; system = "s"; builder = "b"; outputHash = ""; }).outPath', /empty hash requires/],
  // A hash that names its algorithm has no need of the other one: what is wrong is said of the hash.
  [
    '(derivation { name = "x"; system = "s"; builder = "b"; outputHash = "sha256-AAA"; outputHashAlgo = "SHA256"; }).outPath',
    /invalid SRI hash 'AAA'/,
  ],
  [
    '(derivation { name = "x"; system = "s"; builder = "b"; outputHash = ""; outputHashAlgo = "sha265"; }).outPath',
    /unknown hash algorithm/,
  ],
  [
    '(derivation { name = "x"; system = "s"; builder = "b"; outputHash = "d41d8cd98f00b204e9800998ecf8427e"; outputHashAlgo = "MD5"; }).outPath',
    /unknown hash algorithm 'MD5'/,
  ],
  [
    '(derivation { name = "x"; system = "s"; builder = "b"; outputHashMode = "deep"; }).outPath',
    /invalid value 'deep' for 'outputHashMode' attribute/,
  ],
  [
    '(derivation { name = "x"; system = "s"; builder = "b"; outputs = [ "out" "dev" ]; outputHash = ""; outputHashAlgo = "sha256"; }).outPath',
    /multiple outputs are not supported/,
  ],
  [
    '(derivation { name = "x"; system = "s"; builder = "b"; outputs = [ "dev" ]; outputHash = ""; outputHashAlgo = "sha256"; }).outPath',
    /multiple outputs are not supported/,
  ],
  [
    '(derivation { name = "a b"; system = "s"; builder = "b"; }).outPath',
    /invalid derivation name: name 'a b' contains illegal character/,
  ],
  ['(derivation { name = "x"; system = "s"; builder = "b"; args = "x"; }).outPath', /expected a list/],
  ['(derivation { name = "x"; system = "s"; builder = "b"; __impure = true; }).outPath', /impure derivations/],
  ['(derivation { name = "x"; system = "s"; builder = ""; }).outPath', /'builder' missing/],
  ['builtins.fetchurl { url = "x"; sha265 = ""; }', /unsupported argument 'sha265' to 'fetchurl'/],
  ['builtins.fetchTarball { sha256 = ""; }', /'url' argument required/],
  ['builtins.convertHash { toHashFormat = "sri"; }', /'hash' missing/],
  ['builtins.toFile "a/b" "x"', /name 'a\/b' contains illegal character/],
  ['builtins.toFile "a/b" (throw "the text first")', /the text first/],
  ['builtins.scopedImport (throw "the set") 1', /cannot coerce an integer/],
  ['builtins.filterSource 1 (derivation { name = "x"; system = "s"; builder = "b"; })', /expected a function/],
  ['(builtins.partition (_: true) [ (throw "elements are evaluated") ]).wrong', /elements are evaluated/],
];

for (const [expression, message] of failing) {
  test(`fails: ${expression}`, () => {
    assert.throws(
      () => evaluate(expression),
      (error: Error) => message.test(error.message) || assert.fail(`other error: ${error.message}`),
    );
  });
}

const fine: readonly [expression: string, result: string][] = [
  ['builtins.attrNames (builtins.mapAttrs (throw "later") { a = 1; })', '[ "a" ]'],
  ['builtins.length (map (throw "later") [ ])', '0'],
  ['(builtins.elemAt [ (throw "other") 1 ] 1)', '1'],
  [
    'builtins.attrNames (derivation { name = throw "later"; system = "s"; builder = "b"; }) == builtins.attrNames (derivation { name = "x"; system = "s"; builder = "b"; })',
    'true',
  ],
  ['(derivation { name = "x"; system = throw "later"; builder = "b"; }).type', '"derivation"'],
  [
    'map (hash: builtins.isString (derivation ({ name = "x"; system = "s"; builder = "b"; outputHashAlgo = "SHA256"; } // hash)).drvPath) [ { } { outputHash = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="; } ]',
    '[ true true ]',
  ],
  ['(builtins.tryEval (builtins.seq (throw "a") 1)).success', 'false'],
  ['(builtins.tryEval (import (throw "path"))).success', 'false'],
  [
    'let x = builtins.genericClosure { startSet = [ { key = 1; v = throw "later"; } ]; operator = x: [ ]; }; in map (e: e.key) x',
    '[ 1 ]',
  ],
  ['builtins.foldl\' (a: b: b) (throw "not evaluated") [ 1 ]', '1'],
  ['builtins.zipAttrsWith (n: vs: builtins.length vs) [ { a = throw "x"; } { a = 1; } ]', '{ a = 2; }'],
  ['builtins.partition (x: x.k) [ { k = true; v = 1; } ]', '{ right = [ { k = true; v = 1; } ]; wrong = [ ]; }'],
  [
    'let s = "${derivation { name = "x"; system = "s"; builder = "b"; }}"; in map builtins.hasContext (builtins.split " " s ++ [ (builtins.head (builtins.split "(-x)" s)) ])',
    '[ true false ]',
  ],
  ['let d = derivation { name = "x"; system = "s"; builder = "b"; outputs = [ "a" "b" ]; }; in d.b.a.b.outputName', '"b"'],
  ['(derivation { name = "x"; system = "s"; builder = "b"; all = 1; drvAttrs = 2; out = 3; }).outputName', '"out"'],
  [
    'builtins.length (builtins.attrNames (builtins.listToAttrs (builtins.genList (i: { name = toString i; value = i; }) 20000)))',
    '20000',
  ],
  ['builtins.length (builtins.sort builtins.lessThan (builtins.genList (i: 100000 - i) 100000))', '100000'],
  ["builtins.foldl' (a: i: a + i) 0 (builtins.genList (i: i) 200000)", '19999900000'],
  [
    'let d = i: derivation { name = "d${toString i}"; system = "s"; builder = "b"; dep = if i == 0 then null else d (i - 1); }; in builtins.stringLength (d 50).drvPath',
    '51',
  ],
];

for (const [expression, result] of fine) {
  test(`fine: ${expression}`, () => {
    assert.equal(evaluate(expression), result);
  });
}
