import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { CodeAction, Diagnostic } from 'vscode-languageserver-protocol/node';
import { evalTree } from '../../eval/index.ts';
import { makeTestEvaluator } from '../eval/declare/evaluator.ts';
import { connect, Project } from './client.ts';

const textOf = ({ message }: Diagnostic): string => (typeof message === 'string' ? message : message.value);
const brief = (each: Diagnostic): string => {
  const { start, end } = each.range;
  return `${start.line}:${start.character}-${end.line}:${end.character} ${each.code} ${textOf(each)}`;
};

async function diagnosed(t: TestContext, files: Readonly<Record<string, string>>, open: string, wanted: string = open) {
  const project = new Project(t, files);
  const client = connect();
  await project.begin(client);
  const published = client.published(project.uri(wanted));
  project.open(client, open);
  return { client, project, diagnostics: await published };
}

test('all syntax errors of a file', async (t) => {
  const { diagnostics } = await diagnosed(t, { 'x.nix': '{\n  a = ;\n  b = 1\n  c = 2;\n}\n' }, 'x.nix');
  assert.deepEqual(
    diagnostics.map((each) => `${each.range.start.line} ${each.severity}`),
    ['1 1', '2 1'],
  );
  assert.match(textOf(diagnostics[0]!), /expected an expression|unexpected/);
});

test('`or` as a name draws a warning', async (t) => {
  const { diagnostics } = await diagnosed(t, { 'x.nix': 'let or = 1; in [ (x: x) or ]\n' }, 'x.nix');
  assert.deepEqual(
    diagnostics.map(({ code, severity, range }) => [code, severity, range.start.character]),
    [['E-LANG-033', 2, 17]],
  );
});

