import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type {
  CompletionItem,
  CompletionList,
  Hover,
  Location,
  SelectionRange,
  WorkspaceEdit,
} from 'vscode-languageserver-protocol/node';
import { type Client, connect, Project } from './client.ts';

const TREE = {
  'tree.igos': 'tree { name = "t"; }\n',
  'tiers.igos': 'tier «coreTier»core { summary = "Essential"; }\ntier base { summary = "More"; after = [ «coreAfter»core ]; }\n',
  'core/zlib.igos': `# Compresses.
package «zlib»zlib "1.3" {
  tier = «coreUse»core;
  «summary»summary = "Compression library";
  source = ./«file»zlib.nix;
  phases.«check»check = "echo \${«versionUse»version}";
  style = «style»autotools { };
  split dev { files = [ "usr/include" ]; }
}
`,
  'core/zlib.nix': '{ a = 1; }\n',
  'over.igos': `let
  # The tools.
  «tools»tools = [ «zlibInLet»zlib ];
in
override «override»zlib { version = "1.4"; patches = [ ./x.patch ] ++ «super»super.«superPatches»patches; }
package app "2" {
  tier = core;
  summary = "zlib «inText»\${«zlibUse»zlib.«versionOfZlib»version}";
  host = «toolsUse»tools ++ [ zlib.«dev»dev «zlibDev»zlib-dev ];
  phases.install = «map»map (x: «x»x) "";
}
`,
};

async function opened(
  t: TestContext,
  files: Readonly<Record<string, string>>,
  ...names: string[]
): Promise<{ client: Client; project: Project }> {
  const project = new Project(t, files);
  const client = connect();
  await project.begin(client);
  for (const name of names.length > 0 ? names : Object.keys(files)) project.open(client, name);
  return { client, project };
}

const hoverText = async (client: Client, at: object): Promise<string> => {
  const found = await client.request<Hover | null>('textDocument/hover', at);
  return found === null ? '' : (found.contents as { value: string }).value;
};

test('hover tells about packages, fields, styles, phases, tiers, builtins and variables', async (t) => {
  const { client, project } = await opened(t, TREE, 'over.igos', 'core/zlib.igos');
  const expected: Record<string, RegExp> = {
    zlibUse:
      /package zlib "1\.4"[\s\S]*Compression library[\s\S]*declared in core\/zlib\.igos:2[\s\S]*overridden in over\.igos:5[\s\S]*Compresses\./,
    summary: /What it is, in one line/,
    style: /autotools[\s\S]*configure --prefix/,
    check: /phase of the build/,
    coreUse: /tier core[\s\S]*Essential/,
    map: /map [\s\S]*builtin/,
    toolsUse: /tools = \[ zlib \][\s\S]*The tools\.[\s\S]*variable, bound in line 3/,
    x: /argument/,
    versionUse: /version = "1\.4"/,
    zlibDev: /split dev of package zlib/,
  };
  for (const [mark, pattern] of Object.entries(expected)) assert.match(await hoverText(client, project.at(mark)), pattern, mark);
  assert.equal(await hoverText(client, project.at('inText')), '');
});

test('definitions are found across the files of a tree', async (t) => {
  const { client, project } = await opened(t, TREE, 'over.igos', 'core/zlib.igos');
  const places = async (mark: string): Promise<string[]> =>
    (await client.request<Location[]>('textDocument/definition', project.at(mark))).map((each) => project.placeOf(each));
  for (const [from, to] of [
    ['zlibUse', 'zlib'],
    ['zlibInLet', 'zlib'],
    ['override', 'zlib'],
    ['zlib', 'override'],
    ['coreUse', 'coreTier'],
    ['coreAfter', 'coreTier'],
    ['toolsUse', 'tools'],
    ['super', 'zlib'],
  ] as const) {
    assert.deepEqual(await places(from), [project.place(to)], from);
  }
  assert.deepEqual(await places('file'), ['core/zlib.nix:0:0']);
  assert.deepEqual(await places('dev'), ['core/zlib.igos:7:8']);
  assert.deepEqual(await places('zlibDev'), ['core/zlib.igos:7:8']);
  assert.deepEqual(await places('map'), []);
});

