import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import type { CodeAction, Diagnostic } from 'vscode-languageserver-protocol/node';
import { Files } from '../../cli/lsp/files.ts';
import { unusedIn } from '../../cli/lsp/unused.ts';
import { expressions } from '../lang/arbitrary.ts';
import { type Client, connect, Project } from './client.ts';

const GREY = { textDocument: { publishDiagnostics: { tagSupport: { valueSet: [1, 2] } } } };

/** The pieces of a text that are told of as unused. */
function unused(text: string, name = '/x.nix'): string[] {
  const files = new Files({ pipes: false });
  files.open(name, text, '');
  const file = files.get(name)!;
  assert.equal(file.isBroken, false, text);
  return unusedIn(file)
    .toSorted((a, b) => a.start - b.start)
    .map(({ start, end }) => file.text.slice(start, end));
}

test('names that nothing uses: of `let`, arguments by name, the whole argument', () => {
  for (const [text, expected] of [
    ['let a = 1; b = a; c = 2; in b', ['c']],
    ['let a.x = 1; a.y = 2; in 3', ['a', 'a']],
    ['let inherit (s) x y; s = { }; in y', ['x']],
    ['s: let inherit s; inherit (s) a; in s', ['a']],
    ['let _ = 1; _a = 2; in 3', []],
    ['let { a = 1; body = 2; }', ['a']],
    ['{ a, b ? a, c, ... }: c', ['b']],
    ['{ a, b }@args: b', ['args']],
    ['args@{ a, b }: args', []],
    ['x: y: x', []],
    ['rec { a = 1; b = 2; }', []],
    ['let a = 1; in "${a}" + ./${a}', []],
    ['let a = "x"; in { ${a} = 1; } ? ${a}', []],
    ['with { a = 1; }; a', []],
    ['with { a = 1; }; map', ['with']],
    ['a: with { }; a', ['with']],
    ['with { }; with { }; x: [ x y ]', []],
    ['let v = with { }; 1; in with v; w', ['with']],
  ] as const)
    assert.deepEqual(unused(text), expected, text);
  assert.deepEqual(unused('let a = 1; b = 2; in package p "1" { summary = a; }\n', '/x.igos'), ['b']);
});

test('what is unused can go: the value is the same', () => {
  let gone = 0;
  fc.assert(
    fc.property(expressions(), expressions(), fc.constantFrom('', ' ', '\n', '\n  '), (first, second, gap) => {
      const files = new Files({ pipes: false });
      files.open(
        '/x.nix',
        `let ${gap}a=(${first});${gap}b=1;${gap}inherit ({ c = 1; d = 2; })${gap}c d;${gap}in[(${second})]`,
        'nix',
      );
      for (let next = 0; next < 20; next++) {
        const file = files.get('/x.nix')!;
        if (file.isBroken) break;
        const before = file.names.uses.map(({ name, local }) => `${name} ${local?.kind}`);
        const each = unusedIn(file).find(({ removal }) => removal !== undefined);
        if (each === undefined) break;
        files.change('/x.nix', [{ range: file.range(each.removal!), text: '' }]);
        const after = files.get('/x.nix')!;
        assert.equal(after.isBroken, false, `${file.text}\n${after.text}`);
        const left = after.names.uses.map(({ name, local }) => `${name} ${local?.kind}`);
        for (const use of left) assert.ok(before.includes(use), after.text);
        gone += 1;
      }
    }),
    { numRuns: 200 },
  );
  assert.ok(gone > 200, `${gone}`);
});

async function opened(t: TestContext, text: string): Promise<{ client: Client; project: Project; diagnostics: Diagnostic[] }> {
  const project = new Project(t, { 'x.nix': text });
  const client = connect();
  await project.begin(client, GREY);
  const published = client.published(project.uri('x.nix'));
  project.open(client, 'x.nix');
  return { client, project, diagnostics: await published };
}

test('an editor is told what to show in grey, and how to remove it', async (t) => {
  const text = `let
  used = 1;
  unused = {
    a = 2;
  }; # why
  plain = 3;
  inherit (builtins) map one; last = 4; in
used`;
  const { client, project, diagnostics } = await opened(t, text);
  assert.deepEqual(
    diagnostics.map(({ range, severity, tags, message }) => [range.start.line, severity, tags, message]),
    [2, 5, 6, 6, 6].map((line) => [line, 4, [1], 'this name is not used']),
  );
  const textDocument = { uri: project.uri('x.nix') };
  const lines = text.split('\n');
  const remove = async ({ range }: { range: object }): Promise<string> => {
    const context = { diagnostics: [] };
    const [action] = await client.request<CodeAction[]>('textDocument/codeAction', { textDocument, range, context });
    const { start, end } = action!.edit!.changes![textDocument.uri]![0]!.range;
    const kept = [lines[start.line]!.slice(0, start.character), lines[end.line]!.slice(end.character)].join('');
    return [action!.title, ...lines.slice(0, start.line), kept, ...lines.slice(end.line + 1)].join('\n');
  };
  assert.equal(await remove(diagnostics[0]!), `Remove 'unused', which nothing uses\n${text.replace(/ {2}unused[^}]*\};/, '')}`);
  assert.equal(await remove(diagnostics[1]!), `Remove 'plain', which nothing uses\n${text.replace('  plain = 3;\n', '')}`);
  assert.equal(await remove(diagnostics[2]!), `Remove 'map', which nothing uses\n${text.replace(' map', '')}`);
  assert.equal(await remove(diagnostics[4]!), `Remove 'last', which nothing uses\n${text.replace(' last = 4;', '')}`);
});

test('an editor that shows nothing in grey is not told', async (t) => {
  const project = new Project(t, { 'x.nix': 'let a = 1; in 2\n' });
  const client = connect();
  await project.begin(client);
  const published = client.published(project.uri('x.nix'));
  project.open(client, 'x.nix');
  assert.deepEqual(await published, []);
});
