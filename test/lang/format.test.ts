import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareBytes, SourceFile } from '../../base/index.ts';
import { type FileTree, format, parse, printNormal } from '../../lang/index.ts';
import { golden } from '../golden.ts';
import { expressions } from './arbitrary.ts';

const vector = (name: string): string => readFileSync(join(import.meta.dirname, '../vectors/lang', name), 'latin1');
const source = (text: string): SourceFile => new SourceFile('<test>', text);

function formatted(text: string, kind: 'igos' | 'nix'): string {
  const { text: out, diagnostics } = format(source(text), kind);
  assert.deepEqual(diagnostics, []);
  return out;
}

/** The meaning of a file as text. */
function normal(text: string, kind: 'igos' | 'nix'): string {
  const { tree, diagnostics } = parse(source(text), { kind });
  assert.deepEqual(
    diagnostics.map(({ message }) => message),
    [],
    text,
  );
  return treeText(tree);
}

const treeText = (tree: FileTree): string =>
  tree.kind === 'expr'
    ? printNormal(tree.expr)
    : JSON.stringify(tree, (key, value: unknown) => {
        if (key === 'start' || key === 'end' || key === 'opStart') return undefined;
        return typeof value === 'bigint' ? String(value) : value;
      });

/** Comments without the blanks at their ends and of their inner lines. */
const comments = (text: string, kind: 'igos' | 'nix'): string[] =>
  parse(source(text), { kind })
    .comments.map((comment) => comment.text.trimEnd())
    .sort(compareBytes);

function check(text: string, kind: 'igos' | 'nix'): void {
  const once = formatted(text, kind);
  assert.equal(normal(once, kind), normal(text, kind), 'another meaning');
  assert.deepEqual(comments(once, kind), comments(text, kind), 'other comments');
  assert.equal(formatted(once, kind), once, 'not idempotent');
}

test('expressions keep their meaning and comments, and formatting again changes nothing', () => {
  fc.assert(
    fc.property(expressions({ comments: true }), (text) => check(text, 'nix')),
    { numRuns: Number(process.env['RUNS'] ?? 150) },
  );
});

test('declarations keep their meaning and comments', () => {
  const value = expressions({ comments: true });
  const field = fc.tuple(fc.constantFrom('k', 'l.m', '"n o"'), value).map(([name, expr]) => `${name} = ${expr}\n;`);
  const file = fc
    .tuple(fc.boolean(), fc.array(fc.tuple(field, fc.constantFrom('\n', ' # c\n', '\n\n\n/* d */ ')), { maxLength: 3 }))
    .map(
      ([hasLet, fields]) =>
        `${hasLet ? '# head\nlet a = 1; # one\nin\n' : ''}tier t { }\n${fields
          .map(([text, gap], i) => `package p${i} "1"${gap}{${gap}${text}${gap} split s { } ${gap}}${gap}`)
          .join('')}# end`,
    );
  fc.assert(
    fc.property(file, (text) => check(text, 'igos')),
    { numRuns: 50 },
  );
});

test('a set that breaks for its width changes what is around it only once', () => {
  const set = '(x: { NIX_CFLAGS_COMPILE = (x.NIX_CFLAGS_COMPILE or "") + " -frtti"; })';
  check(`(builtins.map (x: stdenv.lib.overrideDerivation x ${set}) [ llvm clang clang-unwrapped clang ]) ++ [ gmp ]`, 'nix');
});

test('a file with mistakes is returned as it was', () => {
  const { text, diagnostics } = format(source('{ a = ; }'), 'nix');
  assert.equal(text, '{ a = ; }');
  assert.equal(diagnostics.length, 1);
});

test('the layout of each construct', (t) => {
  golden(t, 'format/expressions.nix', formatted(vector('layout.nix'), 'nix'));
  check(vector('layout.nix'), 'nix');
});

test('blank lines stay between pieces of code, and comments with the parameters that they are about', (t) => {
  golden(t, 'format/module.nix', formatted(vector('layout-module.nix'), 'nix'));
  check(vector('layout-module.nix'), 'nix');
});

test('conditions and defaults that do not fit are indented, comments beside values stay there', (t) => {
  golden(t, 'format/conditions.nix', formatted(vector('layout-conditions.nix'), 'nix'));
  check(vector('layout-conditions.nix'), 'nix');
});

test('the operators of a chain that does not fit stand below each other, below a name where it begins with a bracket', (t) => {
  golden(t, 'format/chains.nix', formatted(vector('layout-chains.nix'), 'nix'));
  check(vector('layout-chains.nix'), 'nix');
});

test('the layout of declarations', (t) => {
  golden(t, 'format/declarations.igos', formatted(vector('layout.igos'), 'igos'));
  check(vector('layout.igos'), 'igos');
});

test('what is too deep for the stack is a fault, and left as it is; neither that nor a long chain takes long', () => {
  const started = process.cpuUsage();
  for (const [open, end] of [
    ['!', 'a'],
    ['x: ', 'x'],
    ['[ ', ' ]'],
    ['with a; ', 'a'],
    ['if a then b else ', 'c'],
  ] as const) {
    const text = `${open.repeat(30_000)}${end.length === 2 ? end.repeat(30_000) : end}\n`;
    const { text: out, diagnostics } = format(source(text), 'nix');
    if (diagnostics.length > 0) assert.deepEqual([diagnostics[0]!.code, out], ['E-LANG-023', text], open);
    else assert.ok(out.length >= 30_000 * open.trimEnd().length, open);
  }
  // Of the processor, whatever else the machine does.
  const { user, system } = process.cpuUsage(started);
  assert.ok(user + system < 15e6, `${((user + system) / 1e6).toFixed(0)} s`);
});

test('nothing but comments', () => {
  assert.equal(formatted('', 'igos'), '');
  assert.equal(formatted('\n\n', 'igos'), '');
  assert.equal(formatted('\n\n# a\n\n\n\n# b', 'igos'), '# a\n\n# b\n');
});
