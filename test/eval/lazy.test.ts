/** Laziness, sharing and depth: what a result alone does not show. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareBytes } from '../../base/index.ts';
import { builtin } from '../../eval/builtin.ts';
import { builtinTable } from '../../eval/builtins/table.ts';
import type { Evaluator } from '../../eval/evaluator.ts';
import { createInterpreter } from '../../eval/interpreter.ts';
import type { Slot, Value } from '../../eval/value.ts';
import { MemoryIO } from './memory-io.ts';
import { world } from './support.ts';

/** An interpreter with `builtins.tick x`: x, and counts. */
function counting() {
  let ticks = 0;
  const impl = (ctx: Evaluator, value: Slot | undefined): Value => {
    ticks++;
    return ctx.force(value!);
  };
  const tick = builtin({ name: 'tick', args: ['value'], doc: 'Counts.', impl });
  const interpreter = createInterpreter({ io: new MemoryIO(), builtins: [...builtinTable, tick] });
  return (text: string): number => {
    ticks = 0;
    interpreter.print(interpreter.evalExpr(text, { basePath: '/' }), { isStrict: true });
    return ticks;
  };
}

const once: Record<string, string> = {
  'a variable': 'let x = builtins.tick 1; in [ x x (x + x) ]',
  'an argument': '(x: [ x x (x + x) ]) (builtins.tick 1)',
  'an attribute': 'let s = { a = builtins.tick 1; }; in [ s.a s.a (s // { b = 1; }).a ]',
  'a list item': 'let l = [ (builtins.tick 1) ]; in [ (builtins.head l) (builtins.head (l ++ l)) ]',
  'the source of an inherit': 'let inherit (builtins.tick { a = 1; b = 2; }) a b; in [ a b a ]',
  'the source of an inherit in a set': 'let s = { inherit (builtins.tick { a = 1; b = 2; }) a b; }; in [ s.a s.b ]',
  'the set of a with': 'with builtins.tick { a = 1; b = 2; }; [ a b (a + b) ]',
  'a default': '({ a ? builtins.tick 1, b ? a + a }: [ a b ]) { }',
  'a rec attribute': 'rec { a = builtins.tick 1; b = a + a; c = b; }',
  'an imported function argument': 'let f = x: y: x + x + y; in f (builtins.tick 1) 2',
};

const never: Record<string, string> = {
  'an unused variable': 'let x = builtins.tick 1; in 2',
  'an unused argument': '(x: y: y) (builtins.tick 1) 2',
  'an attribute laid over': '({ a = builtins.tick 1; } // { a = 2; }).a',
  'the other branch': 'if true then 1 else builtins.tick 2',
  'the right side of && || ->': '[ (false && builtins.tick true) (true || builtins.tick true) (false -> builtins.tick true) ]',
  'an unused with': 'with builtins.tick { }; 1',
  'a default that is given': '({ a ? builtins.tick 1 }: a) { a = 2; }',
  'a fallback of a select': '{ a = 1; }.a or (builtins.tick 2)',
  'a value asked for with ?': '{ a = builtins.tick 1; } ? a',
  'list items that are counted': 'builtins.length [ (builtins.tick 1) ]',
};

/** The same, run by code that is hot. */
const hot = (expression: string): string =>
  `builtins.foldl' (_: i: builtins.deepSeq (${expression}) i) 0 (builtins.genList (i: i) 1000)`;

for (const [what, expression] of Object.entries(once)) {
  test(`evaluated once: ${what}`, () => {
    const ticks = counting();
    assert.equal(ticks(expression), 1);
    assert.equal(ticks(hot(expression)), 1000);
  });
}

for (const [what, expression] of Object.entries(never)) {
  test(`not evaluated: ${what}`, () => {
    const ticks = counting();
    assert.equal(ticks(expression), 0);
    assert.equal(ticks(hot(expression)), 0);
  });
}

test('a failed value fails again in the same way, and is caught each time', () => {
  const { show } = world();
  assert.equal(
    show('let x = throw "a"; t = builtins.tryEval x; in [ t (builtins.tryEval x) (builtins.tryEval { y = x; }.y).success ]'),
    '[ { success = false; value = false; } { success = false; value = false; } false ]',
  );
});

test('without force only what is there prints', () => {
  const { interpreter } = world();
  const value = interpreter.evalExpr('let a = 1; in { inherit a; b = a + 1; c = [ ]; d = { }; e = "x"; }', { basePath: '/' });
  assert.equal(interpreter.print(value, { isStrict: false }), '{ a = 1; b = <CODE>; c = [ ]; d = <CODE>; e = "x"; }');
});

test('what is shared or cyclic prints once', () => {
  const { show } = world();
  assert.equal(show('let s = { a = 1; }; l = [ s ]; in [ s s l l ]'), '[ { a = 1; } «repeated» [ «repeated» ] «repeated» ]');
  assert.equal(show('let s = { inherit s; x = 1; }; in s'), '{ s = «repeated»; x = 1; }');
});

test('files are looked at, read and evaluated once, and where a link leads to', () => {
  const { io, show } = world({
    files: { '/disk/a.nix': '{ x = 1; y = [ ]; }', '/disk/lib/default.nix': 'import ../a.nix' },
    links: { '/disk/link.nix': '/disk/a.nix' },
  });
  assert.equal(
    show('[ (import ./a.nix).x (import ./lib).x (import ./link.nix).x (import /disk/../disk/a.nix == import ./lib) ]'),
    '[ 1 1 1 true ]',
  );
  assert.deepEqual(io.reads.toSorted(compareBytes), ['/disk/a.nix', '/disk/lib/default.nix']);
  assert.deepEqual(io.looks.toSorted(compareBytes), ['/disk/a.nix', '/disk/a.nix', '/disk/lib', '/disk/link.nix']);
});

test('scopedImport binds names, and the position of an attribute is known', () => {
  const { show } = world({
    files: { '/disk/s.nix': '{ inherit x; true = true; }', '/disk/p.nix': '{\n  a = 1;\n  b.c = 2;\n}' },
  });
  assert.equal(show('scopedImport { x = 5; true = 6; } ./s.nix'), '{ true = 6; x = 5; }');
  assert.equal(show('builtins.unsafeGetAttrPos "b" (import ./p.nix)'), '{ column = 3; file = "/disk/p.nix"; line = 3; }');
  assert.equal(show('builtins.unsafeGetAttrPos "b" { }'), 'null');
});

test('search paths are tried in order', () => {
  const { show } = world({
    files: { '/one/a.nix': '1', '/two/a.nix': '2', '/two/b/c.nix': '3' },
    settings: {
      searchPath: [
        { prefix: 'lib', path: '/two' },
        { prefix: '', path: '/one' },
        { prefix: '', path: '/two' },
      ],
    },
  });
  assert.equal(
    show('[ (import <a.nix>) (import <lib/a.nix>) <b/c.nix> (builtins.tryEval <c>).success ]'),
    '[ 1 2 /two/b/c.nix false ]',
  );
});
