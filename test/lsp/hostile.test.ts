/** Texts in every state of being typed, asked everything everywhere: never an error of ours. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { connect, Project } from './client.ts';

const SOURCES = {
  'tree.igos': 'tree { name = "t"; }\n',
  'a.igos': `let tool = zlib; in
tier core { summary = "x"; }
# about zlib
package zlib "1.\${toString 3}" { tier = core; summary = "😀"; source = ./b.nix; phases.check = ''
  echo \${version}''; build = [ tool app.dev ]; split dev { files = [ ]; } }
override app { version = "2"; patches = super.patches; }
system all { packages = with packages; [ zlib ]; etc."a b" = lib.concatLines [ ]; }
`,
  'b.nix':
    'let a = rec { b.c = 1; inherit (import ./b.nix) x; }; f = { p, q ? p }@r: r.p; in with a; [ (f a).x a.b.c builtins.map <nixpkgs> ./b.nix "${b}" ]\n',
  'c.igos': 'package app "1" { tier = core; summary = "x"; style = make { }; split dev { files = [ ]; } }\n',
};
const QUESTIONS = [
  'hover',
  'definition',
  'references',
  'documentHighlight',
  'completion',
  'prepareRename',
  'rename',
  'documentSymbol',
  'formatting',
  'semanticTokens/full',
  'codeAction',
  'selectionRange',
];
/** What the protocol has for a wish that cannot be granted. */
const REFUSED = -32803;

test('no edit and no question brings an internal error', async (t) => {
  const lines: string[] = [];
  const client = connect((line) => lines.push(line));
  const project = new Project(t, SOURCES);
  await project.begin(client);
  for (const name of Object.keys(SOURCES)) project.open(client, name);
  const names = Object.keys(SOURCES) as (keyof typeof SOURCES)[];
  const edit = fc.record({
    file: fc.constantFrom(...names),
    line: fc.nat(7),
    character: fc.nat(80),
    length: fc.nat(12),
    text: fc.oneof(
      fc.constantFrom(
        '',
        '{',
        '}',
        '"',
        "''",
        '${',
        ';',
        '.',
        '=',
        '(',
        ']',
        ' let ',
        ' in ',
        'inherit ',
        '@',
        ':',
        '\n',
        '\\',
        './',
        '#',
        '/*',
        'package ',
        '\u{1f600}',
        '\0',
        'a'.repeat(30),
      ),
      fc.string({ maxLength: 4 }),
    ),
    question: fc.constantFrom(...QUESTIONS),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 8 }), async (edits) => {
      for (const { file, line, character, length, text, question } of edits) {
        const textDocument = { uri: project.uri(file) };
        const range = { start: { line, character }, end: { line, character: character + length } };
        client.notify('textDocument/didChange', { textDocument, contentChanges: [{ range, text }] });
        const { error } = await client.ask(`textDocument/${question}`, {
          textDocument,
          position: { line, character: character + text.length },
          positions: [{ line, character }],
          range,
          newName: 'n',
          context: { includeDeclaration: true, diagnostics: client.diagnosticsOf(textDocument.uri) },
        });
        assert.ok(error === undefined || error.code === REFUSED, `${question}: ${error?.message}\n${lines.join('\n')}`);
      }
      for (const name of names)
        client.notify('textDocument/didChange', {
          textDocument: { uri: project.uri(name) },
          contentChanges: [{ text: SOURCES[name] }],
        });
    }),
    { numRuns: Number(process.env['IGOS_FUZZ_RUNS'] ?? 60) },
  );
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.deepEqual(lines, []);
});
