/** The text of every syntax error, as people see it. The cases are in `test/vectors/lang/mistakes.txt`: `=== name` and the source. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { compareBytes, renderFault, SourceFile } from '../../base/index.ts';
import { langCodes, parse, parseExpr, type SourceKind } from '../../lang/index.ts';
import { golden } from '../golden.ts';

const vectors = readFileSync(join(import.meta.dirname, '../vectors/lang/mistakes.txt'), 'latin1');
const cases = vectors
  .split(/^=== /m)
  .slice(1)
  .map((block) => {
    const end = block.indexOf('\n');
    return { name: block.slice(0, end), text: block.slice(end + 1) };
  });

const raised = new Set<string>();

for (const { name, text } of cases) {
  test(`mistake: ${name}`, (t) => {
    const [base, extension = 'nix'] = name.split('.') as [string, SourceKind | undefined];
    const { diagnostics } = parse(new SourceFile(`example.${extension}`, text), { kind: extension });
    assert.ok(diagnostics.length > 0, 'no mistake found');
    for (const { code } of diagnostics) raised.add(code);
    golden(t, `errors/lang-${base}.txt`, diagnostics.map((fault) => renderFault(fault)).join('\n'));
  });
}

test('a NUL byte', (t) => {
  const { diagnostics } = parse(new SourceFile('example.nix', '{ a = "b\0c"; }'));
  for (const { code } of diagnostics) raised.add(code);
  golden(t, 'errors/lang-nul-byte.txt', diagnostics.map((fault) => renderFault(fault).replace('\0', '␀')).join('\n'));
});

test('a file that is no text is one mistake, not one for each of its bytes', () => {
  const { diagnostics } = parse(new SourceFile('greet.tar.gz', '\x1f\x8b\x08\0\0\0\0\0\0\x03\xed[]l\x1cW\x15>(i}\x08'));
  assert.deepEqual(
    diagnostics.map(({ code }) => code),
    ['E-LANG-010'],
  );
});

test('nesting without end', (t) => {
  const { diagnostics } = parse(new SourceFile('example.nix', '['.repeat(100_000)));
  for (const { code } of diagnostics) raised.add(code);
  // how deep it got depends on the stack
  const text = diagnostics.map((fault) =>
    renderFault(fault)
      .replace(/1:\d+/, '1:…')
      .replace(/…?\[{100,}…? *|│ +\^/g, '…'),
  );
  golden(t, 'errors/lang-too-deep.txt', text.join('\n'));
});

const FATAL = { urlLiterals: 'fatal', shortPathLiterals: 'fatal', absolutePathLiterals: 'fatal' } as const;

test('literals that lints refuse', (t) => {
  const text = '[ http://example.com "http://example.com" a/b ./a/b ../a /a/b ~/a /${a} "/a" ]';
  const { diagnostics } = parse(new SourceFile('example.nix', text), { lints: FATAL });
  for (const { code } of diagnostics) raised.add(code);
  golden(t, 'errors/lang-lints.txt', diagnostics.map((fault) => renderFault(fault)).join('\n'));
});

test('`or` as a name: a warning where parentheses would change what it means', (t) => {
  const cursed = '[ (x: x) or ]\nf (x: x) or\n{ a = 2; }.a or (x: x) or\n[ f.or or a.b or c or ]\n'.split('\n').slice(0, -1);
  const warnings = cursed.flatMap((text) => parse(new SourceFile('example.nix', text)).warnings);
  for (const { code } of warnings) raised.add(code);
  golden(t, 'errors/lang-or-name.txt', warnings.map((fault) => renderFault(fault, { severity: 'warning' })).join('\n'));
  const allowed = [
    'map or [ ]',
    'f (f or)',
    'let or = f; in or',
    '[ a.or (f or) ]',
    'f a.or b.c or d',
    '{ or = 1; inherit or; }',
    'f or',
  ];
  for (const text of allowed) assert.deepEqual(parse(new SourceFile('example.nix', text)).warnings, [], text);
});

test('a default of the shell in an interpolation: a warning, as it is the text of an address', (t) => {
  const meant = ["''echo ${CC:-cc}''", '"echo ${x:=y}"'];
  const warnings = meant.flatMap((text) => parse(new SourceFile('example.nix', text)).warnings);
  for (const { code } of warnings) raised.add(code);
  golden(t, 'errors/lang-shell-default.txt', warnings.map((fault) => renderFault(fault, { severity: 'warning' })).join('\n'));
  const allowed = ["''echo ''${CC:-cc}''", '"echo \\${x:=y}"', '"${https://example.org/x:-y}"', 'x:-y', '"${x: -y}"', '[ a:-b ]'];
  for (const text of allowed) assert.deepEqual(parse(new SourceFile('example.nix', text)).warnings, [], text);
});

test('every code has a case, and every example of the table is what it says', () => {
  assert.deepEqual([...raised].sort(compareBytes), Object.keys(langCodes).sort(compareBytes));
  for (const [code, { wrong, right }] of Object.entries(langCodes) as [string, { wrong?: string; right?: string }][]) {
    if (wrong !== undefined) {
      const { diagnostics, warnings } = parse(new SourceFile('<example>', wrong), { kind: 'igos', lints: FATAL });
      const found = [...diagnostics, ...warnings].map((fault) => fault.code as string);
      assert.ok(found.includes(code), `${code}: ${found.join(' ')}`);
    }
    if (right !== undefined) {
      const { diagnostics, warnings } = parse(new SourceFile('<example>', right), { kind: 'igos' });
      assert.deepEqual([...diagnostics, ...warnings], [], code);
    }
  }
});

test('no more than some twenty diagnostics', () => {
  const { diagnostics } = parse(new SourceFile('<example>', `{ ${'a = ;\n'.repeat(500)} }`));
  assert.equal(diagnostics.length, 20);
});

test('parseExpr throws all of them', () => {
  assert.throws(
    () => parseExpr(new SourceFile('<example>', '{ a = ; b = ; }')),
    (error: { faults?: unknown[] }) => error.faults?.length === 2,
  );
});
