import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type {
  DocumentSymbol,
  InitializeResult,
  SemanticTokens,
  TextEdit,
  WorkspaceSymbol,
} from 'vscode-languageserver-protocol/node';
import { textToBytes } from '../../base/index.ts';
import { Files } from '../../cli/lsp/files.ts';
import { connect, Project } from './client.ts';

test('the order of things is kept', async (t) => {
  const client = connect();
  assert.equal((await client.ask('textDocument/hover', {})).error!.code, -32002);
  client.notify('textDocument/didOpen', { textDocument: null });
  await new Project(t, {}).begin(client);
  assert.equal((await client.ask('initialize', {})).error!.code, -32600);
  assert.equal((await client.ask('no/such', {})).error!.code, -32601);
  client.notify('exit');
  assert.equal(await client.ended, 1);
});

test('malformed requests are answered with errors, and the server lives on', async (t) => {
  const lines: string[] = [];
  const client = connect((line) => lines.push(line));
  const files = new Project(t, { 'x.nix': 'let a = 1; in a\n' });
  await files.begin(client);
  files.open(client, 'x.nix');
  const uri = files.uri('x.nix');
  const code = async (method: string, params: unknown): Promise<number | undefined> =>
    (await client.ask(method, params)).error?.code;
  assert.equal(await code('textDocument/hover', null), -32602);
  assert.equal(await code('textDocument/hover', { textDocument: { uri } }), -32602);
  assert.equal(await code('textDocument/hover', { textDocument: { uri }, position: { line: -1, character: 0 } }), -32602);
  assert.equal(await code('textDocument/hover', { textDocument: { uri }, position: { line: 'x', character: {} } }), -32602);
  assert.equal(
    await code('textDocument/hover', { textDocument: { uri: 'file:///no/such.nix' }, position: { line: 0, character: 0 } }),
    -32803,
  );
  assert.equal(await code('textDocument/rename', { textDocument: { uri }, position: { line: 0, character: 4 } }), -32602);
  assert.equal(
    await code('textDocument/rename', { textDocument: { uri }, position: { line: 0, character: 4 }, newName: 'a b' }),
    -32803,
  );
  for (const params of [
    null,
    [],
    1,
    { textDocument: { uri: 1 } },
    { textDocument: { uri }, contentChanges: [null, { text: 1 }, { range: {}, text: '' }] },
  ]) {
    client.notify('textDocument/didChange', params);
    client.notify('textDocument/didOpen', params);
  }
  client.notify('$/unknown', {});
  for (const params of [undefined, null, [], { id: {} }]) {
    client.notify('$/cancelRequest', params);
    client.notify('$/setTrace', params);
    client.notify('$/progress', params);
  }
  for (const body of ['{', '[]', 'null', '"x"', '{"jsonrpc":"2.0"}', '{"jsonrpc":"2.0","method":1}']) {
    const answered = client.next(({ id }) => id === null);
    client.write(`Content-Length: ${body.length}\r\n\r\n${body}`);
    assert.ok((await answered).error!.code <= -32600);
  }
  assert.equal(
    (await client.ask('textDocument/hover', { textDocument: { uri }, position: { line: 0, character: 4 } })).error,
    undefined,
  );
});

test('hostile headers end the connection instead of filling the memory', async () => {
  for (const header of [
    'Content-Length: 99999999999\r\n\r\n',
    'Content-Length: -1\r\n\r\n',
    'Content-Type: x\r\n\r\n',
    'x'.repeat(10_000),
  ]) {
    const client = connect(() => undefined);
    client.write(header);
    assert.equal(await client.ended, 1);
  }
});

test('messages may arrive in any pieces', async (t) => {
  const client = connect();
  const files = new Project(t, {});
  const begun = files.begin(client);
  await begun;
  const answer = client.next(({ id }) => id === 77);
  const body = Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 77, method: 'workspace/symbol', params: { query: 'ß€😀' } }));
  for (const byte of Buffer.concat([Buffer.from(`content-length: ${body.length}\r\nX: y\r\n\r\n`), body]))
    client.write(Buffer.from([byte]) as unknown as string);
  assert.deepEqual((await answer).result, []);
});