test('definitions follow sets, imports, inherit, arguments and with', async (t) => {
  const { client, project } = await opened(
    t,
    {
      'lib.nix': '{ «id»id = x: x; deep.«er»er = 1; }\n',
      'main.nix': `let
  lib = import ./lib.nix;
  inherit (lib) «idHere»id;
  set = { «a»a = { «b»b = 1; }; };
  f = { «formal»formal, rest ? «formalUse»formal }@«all»all: [ rest «allUse»all ];
  both = set // { «c»c = 2; };
in
with set;
[ (lib.«libId»id 1) (lib.deep.«libEr»er) set.a.«setB»b «withA»a (both.«bothC»c) (both.«bothA»a) («idUse»id 2) (let g = import ./lib.nix; in g.«gId»id) ]
`,
    },
    'main.nix',
  );
  const places = async (mark: string): Promise<string[]> =>
    (await client.request<Location[]>('textDocument/definition', project.at(mark))).map((each) => project.placeOf(each));
  for (const [from, to] of [
    ['libId', 'id'],
    ['libEr', 'er'],
    ['setB', 'b'],
    ['withA', 'a'],
    ['bothC', 'c'],
    ['bothA', 'a'],
    ['idHere', 'id'],
    ['idUse', 'idHere'],
    ['gId', 'id'],
    ['formalUse', 'formal'],
    ['allUse', 'all'],
  ] as const) {
    assert.deepEqual(await places(from), [project.place(to)], from);
  }
});

test('imports are followed through symlinks, but not into what never ends', async (t) => {
  const project = new Project(t, {
    'lib.nix': '{ «id»id = x: x; }\n',
    'main.nix': `let l = import ./link.nix; f = import ./folder; p = import ./pipe.nix; r = import ./round.nix; t = import ./${'long'.repeat(100)}; in [ l.«use»id f.«deep»x p.y r.z t.z ]\n`,
    'real/default.nix': '{ «x»x = 1; }\n',
  });
  symlinkSync('lib.nix', join(project.folder, 'link.nix'));
  symlinkSync('real', join(project.folder, 'folder'));
  symlinkSync('round.nix', join(project.folder, 'round.nix'));
  assert.equal(spawnSync('mkfifo', [join(project.folder, 'pipe.nix')]).status, 0);
  const client = connect();
  await project.begin(client);
  const published = client.published(project.uri('main.nix'));
  project.open(client, 'main.nix');
  assert.deepEqual(await published, []);
  const places = async (mark: string): Promise<string[]> =>
    (await client.request<Location[]>('textDocument/definition', project.at(mark))).map((each) => project.placeOf(each));
  assert.deepEqual(await places('use'), ['link.nix:0:2']);
  assert.deepEqual(await places('deep'), ['folder/default.nix:0:2']);
});

test('references of packages, tiers, variables and attributes', async (t) => {
  const { client, project } = await opened(t, TREE, 'over.igos', 'core/zlib.igos');
  const references = async (mark: string, includeDeclaration = true): Promise<string[]> =>
    (await client.request<Location[]>('textDocument/references', { ...project.at(mark), context: { includeDeclaration } })).map(
      (each) => project.placeOf(each),
    );
  assert.deepEqual(await references('zlibUse'), [
    project.place('zlib'),
    project.place('zlibInLet'),
    project.place('override'),
    project.place('zlibUse'),
    'over.igos:8:20',
  ]);
  assert.deepEqual(await references('tools'), [project.place('tools'), project.place('toolsUse')]);
  assert.deepEqual(await references('tools', false), [project.place('toolsUse')]);
  assert.deepEqual(await references('coreUse'), [
    project.place('coreUse'),
    'over.igos:6:9',
    project.place('coreTier'),
    project.place('coreAfter'),
  ]);
  assert.deepEqual(await references('dev'), ['core/zlib.igos:7:8', project.place('dev'), project.place('zlibDev')]);
});

const labels = async (client: Client, at: object): Promise<string[]> =>
  (await client.request<CompletionList>('textDocument/completion', at)).items
    .toSorted((a, b) => (a.sortText! < b.sortText! ? -1 : 1))
    .map((item) => item.label);