test('unknown names, with what was meant; a code action puts it right', async (t) => {
  const { client, project, diagnostics } = await diagnosed(
    t,
    {
      'x.nix': 'let number = 1; in [ nubmer builtins.lenght (with { }; nothing) (with import ./y.nix; maybe) ]\n',
      'y.nix': 'import ./z.nix\n',
    },
    'x.nix',
  );
  assert.deepEqual(
    diagnostics.map((each) => `${each.range.start.character} ${each.code} ${each.severity}`),
    ['21 E-EVAL-002 1', '37 E-EVAL-003 2', '55 E-EVAL-002 1'],
  );
  assert.match(textOf(diagnostics[0]!), /did you mean 'number'\?/);
  const context = { diagnostics: [diagnostics[0]] };
  const textDocument = { uri: project.uri('x.nix') };
  const [action] = await client.request<CodeAction[]>('textDocument/codeAction', {
    textDocument,
    range: diagnostics[0]!.range,
    context,
  });
  assert.equal(action!.title, "Change to 'number'");
  assert.deepEqual(action!.edit!.changes![textDocument.uri], [{ range: diagnostics[0]!.range, newText: 'number' }]);
  assert.match(diagnostics[0]!.codeDescription!.href, /docs\/errors\.md#e-eval-002-/);
});

test('what is wrong with a tree is told in the files that it is wrong in, open or not', async (t) => {
  const files = {
    'tree.igos': 'tree { }\n',
    'a.igos': 'tier core { summary = "x"; }\npackage zlib "1" { tier = core; summary = "x"; sumary = "y"; }\n',
    'b.igos':
      'package zlib "2" { tier = core; summary = "x"; }\npackage app "1" { summary = "x"; host = [ zilb ]; }\noverride nothing { }\noverride app { runtime = [ ]; }\npackage less "1" { tier = coer; summary = "x"; }\n',
  };
  const { client, project, diagnostics } = await diagnosed(t, files, 'a.igos', 'b.igos');
  assert.deepEqual(
    diagnostics.map((each) => brief(each).split('\n')[0]),
    [
      "0:8-0:12 E-DECL-005 package 'zlib' is declared twice",
      "1:8-1:11 E-DECL-002 package 'app' has no 'tier'",
      "1:42-1:46 E-EVAL-002 undefined variable 'zilb'",
      "2:9-2:16 E-DECL-011 override of 'nothing', which nothing declares",
      "4:26-4:30 E-DECL-004 there is no tier 'coer'",
    ],
  );
  const twice = diagnostics.find(({ code }) => code === 'E-DECL-005')!;
  assert.deepEqual(
    twice.relatedInformation!.map(({ location, message }) => `${project.placeOf(location)} ${message}`),
    ['a.igos:1:8 first declared here'],
  );
  assert.deepEqual(
    client.diagnosticsOf(project.uri('a.igos')).map(({ code }) => code),
    ['E-DECL-001'],
  );
});

test('a buffer that is not saved counts, not the file; broken files do not make names unknown elsewhere', async (t) => {
  const { client, project } = await diagnosed(
    t,
    {
      'tree.igos': 'tree { }\n',
      'a.igos': 'tier core { summary = "x"; }\npackage musl "1" { tier = core; summary = "x"; }\n',
      'b.igos': 'package app "1" { tier = core; summary = "x"; host = [ musl ]; }\n',
    },
    'a.igos',
  );
  const textDocument = { uri: project.uri('a.igos'), version: 2 };
  const change = (text: string): void => client.notify('textDocument/didChange', { textDocument, contentChanges: [{ text }] });
  let published = client.published(project.uri('b.igos'));
  change('tier core { summary = "x"; }\npackage muls "1" { tier = core; summary = "x"; }\n');
  assert.match(textOf((await published)[0]!), /undefined variable 'musl'[\s\S]*did you mean 'muls'\?/);
  published = client.published(project.uri('b.igos'));
  change('tier core { summary = "x"; }\npackage muls "1" { tier = ; summary = "x"; \n');
  assert.deepEqual(await published, []);
  assert.ok(client.diagnosticsOf(project.uri('a.igos')).length > 0);
  published = client.published(project.uri('a.igos'));
  client.notify('textDocument/didClose', { textDocument });
  client.notify('textDocument/didOpen', {
    textDocument: { uri: project.uri('b.igos'), languageId: 'igos', version: 1, text: project.text('b.igos') },
  });
  assert.deepEqual(await published, []);
});

test('files that appear and go are noticed', async (t) => {
  const { client, project, diagnostics } = await diagnosed(
    t,
    { 'tree.igos': 'tree { }\n', 'b.igos': 'package app "1" { tier = core; summary = "x"; }\n' },
    'b.igos',
  );
  assert.match(textOf(diagnostics[0]!), /no tier 'core'/);
  const seen = (): void => client.notify('workspace/didChangeWatchedFiles', { changes: [] });
  let published = client.published(project.uri('b.igos'));
  writeFileSync(join(project.folder, 'tiers.igos'), 'tier core { summary = "x"; }\n');
  seen();
  assert.deepEqual(await published, []);
  published = client.published(project.uri('b.igos'));
  rmSync(join(project.folder, 'tiers.igos'));
  seen();
  assert.equal((await published).length, 1);
});

test('paths of trees below that are put together are followed, and where they cannot be nobody is told of missing names', async (t) => {
  const own = 'override zlib { version = "2"; }\npackage app "1" { tier = core; summary = "x"; host = [ zlib zlbi ]; }\n';
  for (const over of ['../${"the base"}', '(../. + "/the base")', '(../. + "/${"the"} base")']) {
    const files = { 'the base/a.igos': BASE, 'top/tree.igos': `tree { over = [ ${over} ]; }\n`, 'top/b.igos': own };
    const { diagnostics } = await diagnosed(t, files, 'top/b.igos');
    assert.deepEqual(
      diagnostics.map(brief),
      ["1:60-1:64 E-EVAL-002 undefined variable 'zlbi'\nnot found in this scope\nhint: did you mean 'zlib'?"],
      over,
    );
  }
  for (const fields of [
    'over = [ (import ./where.nix) ];',
    'over = map (n: ../. + n) [ "/the base" ];',
    'include = lib.id [ "b.igos" ];',
  ]) {
    const files = {
      'the base/a.igos': BASE,
      'top/tree.igos': `tree { ${fields} }\n`,
      'top/b.igos': `${own}package app "1" { }\n`,
    };
    const { diagnostics } = await diagnosed(t, files, 'top/b.igos');
    const codes = diagnostics.map(({ code }) => code);
    assert.deepEqual(
      codes.filter((code) => code === 'E-DECL-011' || code === 'E-DECL-004' || code === 'E-EVAL-002'),
      [],
      fields,
    );
    assert.ok(codes.includes('E-DECL-005'), fields);
  }
});

const BASE = 'tier core { summary = "Core"; }\npackage zlib "1" { tier = core; summary = "x"; }\n';

test('trees laid over others: names of both, faults in each', async (t) => {
  const { client, project, diagnostics } = await diagnosed(
    t,
    {
      'base/tree.igos': 'tree { name = "base"; }\n',
      'base/a.igos': 'tier core { summary = "x"; }\npackage zlib "1" { tier = core; summary = "x"; }\n',
      'top/tree.igos': 'tree { name = "top"; over = [ ../base ]; }\n',
      'top/b.igos': 'override zlib { version = "2"; patches = super.patches ++ [ name license ]; }\n',
    },
    'top/b.igos',
  );
  assert.deepEqual(
    diagnostics.map((each) => textOf(each).split('\n')[0]),
    ["undefined variable 'license'"],
  );
  const definition = await client.request<{ uri: string }[]>('textDocument/definition', {
    textDocument: { uri: project.uri('top/b.igos') },
    position: { line: 0, character: 10 },
  });
  assert.equal(definition[0]!.uri, project.uri('base/a.igos'));
});

test('fields of a plainly wrong type: told where evaluation tells it, in its words', async (t) => {
  const wrong = {
    build: '"make"',
    host: '[ "zlib" ]',
    release: '"2"',
    supersedes: '[ ./x ]',
    phases: '[ ]',
    check: '1',
    summary: '1',
    env: '"x"',
    license: '{ }',
    patches: '1',
  };
  for (const [name, value] of Object.entries(wrong)) {
    const fields = Object.entries({ tier: 'core', summary: '"x"', phases: '{ install = "true"; }', [name]: value });
    const { project, diagnostics } = await diagnosed(
      t,
      {
        'tree.igos': 'tree { }\n',
        'a.igos': `tier core { summary = "x"; }
package zlib "1" { tier = core; summary = "x"; phases.install = "true"; }
package p "1" { ${fields.map((field) => `${field.join(' = ')};`).join(' ')} }
`,
      },
      'a.igos',
    );
    const faults = evalTree(makeTestEvaluator().interpreter, project.folder).check();
    assert.deepEqual(
      diagnostics.map((each) => `${each.code} ${each.range.start.character} ${textOf(each).split(' ').slice(0, 8).join(' ')}`),
      faults.map(({ code, message, labels: [at] }) => {
        const words = [message, at!.text].join('\n').split(' ').slice(0, 8).join(' ');
        return `${code} ${at!.source.position(at!.start).column - 1} ${words}`;
      }),
    );
    assert.equal(diagnostics.length, 1, name);
  }
});

test('a new file that was not saved yet is of the tree that its folder is', async (t) => {
  const project = new Project(t, {
    'tree.igos': 'tree { name = "t"; }\n',
    'tiers.igos': 'tier core { summary = "Core"; }\npackage glibc "1" { tier = core; summary = "C"; }\n',
  });
  const client = connect();
  await project.begin(client);
  const uri = project.uri('new.igos');
  const published = client.published(uri);
  const text = 'package zlib "1" { tier = core; summary = "Z"; runtime = [ glibc glibcc ]; src = 1; }\n';
  client.notify('textDocument/didOpen', { textDocument: { uri, languageId: 'igos', version: 1, text } });
  const told = (await published).map(textOf);
  assert.equal(told.length, 2, told.join('\n'));
  assert.match(told.join('\n'), /undefined variable 'glibcc'/);
  assert.match(told.join('\n'), /no field 'src'/);
});

test('sets that are built on each other in circles are followed once, not on every way', async (t) => {
  const names = Array.from({ length: 200 }, (_, n) => `name${n}`).join(' ');
  const circle = (a: string, b: string): string => `((${a} // ${b}) // (${b} // ${a})) // ((${b} // ${a}) // (${a} // ${b}))`;
  const text = `let a = ${circle('b', 'c')}; b = ${circle('c', 'a')}; c = ${circle('a', 'b')} // { x = 1; }; in with a; [ x ${names} ]\n`;
  const before = process.cpuUsage();
  const { diagnostics } = await diagnosed(t, { 'x.nix': text }, 'x.nix');
  const { user } = process.cpuUsage(before);
  assert.deepEqual(diagnostics.map(brief), []);
  assert.ok(user < 10e6, `${user / 1e6} s`);
});
