/** `<nix/…>`: what igos itself brings is found under Nix's name, and nothing tells where it is installed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault, renderFault } from '../../base/index.ts';
import { ConfinedIO } from '../../eval/confined-io.ts';
import { evaluate, interpreter } from './builtins/evaluate.ts';
import { realDisk } from './builtins/real-disk.ts';

const FILE = '<nix/fetchurl.nix>';

for (const [expression, expected] of [
  [FILE, FILE],
  [`toString ${FILE}`, '"/fetchurl.nix"'],
  [`baseNameOf ${FILE}`, '"fetchurl.nix"'],
  [`dirOf ${FILE}`, '<nix/>'],
  [`dirOf (dirOf ${FILE})`, '<nix/>'],
  [`${FILE} + "/x"`, '/fetchurl.nix/x'],
  [`${FILE} == dirOf ${FILE} + "/fetchurl.nix"`, 'false'],
  [
    `builtins.toXML ${FILE}`,
    String.raw`"<?xml version='1.0' encoding='utf-8'?>\n<expr>\n  <path value=\"&lt;nix/fetchurl.nix&gt;\" />\n</expr>\n"`,
  ],
  [`builtins.readDir (dirOf ${FILE})`, '{ "fetchurl.nix" = "regular"; }'],
  [`builtins.readFileType ${FILE}`, '"regular"'],
  [`map builtins.pathExists [ ${FILE} <nix/nope> (dirOf ${FILE}) ]`, '[ true false true ]'],
  [`(builtins.unsafeGetAttrPos "url" (builtins.functionArgs (import ${FILE}))).file`, '"/fetchurl.nix"'],
  ['(builtins.tryEval <nix>).success', 'false'],
  // what is not there is missed when it is read
  ['(builtins.tryEval <nix/nope>).success', 'true'],
] as const) {
  test(expression, () => assert.equal(evaluate(expression), expected));
}

test('a mistake in a call of it shows its name', () => {
  const nix = interpreter();
  const thrown = (expression: string): string => {
    try {
      nix.force(nix.evalExpr(expression, { basePath: '/' }));
    } catch (error) {
      if (error instanceof Fault) return renderFault(error);
      throw error;
    }
    return '';
  };
  assert.match(thrown(`import ${FILE} { }`), /┌─ <nix\/fetchurl\.nix>:\d+:\d+/);
  assert.match(thrown('import <nix/nope.nix>'), /^error\[E-EVAL-026\]: path '<nix\/nope\.nix>' does not exist\n/);
  assert.match(thrown(`builtins.readDir ${FILE}`), /'<nix\/fetchurl\.nix>' is not a directory/);
});

test('a copy of it in the store is one of its bytes, confined or not; a filter sees its names', () => {
  using disk = realDisk();
  for (const io of [disk.io, new ConfinedIO(disk.io)]) {
    const nix = interpreter(io);
    const copied = evaluate(`"\${${FILE}}"`, nix);
    assert.match(copied, /^"\/nix\/store\/[0-9a-z]{32}-fetchurl\.nix"$/);
    assert.equal(evaluate(`builtins.path { path = ${FILE}; }`, nix), copied);
    const paths = evaluate(
      `builtins.path { path = dirOf ${FILE}; name = "x"; filter = path: kind: builtins.trace "\${path} \${kind}" true; }`,
      nix,
    );
    assert.match(paths, /-x"$/);
    assert.equal(disk.traces.at(-1), 'trace: /fetchurl.nix regular');
  }
});

test('an entry of the search path comes first', () => {
  using disk = realDisk();
  const nix = interpreter(disk.io, { searchPath: [{ prefix: 'nix', path: disk.folder }] });
  assert.equal(evaluate('<nix/tree>', nix), `${disk.folder}/tree`);
  assert.equal(evaluate(FILE, nix), FILE);
});
