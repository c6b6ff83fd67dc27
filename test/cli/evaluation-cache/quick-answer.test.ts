/** What the launcher answers by itself, in every shell at hand; what it leaves to Node; and that nobody can make it say anything else. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  globSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { CacheFolder } from '../../../cli/evaluation-cache/folder.ts';
import { igosCommands } from '../../../cli/igos/table.ts';
import { project } from '../programs.ts';
import { noQuickAnswers, type Outcome, STARTS_NODE, type Workbench, workbench } from './workbench.ts';

const options = { skip: noQuickAnswers };

const has = (program: string): boolean => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

/** Others than the one that `/bin/sh` is, which every test uses. */
const shells = [['dash'], ['bash'], ['bash', '--posix'], ['busybox', 'ash']].filter(([program]) => has(program!));

/** A folder with files that look old, so that inodes are trusted at once. Commands run in it. */
function begin(t: TestContext, files: Readonly<Record<string, string>> = {}): Workbench {
  const bench = workbench(t);
  process.chdir(bench.work);
  t.after(() => process.chdir(project));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(bench.work, name), text);
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 60_000 });
  return bench;
}

const outcomeOf = ({ status, stdout, stderr }: Outcome): Outcome => ({ status, stdout, stderr });

/** Evaluates, and then has the launcher say it. */
async function prime(bench: Workbench, ...words: string[]): Promise<Outcome> {
  const asked = outcomeOf(await bench.ask(...words));
  assert.equal(asked.status, 0, asked.stderr);
  assert.deepEqual(bench.known(...words), asked, words.join(' '));
  return asked;
}

const answers = (bench: Workbench): string[] => {
  const folder = new CacheFolder(bench.home).path;
  return readdirSync(folder)
    .filter((name) => name.startsWith('quick'))
    .map((name) => join(folder, name));
};

test('every shell prints what Node prints', options, async (t) => {
  const bench = begin(t, { 'x.nix': '{ a = 1; }', "it's [a] * $HOME \\n": '1', utf8: 'größer\n' });
  // Where it is not set, bash says that it is.
  bench.environment['TERM'] = 'xterm';
  const cases: string[][] = [
    ['eval', '-E', '1 + 1'],
    ['eval', 'x.nix', '--json'],
    ['eval', '--raw', '-E', '"no line end"'],
    ['eval', '--raw', '-E', '""'],
    ['eval', '--raw', '-E', '"\\n\\n  two \\\\ lines\\t%s $HOME `x`\\n\\n"'],
    ['eval', '-E', `"$(exit 1) \`exit 1\` ' * ? [a] \\\\ ; & | # ~ %s !x"`],
    ['eval', "./it's [a] * $HOME \\n"],
    ['eval', '--raw', '-E', 'builtins.readFile ./utf8'],
    ['eval', '--raw', '-E', 'toString (builtins.genList (x: x) 30000)'],
    ['eval', '-E', `1 + ${'1 + '.repeat(200)} 1`],
    ['eval', '-E', `1 + ${'1 + '.repeat(200)} 2`, `--home=${bench.home}`],
    ['eval', '-E', 'builtins.trace "one" (builtins.warn "two  %s\\n\\nthree" 1)'],
    ['eval', '--raw', '-E', 'builtins.trace "one" (toString (builtins.genList (x: x) 30000))'],
    ['eval', '--home', bench.home, '-E', '/. + "/.."'],
    ['instantiate', '-E', 'derivation { name = "n"; system = "s"; builder = "b"; src = ./x.nix; }'],
  ];
  for (const words of cases) {
    const asked = await prime(bench, ...words);
    for (const shell of shells) {
      assert.deepEqual(bench.launch(words, { shell }), asked, `${shell.join(' ')}: ${words.join(' ')}`);
    }
  }
  assert.ok(shells.length > 0 || !has('bash'), 'shells are told');
});

