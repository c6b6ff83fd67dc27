/** Each error of the builtins as a user sees it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault, renderFault } from '../../../base/index.ts';
import { builtinCodes } from '../../../eval/builtins/codes.ts';
import { fetchGit } from '../../../eval/git/fetch.ts';
import type { GitRequest, GitTree } from '../../../eval/io.ts';
import { golden } from '../../golden.ts';
import { MemoryIO } from '../memory-io.ts';
import { evaluate, interpreter } from './evaluate.ts';

/** Golden name → expression. */
const cases: Readonly<Record<string, string>> = {
  'builtin-elem-at': 'builtins.elemAt [ 1 2 ] 2',
  'builtin-head': 'builtins.head [ ]',
  'builtin-tail': 'builtins.tail [ ]',
  'builtin-gen-list': 'builtins.genList (i: i) (-1)',
  'builtin-floor': 'builtins.floor 1.0e30',
  'builtin-substring': 'builtins.substring (-1) 2 "abc"',
  'builtin-replace-strings': 'builtins.replaceStrings [ "a" "b" ] [ "x" ] "abc"',
  'builtin-regex-escape': 'builtins.match "a\\\\d+" "a1"',
  'builtin-regex-group': 'builtins.split "x(?:y)" "xy"',
  'builtin-regex-large': 'builtins.match "(a{1000}){1000}" "a"',
  'builtin-json': 'builtins.fromJSON "{\\"a\\": [1, 2,\\n  x]}"',
  'builtin-json-end': 'builtins.fromJSON "[1, 2"',
  'builtin-toml': 'builtins.fromTOML "a = 1\\nb = yes\\n"',
  'builtin-toml-date': 'builtins.fromTOML "when = 1979-05-27"',
  'builtin-hash-algorithm': 'builtins.hashString "sha265" "x"',
  'builtin-hash-format':
    'builtins.convertHash { hash = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="; toHashFormat = "base61"; }',
  'builtin-path-argument': 'builtins.path { path = /here/file; nmae = "x"; }',
  'builtin-abort-on-warn': 'builtins.warn "slow" 1',
  'builtin-abort': 'abort "this cannot be"',
  'builtin-derivation-name': '(derivation { system = "s"; builder = "b"; }).outPath',
  'builtin-derivation-system': '(derivation { name = "x"; builder = "b"; }).outPath',
  'builtin-derivation-outputs': '(derivation { name = "x"; system = "s"; builder = "b"; outputs = [ "out" "out" ]; }).outPath',
  'builtin-derivation-attribute': '(derivation { name = "x"; system = "s"; builder = "b"; src = { a = 1; }; }).outPath',
  'builtin-derivation-hash': '(derivation { name = "x"; system = "s"; builder = "b"; outputHash = "sha256-deadbeef"; }).outPath',
  'builtin-to-file': 'builtins.toFile "x" "${derivation { name = "d"; system = "s"; builder = "b"; }}"',
  'builtin-append-context': 'builtins.appendContext "x" { "/tmp/y" = { path = true; }; }',
  'builtin-fetch-no-hash': 'builtins.fetchurl "https://example.org/x.tar.gz"',
  'builtin-fetch-unpinned': 'builtins.fetchGit "https://example.org/x.git"',
  'builtin-fetch-ref': 'builtins.fetchGit { url = "https://example.org/x.git"; ref = "--upload-pack=x"; }',
  'builtin-git': 'builtins.fetchGit { url = "file:///no/such/repository"; rev = "0000000000000000000000000000000000000000"; }',
  'builtin-source-hash': 'builtins.path { path = /here/file; sha256 = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="; }',
  'builtin-unknown-derivation':
    '(derivation { name = "x"; system = "s"; builder = "b"; a = builtins.appendContext "a" { "/nix/store/5wq5jx7219pmi3xklyhl77fjbqvy6qaj-x.drv" = { outputs = [ "out" ]; }; }; }).outPath',
  'builtin-nul': 'builtins.readFile /here/binary',
  'builtin-function-args': 'builtins.functionArgs { }',
  'builtin-list-to-attrs': 'builtins.listToAttrs [ { name = "a"; vlaue = 1; } ]',
  'builtin-type': 'builtins.concatStringsSep ", " [ "a" 1 ]',
  'builtin-sort': 'builtins.sort (a: b: a - b) [ 2 1 ]',
  'builtin-closure': 'builtins.genericClosure { startSet = [ { key = 1; } { key = "a"; } ]; operator = x: [ ]; }',
};

/** Git repositories are on the real disk. */
class WithGit extends MemoryIO {
  override fetchGit(request: GitRequest): GitTree {
    return fetchGit(request, { cacheFolder: '/no/such/cache', environment: process.env, warn: () => {} });
  }
}

const disk = { files: { '/here/file': 'content', '/here/binary': 'a\0b' } };

function faultOf(expression: string): Fault {
  try {
    evaluate(expression, interpreter(new WithGit(disk), { isAbortingOnWarn: true, pure: expression.includes('fetch') }));
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new assert.AssertionError({ message: `no error: ${expression}` });
}

for (const [name, expression] of Object.entries(cases)) {
  test(`${name}: ${expression}`, (t) => {
    golden(t, `errors/${name}.txt`, renderFault(faultOf(expression)));
  });
}

test('every code is shown by some case', () => {
  const raised = new Set(Object.values(cases).map((expression) => faultOf(expression).code));
  assert.deepEqual(
    Object.keys(builtinCodes).filter((code) => !raised.has(code as never)),
    [],
  );
});
