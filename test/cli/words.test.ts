/** Words that are bytes, words that are empty, and help on groups of commands: as a shell gives them. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { commandsOf } from '../../cli/commands.ts';
import { bytesToWord, wordToBytes } from '../../cli/words.ts';
import { golden } from '../golden.ts';
import { programs, project } from './programs.ts';

test('any bytes become a word and come back; text stays as it is', () => {
  const anyBytes = fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
  fc.assert(fc.property(anyBytes, (bytes) => assert.equal(wordToBytes(bytesToWord(bytes)), bytes)));
  const text = fc.string({ unit: 'binary', maxLength: 12 });
  fc.assert(
    fc.property(text, (word) => {
      const bytes = wordToBytes(word);
      assert.equal(bytes, Buffer.from(word, 'utf8').toString('latin1'));
      assert.equal(bytesToWord(bytes), word);
    }),
  );
  assert.equal(bytesToWord('a\xff\xc3\xa9\xed\xa0\x80'), 'a\udcffé\udced\udca0\udc80');
});

test('a name that is not UTF-8 means that file, and not the one whose name has U+FFFD there', (t) => {
  const { work, igos } = programs(t);
  const folder = join(work, 'tree');
  mkdirSync(folder);
  const name = Buffer.from([0x61, 0xff]);
  writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), name]), 'bytes\n');
  writeFileSync(join(folder, 'a\ufffd'), 'text\n');
  // Node cannot pass such a word on: a shell makes it.
  const shell = (script: string): string => {
    const env = { ...process.env, IGOS_HOME: join(work, 'home'), NO_COLOR: '1', HOME: work, LC_ALL: 'C' };
    const run = spawnSync('sh', ['-ec', script], { cwd: work, encoding: 'latin1', env });
    assert.equal(run.status, 0, run.stderr);
    return run.stdout;
  };
  const igosPath = join(project, 'bin', 'igos');
  const path = igos('store', 'add', folder).stdout.trim();
  assert.equal(shell(`${igosPath} store cat "$(${igosPath} store add --name x "$(printf 'tree/a\\377')")"`), 'bytes\n');
  assert.equal(shell(`${igosPath} store cat "$(printf '${path}/a\\377')"`), 'bytes\n');
  assert.equal(shell(`${igosPath} store ls ${path}`), 'a\xef\xbf\xbd\na\xff\n');
  const json = Buffer.from(shell(`${igosPath} store ls --json ${path}`), 'latin1').toString('utf8');
  const listed = JSON.parse(json) as { listings: { files: { path: string }[] }[] };
  assert.deepEqual(
    listed.listings[0]!.files.map((file) => wordToBytes(file.path)),
    ['a\xef\xbf\xbd', 'a\xff'],
  );
  const refused = shell(`${igosPath} eval "$(printf 'a\\377')" 2>&1 || echo $?`);
  assert.match(refused, /'a\xef\xbf\xbd' is not UTF-8[\s\S]*\n2\n$/);
});

test('an empty operand is not the current folder', (t) => {
  const { igos } = programs(t);
  for (const words of [
    ['store', 'add', ''],
    ['store', 'dump', ''],
    ['eval', ''],
  ]) {
    const { status, stderr } = igos(...words);
    assert.equal(status, 2);
    assert.match(stderr, /an operand is empty\nhint: a variable that is not set\?/);
  }
});

test('a group of commands has help', (t) => {
  const { igos, pkm } = programs(t);
  for (const words of [
    ['store', '--help'],
    ['store', '-h'],
    ['help', 'store'],
  ]) {
    const { status, stdout } = igos(...words);
    assert.equal(status, 0);
    assert.match(stdout, /^usage: igos store VERB/);
    assert.match(stdout, /\n {2}gc +remove from the store what nothing needs any more\n/);
  }
  assert.match(pkm('config', '--help').stdout, /\n {2}resolve +settle/);
  const { status, stderr } = igos('store', 'lss', 'x');
  assert.equal(status, 2);
  assert.match(stderr, /unknown command 'store lss'\nhint: did you mean 'ls'\?/);
});

test('a word that is no store path, and a name that none can have, are refused with the way out', (t) => {
  const { igos } = programs(t);
  const base = `${'0'.repeat(32)}-x`;
  assert.match(igos('store', 'ls', base).stderr, new RegExp(`hint: write /igos/store/${base}\n`));
  assert.match(igos('store', 'info', './nothing').stderr, /hint: name a store path, a place in one, a link/);
  assert.match(igos('store', 'add', '/').stderr, /name must not be empty[\s\S]*hint: give it one with --name NAME\n/);
});

test('a working directory or a home whose name is not UTF-8 is refused, and nothing is made under another name', (t) => {
  const { work } = programs(t);
  const [igos, pkm] = ['igos', 'pkm'].map((program) => join(project, 'bin', program));
  const run = (script: string): { status: number | null; stderr: string } => {
    const { status, stderr } = spawnSync('sh', ['-c', `cd "$1" && ${script}`, 'sh', work], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], HOME: work, IGOS_HOME: join(work, 'home') },
    });
    return { status, stderr };
  };
  const folder = `mkdir -p "$(printf 'x\\377')" && cd "$(printf 'x\\377')" && echo 1 >a.nix`;
  for (const command of [`${igos} fmt a.nix`, `${igos} store add a.nix`, `${pkm} --root r init --atomic`]) {
    const { status, stderr } = run(`${folder} && ${command}`);
    assert.equal(status, 2, stderr);
    assert.match(
      stderr,
      /: the name of the working directory is not UTF-8: '.*\/x\ufffd'\nhint: run the command in another folder/,
    );
  }
  const homes = [`IGOS_HOME`, `IGOS_HOME= XDG_DATA_HOME`].slice(0, process.getuid?.() === 0 ? 1 : 2);
  for (const name of homes) {
    const { status, stderr } = run(`${name}="$1/$(printf 'y\\377')" ${igos} store list`);
    assert.deepEqual([status, / is not UTF-8: '.*\/y\ufffd'/.test(stderr)], [2, true], stderr);
  }
  assert.deepEqual(readdirSync(work).filter((name) => /^[xy]\ufffd$/.test(name)).length, 1);
  // Who really has such names may use them.
  const real = run(
    `mkdir "$(printf 'z\\357\\277\\275')" && cd "$(printf 'z\\357\\277\\275')" && IGOS_HOME=$PWD/home ${igos} store list`,
  );
  assert.equal(real.status, 0, real.stderr);
});

test('a working directory that is gone is no mistake in igos', (t) => {
  const { work } = programs(t);
  const { status, stderr } = spawnSync(
    'sh',
    ['-ec', 'mkdir x; cd x; rmdir ../x; exec "$0" eval -E 1', join(project, 'bin/igos')],
    {
      cwd: work,
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], IGOS_HOME: join(work, 'home') },
    },
  );
  assert.equal(status, 2);
  assert.match(
    stderr,
    /igos: there is no path to the working directory: it is gone, or too deep\nhint: run the command in another/,
  );
});

test('the name of a package where a tree is asked for, one file of a tree, and a tree without packages', (t) => {
  const work = mkdtempSync(join(tmpdir(), 'igos-words-'));
  t.after(() => rmSync(work, { recursive: true }));
  const { igos } = programs(t, { cwd: work });
  writeFileSync(join(work, 'tiers.igos'), 'tier core { summary = "Essential"; }\n');
  const told = [
    ['realize', '.'],
    ['show', '.'],
  ].map((words) => [words, igos(...words)] as const);
  writeFileSync(join(work, 'hello.igos'), 'package hello "1.0" { tier = core; summary = "Says hello"; }\n');
  mkdirSync(join(work, 'libword'));
  const more = [
    ['realize', 'hello'],
    ['log', 'libword'],
    ['show', 'hello.igos'],
    ['realize', './hello.igos#hello'],
  ].map((words) => [words, igos(...words)] as const);
  const text = [...told, ...more].map(
    ([words, { status, stdout, stderr }]) => `$ igos ${words.join(' ')}\n${stdout}${stderr}[${status}]\n`,
  );
  golden(
    t,
    'cli/operands-that-are-no-tree.txt',
    text
      .join('')
      .replaceAll(work, 'WORK')
      .replace(/^tree \S+:/m, 'tree T:'),
  );
});

test('only commands that build say of --dry-run that it builds', () => {
  for (const { name, options } of commandsOf('pkm')) {
    const dryRun = options.find(({ long }) => long === 'dry-run');
    const isBuilding = options.some(({ long }) => long === 'jobs');
    if (dryRun !== undefined) assert.equal(/built/.test(dryRun.doc), isBuilding, name);
  }
});
