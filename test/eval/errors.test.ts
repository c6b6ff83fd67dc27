/** What users see when evaluation fails: one golden a mistake, the whole rendered text. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { golden } from '../golden.ts';
import { rendered, world } from './support.ts';

/** Name of the golden → expression. */
const mistakes: Readonly<Record<string, string>> = {
  'infinite-recursion': 'let\n  a = b + 1;\n  b = c;\n  c = { x = a; }.x;\nin a',
  'infinite-recursion-self': 'let x = x; in x',
  'undefined-variable': 'let\n  version = "1.0";\nin "zlib-${verson}"',
  'undefined-variable-with': 'with { zlib = 1; glibc = 2; }; [ glibb zlib ]',
  'missing-attribute': 'let p = {\n  name = "zlib";\n  version = "1.3";\n};\nin p.verson',
  'missing-attribute-empty': '{ }.a',
  'wrong-type-condition': 'if 1 then 2 else 3',
  'wrong-type-select': 'let x = [ 1 2 ]; in x.y',
  'wrong-type-list': '[ 1 ] ++ { a = x: x; b = throw "x"; }',
  'wrong-type-set': '{ a = 1; } // null',
  'wrong-type-subtract': '"a" - 1',
  'wrong-type-builtin': 'builtins.length { a = [ 1 2 3 4 5 6 7 8 9 10 11 12 ]; }',
  'wrong-type-argument': '({ a }: a) [ 1 ]',
  'not-a-function': 'let f = x: x + 1;\nin [ (f 1 2) ]',
  'missing-argument': 'let\n  build = { name, version }: name;\nin build {\n  name = "x";\n}',
  'unexpected-argument': 'let\n  build = { name, version ? "1" }: name;\nin build { name = "x"; verison = "2"; }',
  'misspelt-argument': 'let\n  build = { name, version, ... }: name;\nin build { name = "x"; verison = "2"; }',
  'lists-added': '[ 1 ] + [ 2 ]',
  'sets-added': '{ a = 1; } + { b = 2; }',
  'texts-appended': '"a" ++ "b"',
  'lists-updated': '[ 1 ] // { }',
  'set-called': '{ a = 1; } 2',
  'number-called': '{ version = 1.5.2; }',
  hexadecimal: '{ mode = 0x10; }',
  'quotes-within': '{ a = "he said "hi" to me"; }',
  'import-misspelt': 'import ./lbi.nix',
  'import-without-extension': 'import ./lib',
  'copy-misspelt': '"${./y.txt}"',
  'failed-assertion': 'let version = "1.2";\nin assert version == "1.3" && true; version',
  thrown: 'let\n  check = x: if x then 1 else throw "unsupported system";\n  y = check false;\nin { a = y; }',
  'default-not-inherited': '(args@{ a ? 1, ... }: { inherit (args) b a; }) { b = 2; }',
  'default-not-given':
    'let\n  build = { name, flags ? { }, debug ? false, ... }@args: { inherit (args) name; debug = args.debug; };\nin (build { name = "x"; debugg = 1; }).debug',
  overflow: 'let big = 9223372036854775807; in big + 1',
  'overflow-multiply': '4611686018427387904 * 2',
  'division-by-zero': 'let n = 0; in 10 / n',
  'cannot-coerce': '"version ${1}"',
  'cannot-coerce-set': '"${{ a = 1; }}"',
  'cannot-coerce-function': 'toString (x: x)',
  'cannot-add': '1 + "2"',
  'cannot-add-boolean': '1.5 + true',
  'builtin-without-prefix': 'let sorted = 1; in sort',
  'builtin-without-prefix-with': 'with { }; concatStringsSep',
  'builtin-left-out': 'builtins.getFlake "x"',
  'cannot-compare': '1 < "2"',
  'cannot-compare-sets': '{ } < { }',
  'duplicate-attribute': 'let n = "a"; in {\n  a = 1;\n  ${n} = 2;\n}',
  'dynamic-name': '{ ${1} = 2; }',
  'not-in-search-path': '<nowhere/lib>',
  'unwanted-context': 'builtins.fromJSON "${/disk/x.txt}"',
  'context-in-path': '/a + "${/disk/x.txt}"',
  'not-an-expression': 'import /disk/tiers.igos',
  'not-absolute': 'import "lib.nix"',
  'import-missing': 'let lib = import ./missing.nix; in lib.x',
  'import-cycle': 'import ./cycle.nix',
  'import-error': '(import ./lib.nix).twice 3',
  'no-json': 'builtins.toJSON { a = [ (x: x) ]; }',
  'no-json-bytes': 'builtins.toJSON (builtins.readFile ./binary)',
  trace: 'let\n  f = x: g (x + 1);\n  g = x: { value = h x; };\n  h = x: x.name;\nin builtins.map (i: (f i).value) [ 1 2 ]',
};

const files = {
  '/disk/x.txt': 'x',
  '/disk/tiers.igos': 'tier core { summary = "Core"; }\n',
  '/disk/cycle.nix': '1 + import ./cycle.nix',
  '/disk/lib.nix': '{\n  twice = x: x + x + unit;\n  unit = "1";\n}\n',
  '/disk/binary': '\xff\xfe',
};

for (const [name, expression] of Object.entries(mistakes)) {
  test(`error: ${name}`, (t) => {
    const { fail } = world({ files, settings: { displayPath: (path) => path.replace('/disk/', '') } });
    golden(t, `errors/eval-${name}.txt`, `${expression}\n----\n${fail(expression)}`);
  });
}

test('error: a selection that leads nowhere', (t) => {
  const { interpreter } = world();
  const select = (path: string): string =>
    rendered(() => {
      const value = interpreter.evalExpr('{ pkgs = { zlib = [ 1 2 ]; n = 1; }; }', { basePath: '/' });
      return interpreter.selectAttrPath(value, path, new Map());
    });
  const paths = ['pkgs.zlob', 'pkgs.zlib.2', 'pkgs.n.x', 'pkgs.n.0', 'pkgs..n', 'pkgs."n'];
  const { interpreter: other } = world();
  const value = other.evalExpr('{ a."b.c" = 1; "" = 2; }', { basePath: '/' });
  const selected = ['a."b.c"', '"a".b"."c', 'a."b.c".', '""'].map((path) => other.selectAttrPath(value, path, new Map()));
  assert.deepEqual(selected, [1, 1, 1, 2]);
  golden(t, 'errors/eval-selection.txt', paths.map((path) => `${path}\n----\n${select(path)}`).join('\n'));
});

test('error: not pure', (t) => {
  const { fail } = world({ settings: { pure: true } });
  golden(t, 'errors/eval-impure.txt', fail('[ builtins.currentTime ]'));
});

test('error: an argument without a value', (t) => {
  const { interpreter } = world();
  const run = (): unknown =>
    interpreter.callWithAutoArgs(interpreter.evalExpr('{ debug, level ? 1 }: debug', { basePath: '/' }), new Map([['level', 2]]));
  golden(t, 'errors/eval-missing-auto-argument.txt', rendered(run));
});
