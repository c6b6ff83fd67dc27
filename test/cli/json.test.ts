/** `--json`: one valid text on standard output, whatever the command, and a table of the commands for programs that call ours. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { commandsOf, sharedOptions } from '../../cli/commands.ts';
import { longHelp, shortHelp } from '../../cli/help.ts';
import { completionScript } from '../../cli/shell-completions.ts';
import { programs } from './programs.ts';

interface TableRecord {
  readonly version: string;
  readonly programs: readonly { name: string; options: { long: string }[]; commands: Record<string, unknown>[] }[];
}

test('the table of commands is data', (t) => {
  const { igos, pkm } = programs(t);
  const table = JSON.parse(igos('help', '--json').stdout) as TableRecord;
  assert.match(table.version, /^\d+\.\d+\.\d+$/);
  assert.deepEqual(
    table.programs.map(({ name, commands, options }) => [name, commands.length, options.map(({ long }) => long)]),
    (['igos', 'pkm'] as const).map((name) => [name, commandsOf(name).length, sharedOptions(name).map(({ long }) => long)]),
  );
  const named = (name: string) => table.programs[0]!.commands.find((command) => command['name'] === name)!;
  assert.deepEqual(
    { ...named('log'), description: '', examples: [] },
    {
      program: 'igos',
      name: 'log',
      aliases: [],
      summary: 'print the log of a build, or follow one that runs',
      operands: 'TREE#NAME|PATH',
      minOperands: 1,
      maxOperands: 1,
      description: '',
      options: (named('log')['options'] as object[]).map((option) => ({ ...option })),
      examples: [],
      json: true,
    },
  );
  assert.deepEqual((named('log')['options'] as object[])[0], {
    long: 'follow',
    short: 'f',
    values: [],
    choices: [],
    repeated: false,
    summary: 'print what a running build writes, until it ends',
  });
  assert.equal(named('realize')['maxOperands'], null);
  assert.equal(named('completions')['json'], false);
  // One program, one command, one group.
  for (const words of [
    ['--help', '--json'],
    ['--json', '-h'],
    ['help', '--json'],
  ])
    assert.deepEqual((JSON.parse(pkm(...words).stdout) as TableRecord).programs, [table.programs[1]], words.join(' '));
  for (const words of [
    ['help', 'log', '--json'],
    ['--json', 'log', '--help'],
    ['log', '-h', '--json'],
  ])
    assert.deepEqual((JSON.parse(igos(...words).stdout) as { command: object }).command, named('log'), words.join(' '));
  assert.equal((JSON.parse(igos('store', '--help', '--json').stdout) as { topic: string }).topic, 'store');
  assert.deepEqual(JSON.parse(igos('--version', '--json').stdout), { program: 'igos', version: table.version });
  assert.deepEqual(Object.keys(JSON.parse(igos('--json').stdout) as object), ['errors']);
  assert.match((JSON.parse(igos('depot', 'extract', '--json').stdout) as { text: string }).text, /usage: igos depot extract/);
});

test('what is no data has no --json, nor says that it had', (t) => {
  const { igos, work } = programs(t);
  const file = join(work, 'file');
  writeFileSync(file, 'text');
  const asked = [
    ['completions', 'bash'],
    ['develop', 'examples/tour/v1#greet', '-c', 'true'],
    ['lsp'],
    ['store', 'dump', file],
    ['store', 'cat', file],
    ['store', 'export', file],
  ];
  for (const words of asked) {
    const { status, stdout, stderr } = igos(...words, '--json');
    assert.equal(status, 2, words.join(' '));
    const { errors } = JSON.parse(stdout) as { errors: { code: string; message: string }[] };
    assert.equal(errors[0]!.code, 'usage');
    assert.match(stderr, /^igos: igos .* prints .*: there is no --json of it\n$/);
  }
  const without = commandsOf('igos').filter(({ prints }) => prints !== undefined);
  assert.deepEqual(new Set(without.map(({ name }) => name)), new Set(asked.map(([a, b]) => (a === 'store' ? `store ${b}` : a))));
  for (const command of without) {
    assert.doesNotMatch(longHelp(command), /--json\n/, command.name);
    assert.doesNotMatch(shortHelp(command), /--json/, command.name);
  }
  assert.match(completionScript('bash'), /"store list"\) .*--json/);
  assert.doesNotMatch(completionScript('bash'), /"store cat"\) .*--json/);
});

test('forms that contradict --json are refused, and nothing is printed twice', (t) => {
  const { igos, work } = programs(t);
  const stored = igos('store', 'add', 'examples/tour/v1').stdout.trim();
  for (const words of [
    ['eval', '--raw', '-E', '"x"'],
    ['eval', '--xml', '-E', '1'],
    ['store', 'graph', stored, '--format', 'dot'],
    ['store', 'graph', stored, '-o', join(work, 'graph.svg')],
    ['log', '-f', 'examples/tour/v1#greet'],
    ['fmt', '-'],
  ]) {
    const { status, stdout } = igos(...words, '--json');
    assert.equal(status, 2, words.join(' '));
    assert.equal((JSON.parse(stdout) as { errors: { code: string }[] }).errors[0]!.code, 'usage', words.join(' '));
  }
  // A file that is formatted, and one that cannot be.
  const folder = join(work, 'files');
  mkdirSync(folder);
  writeFileSync(join(folder, 'good.nix'), '{a=1;}');
  writeFileSync(join(folder, 'bad.nix'), '{ a = ; }');
  const formatted = igos('fmt', folder, '--json');
  assert.equal(formatted.status, 1);
  const record = JSON.parse(formatted.stdout) as { changed: string[]; errors: { code: string }[] };
  assert.deepEqual(record.changed, [join(folder, 'good.nix')]);
  assert.match(record.errors[0]!.code, /^E-LANG-/);
  assert.match(formatted.stderr, /error\[E-LANG-/);
  // What writes files says which.
  const graph = join(work, 'graph.json');
  assert.deepEqual(JSON.parse(igos('store', 'graph', stored, '-o', graph, '--json').stdout), { file: graph });
  assert.deepEqual(Object.keys(JSON.parse(readFileSync(graph, 'utf8')) as object), ['roots', 'paths']);
  const [archive, restored] = [join(work, 'a.nar'), join(work, 'restored')];
  writeFileSync(archive, Buffer.from(igos('store', 'dump', join(folder, 'good.nix')).stdout));
  assert.deepEqual(JSON.parse(igos('store', 'restore', restored, '--from', archive, '--json').stdout), { path: restored });
});
