import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SourceFile } from '../../base/index.ts';
import type { DynamicScope, Scope } from '../../eval/scope.ts';
import type { Slot } from '../../eval/value.ts';
import { parseExpr } from '../../lang/index.ts';
import type { LetExpr } from '../../lang/tree.ts';
import { rendered, world } from './support.ts';

const supply = (names: Record<string, Slot>, asked: string[] = []): DynamicScope => ({
  lookup: (name) => {
    asked.push(name);
    return Object.hasOwn(names, name) ? names[name] : undefined;
  },
  names: () => Object.keys(names),
});

/** A declarations file in miniature: `let` bindings over a library, own fields in front. */
function stage(bindings: string, library: Record<string, Slot>) {
  const { interpreter } = world();
  const { scopes } = interpreter;
  const source = new SourceFile('tree.igos', `${bindings} null`);
  const file = scopes.dynamicScope(scopes.fileScope(source, '/tree'), supply(library));
  const inner = scopes.letScope(file, (parseExpr(source) as LetExpr).merged);
  const show = (text: string, scope: Scope): string => {
    const expr = parseExpr(new SourceFile('tree.igos', text));
    return interpreter.print(scopes.evalInScope(expr, scope), { isStrict: true });
  };
  return { interpreter, scopes, inner, show };
}

test('lexical bindings come first, then the own fields, then the scopes around, then the globals', () => {
  const { scopes, inner, show } = stage('let a = "let"; b = lib; in', {
    a: 'library',
    lib: 'library',
    map: 'a package',
    version: 'none',
  });
  const own = scopes.dynamicScope(inner, supply({ a: 'own', version: 'own' }));
  assert.equal(show('[ a b lib version map toString ]', own), '[ "let" "library" "library" "own" "a package" <PRIMOP> ]');
  assert.equal(
    show('let version = 1; in { inherit version; x = rec { lib = version; y = lib; }.y; }', own),
    '{ version = 1; x = 1; }',
  );
});

test('with is nearer than what is around it, but never hides lexical names or globals', () => {
  const { inner, show } = stage('let a = "let"; in', { zlib: 'library', other: 'library' });
  assert.equal(
    show('with { zlib = "with"; a = "with"; toString = "with"; }; [ a zlib other toString ]', inner),
    '[ "let" "with" "library" <PRIMOP> ]',
  );
});

test('an expression is compiled once and evaluates with the fields of each scope', () => {
  const { interpreter, scopes, inner } = stage('let base = "https://x/"; in', {});
  const expr = parseExpr(new SourceFile('tree.igos', '"${base}${name}-${version}"'));
  const urls = ['1.0', '1.1'].map((version) => {
    const own = scopes.dynamicScope(inner, supply({ name: 'zlib', version }));
    return interpreter.force(scopes.delayInScope(expr, own, 'url'));
  });
  assert.deepEqual(urls, ['https://x/zlib-1.0', 'https://x/zlib-1.1']);
});

test('slots are lazy, and looked up only when needed', () => {
  const { interpreter, scopes, inner } = stage('let in', {});
  const asked: string[] = [];
  let forced = 0;
  const lazy = interpreter.ctx.delay(() => ++forced);
  const own = scopes.dynamicScope(inner, supply({ a: lazy, b: lazy }, asked));
  const slot = scopes.delayInScope(parseExpr(new SourceFile('t', '{ x = a; y = b + a; }')), own);
  assert.deepEqual(asked, []);
  assert.equal(interpreter.print(slot, { isStrict: true }), '{ x = 1; y = 2; }');
  assert.equal(forced, 1);
});

test('an unknown name is compared with all that could have been meant', () => {
  const { scopes, inner, show } = stage('let helper = 1; in', { autotools: 1 });
  const own = scopes.dynamicScope(inner, supply({ version: 1 }));
  for (const [wrong, meant] of [
    ['verson', 'version'],
    ['autotool', 'autotools'],
    ['helpr', 'helper'],
    ['toStrng', 'toString'],
  ]) {
    assert.match(
      rendered(() => show(`[ ${wrong} ]`, own)),
      new RegExp(`did you mean '${meant}'`),
    );
  }
});
