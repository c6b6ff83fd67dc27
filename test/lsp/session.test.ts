/**
 * Sessions of a client that does anything, in any order: whatever it sends, every request is answered once, the server holds the
 * text that the client has, and ends when it is told to.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Files } from '../../cli/lsp/files.ts';
import { type Client, connect, Project } from './client.ts';

const RUNS = Number(process.env['IGOS_FUZZ_RUNS'] ?? 25);
const NAMES = ['a.igos', 'b.nix', 'gone.nix'] as const;
const METHODS = [
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
  'noSuchThing',
];

interface Place {
  readonly line: number;
  readonly character: number;
}

type Step =
  | { readonly kind: 'open'; readonly file: number; readonly text: string }
  | { readonly kind: 'close'; readonly file: number }
  | { readonly kind: 'save'; readonly file: number }
  | { readonly kind: 'edit'; readonly file: number; readonly edits: { from: Place; to: Place; text: string; isWhole: boolean }[] }
  | { readonly kind: 'ask'; readonly file: number; readonly method: string; readonly at: Place; readonly isCancelled: boolean }
  | { readonly kind: 'noise'; readonly body: string };

const piece = fc.constantFrom(
  ...[
    'a',
    'x.y',
    'let ',
    ' in ',
    'package p "1" ',
    'rec ',
    'inherit ',
    '"',
    "''",
    '${',
    '}',
    '{',
    '[',
    ']',
    '(',
    ')',
    ';',
    ' = ',
  ],
  ...['\n', '\r\n', '\r', '\t', '😀', '\u{10ffff}', 'ß', '\ufeff', '#', '/*', '*/', './b.nix', '@', ':', '\\', '\0', '1'],
);
const text = fc.array(piece, { maxLength: 25 }).map((parts) => parts.join(''));
const place = fc.record({
  line: fc.oneof({ weight: 9, arbitrary: fc.nat(8) }, { weight: 1, arbitrary: fc.constant(2 ** 31 - 1) }),
  character: fc.oneof({ weight: 9, arbitrary: fc.nat(40) }, { weight: 1, arbitrary: fc.constant(2 ** 31 - 1) }),
});
const file = fc.nat(NAMES.length - 1);
/** Mostly right, so that the server has much to say of it. */
const tame = fc
  .array(fc.constantFrom('a ', 'b1 ', '[ 1 ] ', '{ c = "😀"; } ', ' # ß😀\r\n', '\n', '\r', '"é" ', ''), { maxLength: 25 })
  .map((parts) => parts.join(''));
const stepOf = (text: fc.Arbitrary<string>): fc.Arbitrary<Step> =>
  fc.oneof(
    { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('open', 'close', 'save'), file, text }) },
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constant('edit'),
        file,
        edits: fc.array(
          fc.record({ from: place, to: place, text, isWhole: fc.integer({ min: 0, max: 9 }).map((n) => n === 0) }),
          {
            maxLength: 4,
          },
        ),
      }),
    },
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constant('ask'),
        file,
        method: fc.constantFrom(...METHODS),
        at: place,
        isCancelled: fc.boolean(),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('noise'),
        body: fc.constantFrom(
          ...['{', 'null', '[]', '"x"', '{"jsonrpc":"2.0"}', '{"jsonrpc":"2.0","id":{},"method":"x"}', '\ud800', ''],
          ...['{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":99999}}', '{"jsonrpc":"2.0","method":"$/setTrace"}'],
          ...['{"jsonrpc":"2.0","id":4242,"result":1}', '{"jsonrpc":"2.0","method":"textDocument/didChange","params":7}'],
          '{"jsonrpc":"2.0","method":"textDocument/didChange","params":{"textDocument":{"uri":"a"},"contentChanges":[{"range":{"start":{"line":-1,"character":0},"end":{"line":0,"character":0.5}},"text":"x"}]}}',
        ),
      }),
    },
  ) as fc.Arbitrary<Step>;