test('completion knows fields, packages, tiers, styles, phases, members, paths and scopes', async (t) => {
  const { client, project } = await opened(t, {
    ...TREE,
    'new.igos': `package app2 "1" {
  tier = «tier»;
  style = «styleHere»;
  build = [ «build» ];
  source = ./«path»;
  env = { X = zlib.«member»; };
  phases = { «phase» };
}
`,
    'half.igos': 'package half "1" {\n  tier = core;\n  «blank»\n}\npackage more "1" {\n  su«field»\n  license = "MIT";\n}\n',
    'top.igos': 'tier extra { summary = "x"; }\npa«top»\n',
    'args.igos':
      'package args "1" { tier = core; summary = "x"; style = autotools { «options» }; }\npackage zfetch "1" { tier = core; summary = "x"; source = fetchurl { url = "x"; «fetcher» }; }\n',
    'args.nix': 'let f = { first, second ? 2 }: first; in f { second = 1; «formals» }\n',
    'x.nix': 'let one = 1; in [ on«one» builtins.ma«builtin» ]\n',
    'y.nix': 'let set = { alpha = 1; "b c" = 2; }; in set.«set»\n',
    'z.nix': 'let set = { alpha = 1; }; inherit (set) «inherit»; in # comm«comment»\n "te«string»xt"\n',
  });
  assert.deepEqual(await labels(client, project.at('tier')), ['base', 'core', 'extra']);
  const fields = await labels(client, project.at('blank'));
  assert.equal(fields[0], 'summary');
  assert.ok(!fields.includes('tier') && !fields.includes('version') && fields.includes('build') && fields.includes('split'));
  assert.ok((await labels(client, project.at('field'))).includes('summary'));
  assert.deepEqual((await labels(client, project.at('styleHere'))).slice(0, 2), ['autotools', 'cargo']);
  assert.deepEqual((await labels(client, project.at('build'))).slice(0, 4), ['app', 'app2', 'args', 'half']);
  assert.deepEqual(await labels(client, project.at('path')), [
    'args.igos',
    'args.nix',
    'half.igos',
    'new.igos',
    'over.igos',
    'tiers.igos',
    'top.igos',
    'tree.igos',
    'x.nix',
    'y.nix',
    'z.nix',
    'core',
  ]);
  const members = await labels(client, project.at('member'));
  for (const name of ['version', 'override', 'dev', 'summary']) assert.ok(members.includes(name), name);
  assert.deepEqual(await labels(client, project.at('options')), ['autoreconf', 'buildDir', 'flags', 'folder', 'makeFlags']);
  const fetcher = await labels(client, project.at('fetcher'));
  assert.ok(fetcher.includes('sha256') && fetcher.includes('mirrors') && !fetcher.includes('url'), fetcher.join());
  assert.deepEqual(await labels(client, project.at('formals')), ['first']);
  assert.ok((await labels(client, project.at('phase'))).includes('install'));
  assert.deepEqual((await labels(client, project.at('top'))).slice(0, 5), ['override', 'package', 'system', 'tier', 'tree']);
  assert.equal((await labels(client, project.at('one')))[0], 'one');
  const builtins = await labels(client, project.at('builtin'));
  assert.ok(builtins.includes('mapAttrs') && !builtins.includes('one'));
  const set = (await client.request<CompletionList>('textDocument/completion', project.at('set'))).items;
  assert.deepEqual(
    set.map((item) => item.label),
    ['alpha', 'b c'],
  );
  assert.equal((set[1]!.textEdit as { newText: string }).newText, '"b c"');
  assert.deepEqual(await labels(client, project.at('inherit')), ['alpha']);
  assert.deepEqual(await labels(client, project.at('comment')), []);
  assert.deepEqual(await labels(client, project.at('string')), []);
});

test('a completion item is documented when asked for', async (t) => {
  const { client, project } = await opened(t, { 'x.nix': 'builtins.mapA«at»\n' });
  const { items } = await client.request<CompletionList>('textDocument/completion', project.at('at'));
  const item = items.find(({ label }) => label === 'mapAttrs')!;
  const { documentation } = await client.request<CompletionItem>('completionItem/resolve', item);
  assert.match((documentation as { value: string }).value, /for each attribute/);
  assert.deepEqual(item.textEdit, {
    newText: 'mapAttrs',
    range: { start: { line: 0, character: 9 }, end: { line: 0, character: 13 } },
  });
});

/** The text of each changed file after an edit, by name. */
function applied(project: Project, edit: WorkspaceEdit): Record<string, string> {
  const names: Record<string, string> = {};
  for (const [uri, edits] of Object.entries(edit.changes!)) {
    const name = project.placeOf({ uri, range: { start: { line: 0, character: 0 } } }).replace(/:0:0$/, '');
    const lines = project.text(name).split('\n');
    const offset = ({ line, character }: { line: number; character: number }): number =>
      lines.slice(0, line).reduce((sum, each) => sum + each.length + 1, 0) + character;
    let text = project.text(name);
    for (const { range, newText } of edits.toSorted((a, b) => offset(b.range.start) - offset(a.range.start)))
      text = text.slice(0, offset(range.start)) + newText + text.slice(offset(range.end));
    names[name] = text;
  }
  return names;
}

