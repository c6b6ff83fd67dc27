import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Faults, SourceFile } from '../../base/index.ts';
import { type AttrsExpr, type Expr, type FileTree, parse, parseExpr, parseFile, printNormal } from '../../lang/index.ts';
import { End } from '../../lang/kinds.ts';
import { lex } from '../../lang/lexer.ts';
import { expressions, hostile } from './arbitrary.ts';

const source = (text: string): SourceFile => new SourceFile('<test>', text);
const expr = (text: string): Expr => parseExpr(source(text));
const declarations = (text: string): Extract<FileTree, { kind: 'declarations' }> => {
  const tree = parseFile(source(text), { kind: 'igos' });
  assert.equal(tree.kind, 'declarations');
  return tree as Extract<FileTree, { kind: 'declarations' }>;
};

test('tokens, comments and blanks cover every byte', () => {
  fc.assert(
    fc.property(fc.oneof(hostile, expressions({ comments: true })), (text) => {
      const tokens = lex(text);
      const covered = new Uint8Array(text.length);
      let at = 0;
      for (let i = 0; i < tokens.count; i++) {
        const [start, end] = [tokens.starts[i]!, tokens.ends[i]!];
        assert.ok(start >= at && end >= start);
        covered.fill(1, start, end);
        at = end;
      }
      assert.equal(tokens.kinds[tokens.count - 1], End);
      assert.equal(at, text.length);
      for (const { start, end } of tokens.comments()) covered.fill(1, start, end);
      for (let i = 0; i < text.length; i++)
        assert.ok(covered[i] === 1 || /[ \t\r\n]/.test(text[i]!), `byte ${i} of ${JSON.stringify(text)}`);
    }),
    { numRuns: 300 },
  );
});

test('any bytes give diagnostics, never an exception', () => {
  fc.assert(
    fc.property(hostile, fc.constantFrom('igos' as const, 'nix' as const, 'expr' as const), (text, kind) => {
      const { diagnostics, tree } = parse(source(text), { kind });
      assert.ok(diagnostics.length <= 40);
      for (const { labels } of diagnostics) {
        assert.ok(labels.length > 0);
        for (const { start, end } of labels) assert.ok(start >= 0 && start <= end && end <= text.length);
      }
      if (diagnostics.length === 0 && tree.kind === 'expr') printNormal(tree.expr);
    }),
    { numRuns: 1500 },
  );
});

test('a valid text with one token removed gives diagnostics or another valid text', () => {
  fc.assert(
    fc.property(expressions({ comments: true }), fc.nat(), (text, at) => {
      const { starts, ends, count } = lex(text);
      const token = at % count;
      parse(source(text.slice(0, starts[token]) + text.slice(ends[token])), { kind: 'igos' });
    }),
    { numRuns: 300 },
  );
});

test('the normal form is an expression', () => {
  // paths print absolute, `/` too, which is no literal
  fc.assert(
    fc.property(
      // and `f or` prints `f` without the parentheses that a select needs, in Nix as here
      expressions().filter((text) => !text.includes('/') && !/\)\s+or\b/.test(text)),
      (text) => void expr(printNormal(expr(text))),
    ),
    { numRuns: 100 },
  );
});

test('nodes span their text without the parentheses around them', () => {
  const call = expr(' ( (f  x)\n y ) ') as Extract<Expr, { kind: 'call' }>;
  assert.deepEqual([call.start, call.end], [3, 12]);
  assert.deepEqual([call.fn.start, call.fn.end], [4, 8]);
});

test('sets are merged by the rules of Nix', () => {
  const set = expr(
    '{ a.b = 1; c = rec { d = 2; }; a.e = 3; c.f = d; inherit (x) y; inherit z; ${k} = 4; "g" = 5; }',
  ) as AttrsExpr;
  assert.deepEqual(
    set.merged.statics.map(({ name, value }) => [name, value.kind]),
    [
      ['a', 'expr'],
      ['c', 'expr'],
      ['y', 'inheritFrom'],
      ['z', 'inherit'],
      ['g', 'expr'],
    ],
  );
  const inner = (name: string): AttrsExpr => {
    const value = set.merged.statics.find((attr) => attr.name === name)!.value;
    return (value as { expr: AttrsExpr }).expr;
  };
  assert.deepEqual(
    inner('a').merged.statics.map(({ name }) => name),
    ['b', 'e'],
  );
  assert.deepEqual([inner('c').isRec, inner('c').merged.statics.map(({ name }) => name)], [true, ['d', 'f']]);
  assert.equal(set.merged.dynamics.length, 1);
  assert.equal(set.merged.inheritFroms.length, 1);
});

test('merged sets keep the dynamic names and the inherited ones of both', () => {
  const set = expr('{ a = { inherit (p) q; ${m} = 1; }; a = { inherit (r) s; ${n} = 2; b.c = 1; }; a.b.d = 2; }') as AttrsExpr;
  assert.equal(printNormal(set), '{ a = { inherit (p) q; inherit (r) s; b = { c = 1; d = 2; }; "${m}" = 1; "${n}" = 2; }; }');
});

test('hundreds of merged names take linear time', () => {
  const text = `{ ${Array.from({ length: 5_000 }, (_, i) => `a.b${i} = ${i};`).join(' ')} }`;
  const set = expr(text) as AttrsExpr;
  assert.equal((set.merged.statics[0]!.value as { expr: AttrsExpr }).expr.merged.statics.length, 5_000);
});