test('incremental changes give the text that the editor has', () => {
  const piece = fc.constantFrom('a', 'ß', '€', '😀', '\n', '\r\n', ' ');
  const text = fc.array(piece, { maxLength: 12 }).map((parts) => parts.join(''));
  const change = fc.record({ from: fc.nat(20), length: fc.nat(6), text });
  fc.assert(
    fc.property(text, fc.array(change, { maxLength: 6 }), fc.boolean(), (whole, changes, isUtf8) => {
      const files = new Files({ pipes: false });
      files.encoding = isUtf8 ? 'utf-8' : 'utf-16';
      files.open('/x.nix', whole, 'nix');
      let characters = [...whole.replaceAll('\r\n', '\r')].map((each) => (each === '\r' ? '\r\n' : each));
      const position = (index: number): { line: number; character: number } => {
        const lines = characters
          .slice(0, index)
          .join('')
          .split(/\r\n|\n/);
        return { line: lines.length - 1, character: isUtf8 ? Buffer.byteLength(lines.at(-1)!) : lines.at(-1)!.length };
      };
      for (const { from, length, text: inserted } of changes) {
        const start = Math.min(from, characters.length);
        const end = Math.min(start + length, characters.length);
        files.change('/x.nix', [{ range: { start: position(start), end: position(end) }, text: inserted }]);
        const joined = characters.slice(0, start).join('') + inserted + characters.slice(end).join('');
        characters = [...joined.replaceAll('\r\n', '\r')].map((each) => (each === '\r' ? '\r\n' : each));
        assert.equal(files.get('/x.nix')!.text, textToBytes(joined));
      }
    }),
  );
});

test('utf-8 positions where the client knows them', async (t) => {
  const client = connect();
  const files = new Project(t, { 'x.nix': 'let ä = "😀"; in ä\n'.replaceAll('ä', 'a') });
  const { capabilities } = (await files.begin(client, {
    general: { positionEncodings: ['utf-8', 'utf-16'] },
  })) as InitializeResult;
  assert.equal(capabilities.positionEncoding, 'utf-8');
  files.open(client, 'x.nix');
  const found = await client.request<{ range: { start: { character: number } } }[]>('textDocument/definition', {
    textDocument: { uri: files.uri('x.nix') },
    position: { line: 0, character: 19 },
  });
  assert.equal(found.length, 1);
});

test('outline, workspace symbols, formatting, highlights, colours', async (t) => {
  const client = connect();
  const files = new Project(t, {
    'tree.igos': 'tree { }\n',
    'a.igos':
      'tier core { summary="x"; }\npackage gnu-make "1" { tier = core; summary = "x"; phases = { install = "true"; };\n  split dev { files = [ ]; } }\n',
    'x.nix': 'let f = x: x; in { a.b = f 1; "c d" = builtins.map f [ ]; }\n',
  });
  await files.begin(client);
  for (const name of ['a.igos', 'x.nix']) files.open(client, name);
  const tree = (symbols: readonly DocumentSymbol[]): string =>
    symbols.map(({ name, children }) => name + (children?.length ? `(${tree(children)})` : '')).join(' ');
  const symbols = async (name: string): Promise<string> =>
    tree(await client.request('textDocument/documentSymbol', { textDocument: { uri: files.uri(name) } }));
  assert.equal(await symbols('a.igos'), 'core(summary) gnu-make(tier summary phases(install) dev(files))');
  assert.equal(await symbols('x.nix'), 'f a.b "c d"');
  const found = await client.request<WorkspaceSymbol[]>('workspace/symbol', { query: 'gmk' });
  assert.deepEqual(
    found.map(({ name }) => name),
    ['gnu-make'],
  );
  const [edit, ...more] = await client.request<TextEdit[]>('textDocument/formatting', {
    textDocument: { uri: files.uri('a.igos') },
    options: { tabSize: 2, insertSpaces: true },
  });
  assert.deepEqual(more, []);
  assert.match(edit!.newText, /summary = "x";/);
  const highlights = await client.request<unknown[]>('textDocument/documentHighlight', {
    textDocument: { uri: files.uri('x.nix') },
    position: { line: 0, character: 4 },
  });
  assert.equal(highlights.length, 3);
  const { data } = await client.request<SemanticTokens>('textDocument/semanticTokens/full', {
    textDocument: { uri: files.uri('x.nix') },
  });
  assert.equal(data.length % 5, 0);
  assert.deepEqual(data.slice(0, 10), [0, 4, 1, 1, 1, 0, 4, 1, 2, 1]);
});