test('renaming keeps the meaning, inherit included', async (t) => {
  const { client, project } = await opened(t, {
    'x.nix': 'let «old»old = 1; f = x: { inherit a old b; inherit x; }; a = 2; b = 3; in «use»old + f old\n',
    'y.nix': 'let inherit (e) «p»p q; e = { p = 1; q = 2; }; in p + q\n',
    ...TREE,
  });
  const rename = async (mark: string, newName: string): Promise<Record<string, string>> =>
    applied(project, await client.request<WorkspaceEdit>('textDocument/rename', { ...project.at(mark), newName }));
  assert.deepEqual(await rename('use', 'new'), {
    'x.nix': 'let new = 1; f = x: { inherit a; old = new; inherit b; inherit x; }; a = 2; b = 3; in new + f new\n',
  });
  assert.deepEqual(await rename('p', 'r'), { 'y.nix': 'let r = (e).p; inherit (e) q; e = { p = 1; q = 2; }; in r + q\n' });
  const tree = await rename('zlibUse', 'z');
  assert.deepEqual(new Set(Object.keys(tree)), new Set(['core/zlib.igos', 'over.igos']));
  assert.match(tree['core/zlib.igos']!, /package z "1\.3"/);
  assert.match(
    tree['over.igos']!,
    /tools = \[ z \];[\s\S]*override z \{[\s\S]*"zlib \$\{z\.version\}"[\s\S]*\[ z\.dev zlib-dev \]/,
  );
});

test('renaming is refused where a name would change its meaning', async (t) => {
  const { client, project } = await opened(t, {
    'x.nix': 'let «a»a = 1; b = 2; in { c }: rec { d = «c»c + a; e = b; } // builtins.«builtin»map (b: a) [ free ]\n',
    ...TREE,
  });
  const refusal = async (mark: string, newName: string): Promise<string | undefined> =>
    (await client.ask('textDocument/rename', { ...project.at(mark), newName })).error?.message;
  assert.equal(await refusal('a', 'harmless'), undefined);
  assert.match((await refusal('a', 'b'))!, /means something else already/);
  assert.match((await refusal('a', 'd'))!, /means something else already/);
  assert.match((await refusal('a', 'free'))!, /means something else already/);
  assert.match((await refusal('a', 'let'))!, /is not a name/);
  assert.match((await refusal('c', 'x'))!, /argument by name/);
  assert.match((await refusal('builtin', 'x'))!, /belongs to the language/);
  assert.match((await refusal('zlib', 'app'))!, /means something else already|has a 'app'/);
  assert.match((await refusal('zlib', 'version'))!, /means something else already/);
  assert.equal((await client.ask('textDocument/prepareRename', project.at('a'))).error, undefined);
});

test('a selection grows from the name to the whole file', async (t) => {
  const { client, project } = await opened(t, {
    'x.nix': '{\n  a.b = f [ 1 x«name».y ];\n}\n',
    'x.igos': 'package p "1" {\n  split dev { files = [ "x«deep»" ]; }\n}\n',
  });
  const grown = async (mark: string): Promise<string[]> => {
    const { textDocument, position } = project.at(mark);
    const name = textDocument.uri.split('/').at(-1)!;
    const lines = project.text(name).split('\n');
    const [first] = await client.request<SelectionRange[]>('textDocument/selectionRange', {
      textDocument,
      positions: [position],
    });
    const texts: string[] = [];
    for (let at: SelectionRange | undefined = first; at !== undefined; at = at.parent) {
      const { start, end } = at.range;
      const all = lines.slice(start.line, end.line + 1);
      all[all.length - 1] = all.at(-1)!.slice(0, end.character);
      all[0] = all[0]!.slice(start.character);
      texts.push(all.join('\n'));
    }
    return texts;
  };
  const set = '{\n  a.b = f [ 1 x.y ];\n}';
  assert.deepEqual(await grown('name'), ['x', 'x.y', '[ 1 x.y ]', 'f [ 1 x.y ]', 'a.b = f [ 1 x.y ];', set, `${set}\n`]);
  const split = 'split dev { files = [ "x" ]; }';
  assert.deepEqual(await grown('deep'), [
    '"x"',
    '[ "x" ]',
    'files = [ "x" ];',
    split,
    `package p "1" {\n  ${split}\n}`,
    `package p "1" {\n  ${split}\n}\n`,
  ]);
  const textDocument = { uri: project.uri('x.nix') };
  const many = { textDocument, positions: [0, 9, 99].map((line) => ({ line, character: line })) };
  assert.equal((await client.request<SelectionRange[]>('textDocument/selectionRange', many)).length, 3);
  for (const positions of [undefined, 1, [{ line: -1, character: 0 }]])
    assert.equal((await client.ask('textDocument/selectionRange', { textDocument, positions })).error?.code, -32602);
});