const session = fc
  .constantFrom(text, tame)
  .chain((texts) => fc.record({ first: texts, steps: fc.array(stepOf(texts), { minLength: 5, maxLength: 40 }) }));

/** What the server must see something in; the rest is refused, with no id to say whose it was. */
const isMessage = (body: string): boolean => /"method":".*"params":\{|\/setTrace|"result"/.test(body);

/** Where a position is in a JavaScript string, which has the protocol's units. Never between the halves of a character. */
function indexOf(whole: string, { line, character }: Place): number {
  let start = 0;
  for (let n = 0; n < line; n++) {
    const end = /\r\n|\n|\r/.exec(whole.slice(start));
    if (end === null) return whole.length;
    start += end.index + end[0].length;
  }
  const length = /\r\n|\n|\r/.exec(whole.slice(start))?.index ?? whole.length - start;
  const at = start + Math.min(character, length);
  return /^[\udc00-\udfff]/.test(whole.slice(at)) && /[\ud800-\udbff]$/.test(whole.slice(0, at)) ? at - 1 : at;
}

/** The client's own copy of what is open. */
class Model {
  readonly texts = new Map<number, string>();

  edit(which: number, edits: Extract<Step, { kind: 'edit' }>['edits']): object[] {
    return edits.map(({ from, to, text: inserted, isWhole }) => {
      const before = this.texts.get(which);
      if (before !== undefined) {
        const [a, b] = [indexOf(before, from), indexOf(before, to)];
        const after = before.slice(0, Math.min(a, b)) + inserted + before.slice(Math.max(a, b));
        this.texts.set(which, isWhole ? inserted : after);
      }
      return isWhole ? { text: inserted } : { range: { start: from, end: to }, text: inserted };
    });
  }
}

/** All that the server says of a text. */
async function said(client: Client, uri: string): Promise<unknown[]> {
  const methods = ['semanticTokens/full', 'documentSymbol', 'formatting'];
  return await Promise.all(methods.map((method) => client.request(`textDocument/${method}`, { textDocument: { uri } })));
}

const open = (client: Client, uri: string, whole: string): void =>
  client.notify('textDocument/didOpen', { textDocument: { uri, languageId: 'nix', version: 1, text: whole } });

test('any session: all is answered once, and the texts are the client\u2019s', async (t) => {
  await fc.assert(
    fc.asyncProperty(session, async ({ first, steps }) => {
      const lines: string[] = [];
      const client = connect((line) => lines.push(line));
      const project = new Project(t, { 'a.igos': 'package p "1" { }\n', 'b.nix': '{ x = 1; }\n' });
      await project.begin(client);
      const model = new Model();
      const answers: Promise<unknown>[] = [];
      let noise = 0;
      let refused = 0;
      client.hear(({ id }) => {
        if (id === null) refused += 1;
      });
      let version = 1;
      for (const each of [{ kind: 'open', file: 0, text: first } as const, ...steps]) {
        if (each.kind === 'noise') {
          if (!isMessage(each.body)) noise += 1;
          client.write(`Content-Length: ${Buffer.byteLength(each.body)}\r\n\r\n${each.body}`);
          continue;
        }
        const uri = project.uri(NAMES[each.file]!);
        const textDocument = { uri, version: version++ };
        if (each.kind === 'open') {
          open(client, uri, each.text);
          model.texts.set(each.file, each.text);
        } else if (each.kind === 'close') {
          client.notify('textDocument/didClose', { textDocument });
          model.texts.delete(each.file);
        } else if (each.kind === 'save') client.notify('textDocument/didSave', { textDocument });
        else if (each.kind === 'edit') {
          client.notify('textDocument/didChange', { textDocument, contentChanges: model.edit(each.file, each.edits) });
        } else {
          const [at, range] = [each.at, { start: each.at, end: each.at }];
          const params = { textDocument, position: at, positions: [at], range, newName: 'n', context: { diagnostics: [{}] } };
          answers.push(client.ask(`textDocument/${each.method}`, params));
          if (each.isCancelled) client.notify('$/cancelRequest', { id: client.lastId });
        }
      }
      await Promise.all(answers);
      for (const [which, whole] of model.texts) {
        const name = NAMES[which]!;
        const edited = await said(client, project.uri(name));
        open(client, project.uri(name), whole);
        const opened = await said(client, project.uri(name));
        assert.deepEqual(edited, opened, `${name} is not ${JSON.stringify(whole)}`);
      }
      assert.equal(await client.request('shutdown'), null);
      client.notify('exit');
      assert.equal(await client.ended, 0);
      assert.equal(refused, noise, 'what is no message is answered as such');
      assert.deepEqual(lines, []);
    }),
    { numRuns: RUNS },
  );
});

