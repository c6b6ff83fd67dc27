import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { InitializeResult } from 'vscode-languageserver-protocol/node';
import { Project, start } from '../lsp/client.ts';
import { project as home } from './programs.ts';

const program = join(home, 'bin', 'igos');

test('the program: initialize, shutdown, exit with status 0; without shutdown 1', async (t) => {
  const client = start(t, program);
  const { serverInfo, capabilities } = (await new Project(t, {}).begin(client)) as InitializeResult;
  assert.equal(serverInfo!.name, 'igos');
  assert.equal(capabilities.positionEncoding, 'utf-16');
  assert.equal(await client.request('shutdown'), null);
  assert.equal((await client.ask('textDocument/hover', {})).error!.code, -32600);
  client.notify('exit');
  assert.equal(await client.ended, 0);

  const gone = start(t, program);
  await new Project(t, {}).begin(gone);
  gone.hangUp();
  assert.equal(await gone.ended, 1);
});

interface Report {
  readonly error?: string;
  readonly diagnostics: readonly {
    readonly line: number;
    readonly from: number;
    readonly code: string;
    readonly message: string;
  }[];
  readonly line: string;
  readonly hover: string;
  readonly definition: { readonly file: string; readonly cursor: readonly number[] };
  readonly references: number;
  readonly completion: readonly string[];
  readonly formatted: readonly string[];
  readonly renamed: readonly string[];
}

test('Neovim drives it: diagnostics, typing, hover, definition, references, completion, formatting, renaming', (t) => {
  if (spawnSync('nvim', ['--version']).status !== 0) {
    t.skip('nvim is not installed');
    return;
  }
  const files = new Project(t, {
    'tree.igos': 'tree { name = "t"; }\n',
    'tiers.igos': 'tier core { summary = "Essential"; }\n',
    'zlib.igos': '# Compresses.\npackage zlib "1.3" { tier = core; summary = "Compression library"; }\n',
    'app.igos': `let tool = "x"; in
package app "1" { tier = core; summary = "An app \${tool}";
  host = [ zilb ];
  homepage = "😀 \${zlib.version}";
}
`,
  });
  const report = join(files.folder, 'report.json');
  const run = spawnSync(
    'nvim',
    ['--headless', '-u', 'NONE', '-i', 'NONE', '-n', '-c', `luafile ${join(import.meta.dirname, 'lsp-neovim.lua')}`],
    {
      encoding: 'utf8',
      timeout: 300_000,
      env: {
        PATH: process.env['PATH'],
        HOME: files.folder,
        XDG_CACHE_HOME: process.env['XDG_CACHE_HOME'] ?? files.folder,
        IGOS_TEST_FOLDER: files.folder,
        IGOS_TEST_PROGRAM: program,
        IGOS_TEST_REPORT: report,
      },
    },
  );
  assert.equal(run.status, 0, run.stderr);
  const seen = JSON.parse(readFileSync(report, 'utf8')) as Report;
  assert.equal(seen.error, undefined);
  assert.deepEqual(
    seen.diagnostics.map(({ line, from, code }) => [line, from, code]),
    [[2, 11, 'E-EVAL-002']],
  );
  assert.match(seen.diagnostics[0]!.message, /did you mean 'zlib'\?/);
  assert.equal(seen.line, '  host = [ zlib ];');
  assert.match(seen.hover, /package zlib "1\.3"[\s\S]*Compression library[\s\S]*Compresses\./);
  assert.deepEqual(seen.definition, { file: 'zlib.igos', cursor: [2, 8] });
  assert.equal(seen.references, 3);
  assert.ok(seen.completion.includes('license') && !seen.completion.includes('tier'));
  assert.deepEqual(seen.formatted, [
    'let',
    '  tool = "x";',
    'in',
    'package app "1" {',
    '  tier = core;',
    '  summary = "An app ${tool}";',
    '  host = [ zlib ];',
    '  homepage = "😀 ${zlib.version}";',
    '}',
  ]);
  assert.deepEqual(
    seen.renamed.filter((line) => line.includes('renamed')),
    ['  renamed = "x";', '  summary = "An app ${renamed}";'],
  );
});

test('Neovim set up as docs/editors.md says starts it for *.igos', (t) => {
  const [, minor] = /^NVIM v0\.(\d+)/.exec(spawnSync('nvim', ['--version'], { encoding: 'utf8' }).stdout ?? '') ?? [];
  if (minor === undefined) {
    t.skip('nvim 0.x is not installed');
    return;
  }
  const [recent, older] = [...readFileSync(join(home, 'docs/editors.md'), 'utf8').matchAll(/^```lua\n(.*?)^```/gms)];
  const files = new Project(t, {
    'init.lua': (Number(minor) >= 11 ? recent : older)![1]!,
    'tree.igos': 'tree { name = "t"; }\n',
    'a.igos': 'tier core { summary = "Essential"; }\npackage a "1" { tier = coer; summary = "A"; }\n',
  });
  const script = `lua vim.wait(60000, function() return #vim.diagnostic.get(0) > 0 end)
lua for _, each in ipairs(vim.diagnostic.get(0)) do io.stdout:write(vim.bo.filetype, ' ', each.message, '\\n') end
qall!
`;
  writeFileSync(join(files.folder, 'script.vim'), script);
  const words = ['--headless', '-u', join(files.folder, 'init.lua'), '-i', 'NONE', '-n', '-S', join(files.folder, 'script.vim')];
  const run = spawnSync('nvim', [...words, join(files.folder, 'a.igos')], {
    encoding: 'utf8',
    timeout: 120_000,
    env: {
      PATH: `${join(home, 'bin')}:${process.env['PATH']}`,
      HOME: files.folder,
      XDG_CACHE_HOME: process.env['XDG_CACHE_HOME'] ?? files.folder,
    },
  });
  assert.match(run.stdout, /^igos there is no tier 'coer'/, run.stderr);
});