test('what is not plain is left to Node', options, async (t) => {
  const bench = begin(t, { 'x.nix': '1' });
  symlinkSync('/dev/null', join(bench.work, 'device'));
  bench.input = '1';
  bench.environment['LINES'] = '5';
  for (const words of [
    ['eval', '-E', '1\n+ 1'],
    ['eval', '', '-E', '1'],
    ['eval', '-E', '"ö"'],
    ['eval', '-'],
    ['eval', '-E', '1', '--no-eval-cache'],
    ['eval', '-E', 'builtins.trace "ö" 1'],
    ['eval', '-E', 'builtins.trace (toString (builtins.genList (x: x) 3000)) 1'],
    ['eval', '--impure', '-E', 'builtins.currentTime'],
    ['eval', '--impure', '-E', 'builtins.getEnv "LINES"'],
    ['eval', '-E', '1 +'],
    ['eval', '--impure', '-E', 'builtins.readFileType /dev/null'],
  ]) {
    await bench.ask(...words);
    assert.equal(bench.known(...words), undefined, words.join(' '));
  }
  assert.deepEqual(answers(bench), []);
});

test('a record that becomes one for Node takes its quick answer along', options, async (t) => {
  const bench = begin(t, { 'x.nix': '1' });
  const words = ['eval', 'x.nix'];
  await prime(bench, ...words);
  writeFileSync(join(bench.work, 'x.nix'), 'builtins.trace "ö" 1');
  assert.equal(bench.known(...words), undefined);
  await bench.ask(...words);
  assert.deepEqual(answers(bench), []);
});

test('the launcher looks for answers of exactly the commands that have some', () => {
  const [, pattern] = /^igos-(\S+( \| igos-\S+)*)\)$/m.exec(readFileSync(join(project, 'bin/igos'), 'utf8'))!;
  const remembered = igosCommands.filter(({ isRemembered }) => isRemembered === true).map(({ name }) => name);
  assert.deepEqual(pattern!.split(' | igos-').sort(), remembered.sort());
});

test('words, folder, variables and terminals tell answers apart', options, async (t) => {
  const bench = begin(t, { 'x.nix': '1' });
  await prime(bench, 'eval', 'x.nix');
  for (const words of [['eval', 'x.nix', '--json'], ['eval', './x.nix'], ['eval', 'x.nix\n'], ['eval', 'x.nix', ''], ['eval']]) {
    assert.equal(bench.known(...words), undefined, JSON.stringify(words));
  }
  // The same name, and another folder behind it.
  mkdirSync(join(bench.work, 'one'));
  mkdirSync(join(bench.work, 'other'));
  for (const name of ['one', 'other']) writeFileSync(join(bench.work, name, 'x.nix'), name === 'one' ? '1' : '2');
  symlinkSync('one', join(bench.work, 'link'));
  const cwd = join(bench.work, 'link');
  const words = ['eval', join(bench.work, 'link', 'x.nix')];
  const { stdout } = await prime(bench, ...words);
  assert.equal(stdout, '1\n');
  renameSync(cwd, join(bench.work, 'gone'));
  symlinkSync('other', cwd);
  assert.equal(bench.known(...words), undefined);
});

test('a folder that was reached by a symlink has answers too, and only for that folder', options, async (t) => {
  const bench = begin(t, { 'x.nix': '1' });
  const way = join(bench.work, '..', 'way');
  symlinkSync(bench.work, way);
  const words = ['eval', 'x.nix'];
  bench.environment['PWD'] = way;
  const asked = outcomeOf(await bench.ask(...words));
  assert.deepEqual(bench.launch(words, { cwd: way }), asked);
  rmSync(way);
  mkdirSync(way);
  writeFileSync(join(way, 'x.nix'), '2');
  assert.equal(bench.launch(words, { cwd: way }).status, STARTS_NODE);
  // A shell believes the PWD that it is given where it leads to the same folder.
  assert.deepEqual(bench.launch(words, { environment: { PWD: bench.work } }).status, STARTS_NODE);
});