test('the texts of any edits are those of the client, byte for byte', () => {
  const edit = fc.record({ from: place, to: place, text, isWhole: fc.constant(false) });
  fc.assert(
    fc.property(text, fc.array(edit, { maxLength: 12 }), (whole, edits) => {
      const files = new Files({ pipes: false });
      const model = new Model();
      files.open('/x.nix', whole, 'nix');
      model.texts.set(0, whole);
      files.change('/x.nix', model.edit(0, edits) as never);
      assert.equal(Buffer.from(files.get('/x.nix')!.text, 'latin1').toString('utf8'), model.texts.get(0));
    }),
    { numRuns: RUNS * 40 },
  );
});

test('a client that goes in the middle of anything ends the server', async (t) => {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'workspace/symbol', params: { query: '' } });
  const whole = `Content-Length: ${body.length}\r\n\r\n${body}`;
  for (const cut of [0, 1, 7, 16, 20, 22, 23, whole.length - 1, whole.length]) {
    const client = connect(() => undefined);
    await new Project(t, {}).begin(client);
    client.write(whole.slice(0, cut));
    client.hangUp();
    assert.equal(await client.ended, 1, `cut at ${cut}`);
  }
  const client = connect(() => undefined);
  const project = new Project(t, { 'b.nix': '{ x = 1; }\n' });
  await project.begin(client);
  project.open(client, 'b.nix');
  const asked = client.ask('textDocument/hover', {
    textDocument: { uri: project.uri('b.nix') },
    position: { line: 0, character: 2 },
  });
  const ended = client.ask('shutdown');
  const late = client.ask('textDocument/hover', {
    textDocument: { uri: project.uri('b.nix') },
    position: { line: 0, character: 2 },
  });
  client.notify('textDocument/didChange', { textDocument: { uri: project.uri('b.nix') }, contentChanges: [{ text: '' }] });
  assert.equal((await asked).error, undefined);
  assert.equal((await ended).result, null);
  assert.equal((await late).error?.code, -32600);
  client.notify('exit');
  assert.equal(await client.ended, 0);
});

for (const [words, status] of [
  [['shutdown', 'exit'], 0],
  [['shutdown'], 0],
  [['exit'], 1],
  [[], 1],
] as const) {
  test(`all that is asked before the stream ends is answered: ${words.join(', ') || 'no end'}`, async (t) => {
    const client = connect();
    const project = new Project(t, { 'b.nix': '{ «x» = 1; }\n' });
    const initialized = client.ask('initialize', { capabilities: {}, rootUri: null });
    client.notify('initialized', {});
    project.open(client, 'b.nix');
    const asked = Array.from({ length: 20 }, () => client.ask('textDocument/hover', project.at('x')));
    const ended = words[0] === 'shutdown' ? client.ask('shutdown') : undefined;
    if (words.at(-1) === 'exit') client.notify('exit');
    client.hangUp();
    assert.equal(await client.ended, status);
    assert.equal((await initialized).error, undefined);
    for (const each of asked) assert.equal((await each).error, undefined);
    if (ended !== undefined) assert.equal((await ended).result, null);
  });
}