test('a file with only comments holds no declarations', () => {
  assert.deepEqual(declarations('# nothing\n').declarations, []);
  assert.deepEqual(declarations('').declarations, []);
});

test('declarations, and expressions that look alike', () => {
  const tree = declarations(
    'let v = "1"; in tier core { ships = false; } package zlib v2 { }'.replace('v2', '"1.3"') +
      ' package "a b" "${v}" { phases.x = "y"; split doc { files = [ ]; } } override zlib { } system w { } tree { name = "t"; }',
  );
  assert.deepEqual(
    tree.declarations.map(({ kind, name, version }) => [kind, name?.text, version?.parts.length]),
    [
      ['tier', 'core', undefined],
      ['package', 'zlib', 1],
      ['package', 'a b', 1],
      ['override', 'zlib', undefined],
      ['system', 'w', undefined],
      ['tree', undefined, undefined],
    ],
  );
  assert.equal(tree.bindings?.length, 1);
  assert.deepEqual(
    tree.declarations[2]!.splits.map(({ name }) => name?.text),
    ['doc'],
  );
  for (const text of [
    '{ package = 1; }',
    'package',
    'package.x',
    'let package = f: f; in package { }',
    'tier: tier',
    'f "x" { }',
    'tree',
    'system + 1',
  ]) {
    assert.equal(parseFile(source(text), { kind: 'igos' }).kind, 'expr', text);
  }
  assert.equal(parseFile(source('package z "1" { }'), { kind: 'nix' }).kind, 'expr');
});

test('integers are exact, floats are doubles', () => {
  assert.deepEqual(
    ['9007199254740991', '9007199254740993', '9223372036854775807', '007'].map(
      (text) => (expr(text) as { value: unknown }).value,
    ),
    [9007199254740991, 9007199254740993n, 9223372036854775807n, 7],
  );
  assert.equal((expr('1.e3') as { value: number }).value, 1000);
});

test('pipes are calls, behind their flag', () => {
  const piped = parseExpr(source('a |> f b |> g'), { pipes: true });
  assert.equal(printNormal(piped), '(g ((f b) a))');
  assert.equal(printNormal(parseExpr(source('f <| g <| a -> b'), { pipes: true })), '(f (g (a -> b)))');
  assert.throws(() => expr('a |> f'), Faults);
});

test('deep nesting is a fault, long chains are fine', () => {
  for (const open of ['[', '(', '{ a = ', 'x: ', 'let a = ', '"${', 'f (', 'if (', '!(', '{ ${']) {
    const { diagnostics } = parse(source(open.repeat(12_000)));
    assert.ok(diagnostics.length > 0, open);
  }
  assert.equal(parse(source('['.repeat(100_000) + ']'.repeat(100_000))).diagnostics[0]!.code, 'E-LANG-023');
  const chains = ['a ++ ', 'a ', '!', '-', 'if a then b else ', 'a // b + ', 'a -> ', 'x: ', '{ x }: ', 'with a; ', 'assert a; '];
  for (const chain of [...chains, 'let a = 1; in ', 'a.', 'a + -!']) {
    assert.deepEqual(parse(source(`${chain.repeat(100_000)}a`)).diagnostics, [], chain);
  }
  for (const open of ['(', '[', '{ a = ', 'a.b or ', '${', 'f (', 'rec { a = x: ', 'inherit (']) {
    const { diagnostics } = parse(source(`{ a = ${open.repeat(100_000)}`));
    assert.equal(diagnostics.some(({ code }) => code === 'E-LANG-023') || open === '${' || open === 'inherit (', true, open);
  }
});

test('time is linear in the text', () => {
  const timed = (text: string): number => {
    // of the processor: others may have it for longer
    const start = process.threadCpuUsage().user;
    parse(source(text));
    return (process.threadCpuUsage().user - start) / 1000;
  };
  const limitMs = 3000; // quadratic time would be minutes
  assert.ok(timed(`"${'abc $ \\n'.repeat(650_000)}"`) < limitMs, 'a string of 5 MB');
  assert.ok(timed(`''${'\n  abc $x'.repeat(100_000)}''`) < limitMs, 'an indented string of 1 MB');
  // on one line: who looks for the beginning of the line at each bracket looks at all of it
  for (const [open, close] of ['()', '[]', '{}'] as const) {
    const pairs = open!.repeat(100_000) + close!.repeat(100_000);
    assert.ok(timed(pairs) < limitMs, open);
    assert.ok(timed(`${open}\n`.repeat(50_000) + ' '.repeat(50_000) + close!.repeat(50_000)) < limitMs, `${open} on lines`);
    assert.ok(timed(open!.repeat(50_000) + `\n${close}`.repeat(50_000)) < limitMs, `${close} on lines`);
  }
  for (const piece of [
    'a.',
    'a',
    './a',
    '"',
    "''",
    '${',
    '/* ',
    '{ ',
    '} ',
    ') ',
    '; ',
    '\\',
    '€',
    "'",
    '1.',
    '<a',
    'a:',
    '//',
    'in ',
    '= ',
  ]) {
    assert.ok(timed(piece.repeat(8_000)) < limitMs, piece);
  }
});