test('whatever variable igos knows of, the launcher asks for it too', options, async (t) => {
  const bench = begin(t);
  const names = new Set<string>();
  for (const file of globSync('{base,lang,store,eval,builder,cli}/**/*.{ts,js,cjs}', { cwd: project })) {
    const text = readFileSync(join(project, file), 'utf8');
    for (const [, name] of text.matchAll(
      /(?:[eE]nvironment(?:\[|\.)|process\.env(?:\[|\.)|lookUp\(|env\(|isTrue\()'?([A-Z]\w+)/g,
    )) {
      names.add(name!);
    }
  }
  for (const known of ['IGOS_HOME', 'IGOS_STORE_DIR', 'XDG_DATA_HOME', 'NO_COLOR', 'TERM', 'NIX_PATH', 'IGOS_EVAL_CACHE']) {
    assert.ok(names.has(known), `${known} is found in the sources`);
  }
  const words = ['eval', '--impure', '-E', 'builtins.toFile "x" (builtins.getEnv "ONE" + toString builtins.nixPath)'];
  // As a user has it: igos finds its home by itself.
  bench.environment['XDG_DATA_HOME'] = join(bench.work, 'data');
  for (const name of names) {
    const before = await bench.ask(...words);
    const value = name === 'IGOS_HOME' ? join(bench.work, 'elsewhere') : '0';
    bench.environment[name] = value;
    const known = bench.known(...words);
    const fresh = await bench.evaluate(...words);
    if (known !== undefined) assert.deepEqual(known, outcomeOf(fresh), name);
    // Those that decide how igos runs are always asked for, even where the answer would be the same.
    if (before.isFresh && ['IGOS_STORE_DIR', 'NIX_PATH', 'IGOS_EVAL_CACHE'].includes(name)) assert.equal(known, undefined, name);
    delete bench.environment[name];
  }
});

test('an answer that was cut short, or is of another boot, is none', options, async (t) => {
  const bench = begin(t, { 'x.nix': '"a value"' });
  await prime(bench, 'eval', 'x.nix');
  const [file] = answers(bench);
  const whole = readFileSync(file!);
  for (let length = whole.length - 2; length >= 0; length -= 1 + (length >> 4)) {
    truncateSync(file!, length);
    assert.equal(bench.known('eval', 'x.nix'), undefined, `${length} of ${whole.length} bytes`);
    writeFileSync(file!, whole);
  }
  appendFileSync(file!, 'o2\n');
  assert.equal(bench.known('eval', 'x.nix'), undefined, 'more than was written');
  const lines = whole.toString('latin1').split('\n');
  lines[1] = '00000000-0000-0000-0000-000000000000';
  writeFileSync(file!, lines.join('\n'));
  assert.equal(bench.known('eval', 'x.nix'), undefined, 'another boot');
  writeFileSync(file!, whole);
  assert.equal(bench.known('eval', 'x.nix')?.stdout, '"a value"\n');
});

test('an answer that others could have written is none', options, async (t) => {
  const bench = begin(t, { 'x.nix': '1' });
  const words = ['eval', 'x.nix'];
  await prime(bench, ...words);
  const folder = new CacheFolder(bench.home).path;
  for (let mode = 0o700; mode <= 0o777; mode++) {
    chmodSync(folder, mode);
    if ((mode & 0o022) === 0 || mode % 5 === 0) {
      assert.equal(bench.known(...words) !== undefined, (mode & 0o022) === 0, mode.toString(8));
    }
  }
  chmodSync(folder, 0o700);
  for (const mode of [0o620, 0o602, 0o666]) {
    chmodSync(answers(bench)[0]!, mode);
    assert.equal(bench.known(...words), undefined, `an answer with ${mode.toString(8)}`);
  }
  chmodSync(answers(bench)[0]!, 0o600);
  assert.notEqual(bench.known(...words), undefined);
  renameSync(folder, `${folder}-moved`);
  symlinkSync(`${folder}-moved`, folder);
  assert.equal(bench.known(...words), undefined, 'a symlink to the folder');
  rmSync(folder);
  renameSync(`${folder}-moved`, folder);
  if (process.getuid!() !== 0) return t.diagnostic('SKIPPED: only root can give the folder away');
  chownSync(folder, 65534, 65534);
  assert.equal(bench.known(...words), undefined, 'a folder of somebody else');
});

/** Tools that note that they were used. */
function watchedTools(bench: Workbench): { environment: { PATH: string }; used: () => string[] } {
  const folder = join(bench.work, '..', 'tools');
  const log = join(folder, 'log');
  mkdirSync(folder);
  for (const name of ['cat', 'stat', 'od', 'find', 'readlink', 'sh', 'env']) {
    const real = spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).stdout.trim();
    writeFileSync(join(folder, name), `#!/bin/sh\necho ${name} >>${log}\nexec ${real} "$@"\n`, { mode: 0o755 });
  }
  return {
    environment: { PATH: folder },
    used: () => {
      const names = existsSync(log) ? readFileSync(log, 'utf8').split('\n').slice(0, -1) : [];
      rmSync(log, { force: true });
      return names;
    },
  };
}

test('an answer costs two processes, four where there is more to tell, and none where there is no answer', options, async (t) => {
  const bench = begin(t, { 'x.nix': '1' });
  const { environment, used } = watchedTools(bench);
  const of = (...words: string[]): string[] => {
    bench.launch(words, { environment });
    return used();
  };
  assert.deepEqual(of('eval', 'x.nix'), []);
  await prime(bench, 'eval', 'x.nix');
  assert.deepEqual(of('eval', 'x.nix'), ['cat', 'stat']);
  assert.deepEqual(of('eval', 'x.nix', '--json'), []);
  const many = [
    'instantiate',
    '-E',
    'builtins.genList (n: derivation { name = "${toString n}"; system = "s"; builder = "b"; }) 99',
  ];
  await prime(bench, ...many);
  assert.deepEqual(of(...many), ['cat', 'od', 'stat', 'cat']);
});

test('without the tools, Node answers', options, async (t) => {
  const bench = begin(t, { 'x.nix': '1' });
  await prime(bench, 'eval', 'x.nix');
  const folder = join(bench.work, '..', 'few-tools');
  mkdirSync(folder);
  const environment = { PATH: folder };
  const real = (name: string): string => spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).stdout.trim();
  const outcome = (): Outcome => bench.launch(['eval', 'x.nix'], { environment });
  assert.deepEqual(outcome(), { status: STARTS_NODE, stdout: '', stderr: '' });
  symlinkSync(real('cat'), join(folder, 'cat'));
  assert.deepEqual(outcome(), { status: STARTS_NODE, stdout: '', stderr: '' });
  // One that knows no nanoseconds.
  writeFileSync(join(folder, 'stat'), '#!/bin/sh\necho "65024:1 41c0 1 1 1"\n', { mode: 0o755 });
  assert.deepEqual(outcome(), { status: STARTS_NODE, stdout: '', stderr: '' });
});

test('in a checkout, a source that is newer than the bundle ends all answers', options, async (t) => {
  const bench = begin(t, { 'x.nix': '1' });
  await prime(bench, 'eval', 'x.nix');
  const at = (name: string): string => join(bench.igos, name);
  for (const name of ['.git', 'base', 'builder', 'cli', 'eval', 'lang', 'store', 'dist'])
    mkdirSync(at(name), { recursive: true });
  mkdirSync(at('eval/builtins'));
  for (const name of ['package.json', 'cli/main.ts', 'eval/builtins/lists.ts']) writeFileSync(at(name), '');
  assert.equal(bench.known('eval', 'x.nix'), undefined, 'no bundle');
  await new Promise((resolve) => setTimeout(resolve, 20));
  writeFileSync(at('dist/stamp.json'), '{}');
  assert.equal(bench.known('eval', 'x.nix')?.stdout, '1\n');
  await new Promise((resolve) => setTimeout(resolve, 20));
  for (const name of ['package.json', 'eval/builtins/lists.ts']) {
    utimesSync(at(name), 1, 1);
    assert.equal(bench.known('eval', 'x.nix'), undefined, `${name} has another inode time`);
    await new Promise((resolve) => setTimeout(resolve, 20));
    writeFileSync(at('dist/stamp.json'), '{}');
    assert.equal(bench.known('eval', 'x.nix')?.stdout, '1\n');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  rmSync(at('lang'), { recursive: true });
  assert.equal(bench.known('eval', 'x.nix'), undefined, 'what cannot be looked at');
});

test('another igos has no part in it', options, async (t) => {
  const bench = begin(t, { 'x.nix': '1' });
  await prime(bench, 'eval', 'x.nix');
  const other = `${bench.igos}-other`;
  spawnSync('cp', ['-a', bench.igos, other]);
  const environment = { PATH: process.env['PATH'], IGOS_HOME: bench.home };
  const ofOther = (): number | null => spawnSync(join(other, 'bin/igos'), ['eval', 'x.nix'], { env: environment }).status;
  assert.equal(ofOther(), STARTS_NODE, 'a copy in another place');
  rmSync(other, { recursive: true });
  renameSync(bench.igos, other);
  symlinkSync(other, bench.igos);
  assert.equal(bench.known('eval', 'x.nix')?.stdout, '1\n', 'the same folder, by another way');
  rmSync(bench.igos);
  spawnSync('cp', ['-a', other, bench.igos]);
  assert.equal(bench.known('eval', 'x.nix'), undefined, 'a copy');
});

test('standard output that takes nothing is left to Node', options, async (t) => {
  const bench = begin(t, { 'x.nix': '1' });
  const much = ['eval', '--raw', '-E', 'toString (builtins.genList (x: x) 30000)'];
  const little = ['eval', 'x.nix'];
  await prime(bench, ...much);
  await prime(bench, ...little);
  const through = (words: readonly string[], stdout: number): number => {
    try {
      return bench.launch(words, { stdout }).status;
    } finally {
      closeSync(stdout);
    }
  };
  if (existsSync('/dev/full')) {
    assert.equal(through(little, openSync('/dev/full', 'w')), STARTS_NODE);
    assert.equal(through(much, openSync('/dev/full', 'w')), 1);
  }
  // A reader that went away, and one that is slow where the descriptor does not wait.
  const closed = (words: readonly string[]): string =>
    spawnSync('bash', ['-c', '"$@" | true; echo ${PIPESTATUS[0]}', 'bash', join(bench.igos, 'bin/igos'), ...words], {
      cwd: bench.work,
      env: { PATH: process.env['PATH'], IGOS_HOME: bench.home },
      encoding: 'utf8',
    }).stdout;
  if (has('bash')) assert.match(closed(much), /^(3|0)\n$/);
  if (!has('python3')) return t.diagnostic('SKIPPED: nothing here makes a descriptor that does not wait');
  const withoutWaiting = (words: readonly string[]): number | null => {
    const script = 'import os, sys\nos.set_blocking(1, False)\nos.execv(sys.argv[1], sys.argv[1:])';
    const command = ['-c', script, join(bench.igos, 'bin/igos'), ...words];
    return spawnSync('python3', command, { cwd: bench.work, env: { PATH: process.env['PATH'], IGOS_HOME: bench.home } }).status;
  };
  assert.equal(withoutWaiting(much), STARTS_NODE);
  assert.equal(withoutWaiting(little), 0);
});
