/** The bundle is what its sources are, or it is not used. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { sha256 } from '../../base/index.ts';
import { type ImageEntry, makeImage, writeArchive } from '../../pkm/index.ts';

const project = join(import.meta.dirname, '..', '..');
const scratch = mkdtempSync(join(tmpdir(), 'igos-start-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

/** A checkout of its own, so that nobody else's bundle is touched. */
function checkout(): string {
  const home = join(scratch, 'checkout');
  for (const folder of [
    'base',
    'check',
    'image',
    'import',
    'lang',
    'store',
    'eval',
    'builder',
    'depot',
    'pkm',
    'cli',
    'bin',
    'package.json',
  ]) {
    cpSync(join(project, folder), join(home, folder), { recursive: true, verbatimSymlinks: true });
  }
  symlinkSync(join(project, 'node_modules'), join(home, 'node_modules'));
  mkdirSync(join(home, '.git'));
  return home;
}

/** Of `dist/stamp.json`. */
interface Stamp {
  /** The file that has the list of all, beside it. */
  readonly sources: string;
  /** `sources`: places in the list. */
  readonly bundles: Readonly<Record<string, { readonly file: string; readonly sources: readonly number[] }>>;
}

/** An archive of so many files that they are removed by several threads. */
async function manyFiles(): Promise<string> {
  const content = join(scratch, 'empty');
  writeFileSync(content, '');
  const entries = Array.from({ length: 300 }, (_, n): ImageEntry => {
    const path = n < 2 ? `etc/quick${n}` : `usr/${n % 10}/${n}`;
    return { path, kind: 'file', mode: 0o644, uid: 0, gid: 0, sizeBytes: 0, sha256: sha256(''), target: '' };
  });
  const origin = { kind: 'store', storePath: '' } as const;
  const image = makeImage({ description: { name: 'quick', version: '1' }, origin, entries, contentPath: () => content });
  const file = join(scratch, 'quick-1.igos.tar.gz');
  await writeArchive(image, file);
  return file;
}

test('a bundle answers as the sources do, and steps aside when a source changes', async () => {
  const home = checkout();
  const run = (program: string, ...words: string[]): string => {
    const result = spawnSync(join(home, 'bin', program), words, {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], HOME: scratch, IGOS_HOME: join(scratch, 'igos') },
    });
    return `${result.stdout}${result.stderr}${result.status}`;
  };
  const cases: [string, ...string[]][] = [
    ['igos', 'eval', '--expr', 'builtins.hashString "sha256" "x"'],
    ['igos', 'eval', '--expr', 'let x = { a = 1; }; in x.b'],
    // what the sources have outside of ASCII
    ['igos', 'eval', '--expr', '“x”'],
    ['igos', 'eval', '--expr', '(import <nix/fetchurl.nix>) { url = "http://x/y"; sha256 = "0"; }'],
    ['igos', 'help', 'eval'],
    ['igos', 'store', 'path', join(home, 'package.json')],
    ['igos', 'store', 'add', join(home, 'package.json')],
    ['igos', 'store', 'roots'],
    ['igos', 'store', 'ls', `${join(project, 'examples/tour/v1')}#greet`],
    // two operands at a time, for each of which the small bundle hands over
    ['igos', 'why-depends', `${join(project, 'examples/tour/v1')}#shell`, `${join(project, 'examples/tour/v1')}#shell`],
    ['igos', 'store', 'ls', '--help'],
    ['pkm', 'list', '--root', scratch],
    ['pkm', '--root', scratch, 'info', 'x'],
    ['pkm', 'lists'],
    ['pkm', 'list', '--roots'],
    ['pkm', 'config', 'lists'],
    ['pkm', 'install', '--root', scratch, join(scratch, 'no-tree')],
    ['pkm', 'upgrade', '--root', scratch, join(project, 'examples/tour/v1')],
    ['igos', 'evil'],
    ['igos', 'eval', join(project, 'examples/tour/v1')],
    ['igos', 'eval', '--help'],
  ];
  const fromSources = cases.map((words) => run(...words));

  const made = spawnSync(process.execPath, [join(home, 'cli/bundle.ts')], { encoding: 'utf8' });
  assert.equal(made.status, 0, made.stderr);
  const inDist = (pattern: string): string[] => globSync(pattern, { cwd: join(home, 'dist') });
  assert.equal(inDist('*.code').length, 11);
  assert.deepEqual(
    cases.map((words) => run(...words)),
    fromSources,
  );

  // which of them runs is seen from a planted fault in each
  const plant = (name: string): void => {
    writeFileSync(
      join(home, 'dist', inDist(`${name}-*.cjs`)[0]!),
      `(function (exports) { exports.start = () => console.log("${name}") })`,
    );
  };
  const evaluates = (expression: string): string => run('igos', 'eval', '--no-eval-cache', '--expr', expression);
  // parts are only loaded where they are used
  plant('seldom');
  assert.match(
    evaluates('builtins.toJSON (map (x: x // { b = derivation { name = "n"; system = "s"; builder = "b"; }; }) [ { } ])'),
    /store/,
  );
  // a part is looked at when it is used, and then all runs anew, from the sources
  const { sources, bundles } = JSON.parse(readFileSync(join(home, 'dist/stamp.json'), 'utf8')) as Stamp;
  const statesFile = join(home, 'dist', sources);
  const fresh = readFileSync(statesFile, 'utf8');
  const stale = fresh.replace(/("eval\/builtins\/toml\/scalar\.ts",")\d+/, '$17');
  assert.notEqual(stale, fresh);
  assert.match(evaluates('builtins.fromTOML "a = 1"'), /Error/);
  writeFileSync(statesFile, stale);
  assert.equal(evaluates('builtins.fromTOML "a = 1"'), '{ a = 1; }\n0');
  // in the process that was started: a signal to it ends all
  const status = 'builtins.readFile "/proc/self/stat"';
  const own = run(
    'igos',
    'eval',
    '--impure',
    '--no-eval-cache',
    '--raw',
    '--expr',
    `builtins.seq (builtins.fromTOML "a = 1").a (${status})`,
  );
  assert.match(own, new RegExp(`^\\d+ \\(.*\\) R ${process.pid} `));
  plant('ordinary');
  assert.equal(evaluates('1 + 1'), '2\n0');
  plant('evaluating');
  assert.match(evaluates('1'), /^evaluating/);
  // standard input cannot be read twice
  const piped = spawnSync(join(home, 'bin/igos'), ['eval', '-'], { encoding: 'utf8', input: '1', env: { HOME: scratch } });
  assert.equal(piped.stdout, '1\n');
  writeFileSync(statesFile, fresh);
  assert.match(run('igos', 'eval', '--expr', '1 + 2 + 3'), /^evaluating/);
  assert.match(run('igos', 'eval', '--no-eval-cache', '--expr', '1'), /^evaluating/);
  assert.match(run('igos', 'eval', '--expr', 'builtins.hashString "sha256" "x"'), /^"2d711642/, 'known: nothing is evaluated');
  const states = JSON.parse(fresh) as readonly (readonly [file: string, state: string])[];
  // whatever makes bundles makes them anew when it changes
  const bundling = globSync('cli/bundle*.ts', { cwd: home });
  assert.deepEqual(
    bundling.filter((file) => !states.some(([each]) => each === file)),
    [],
  );
  // The launcher looks at the same sources, by folder.
  const looked = /for igos_item in ([\w ]+); do set/.exec(readFileSync(join(home, 'bin/igos'), 'utf8'))![1]!.split(' ');
  const folders = new Set(bundles['repeated']!.sources.map((place) => states[place]![0].split('/')[0]!));
  assert.deepEqual(folders, new Set([...looked, 'package.json']));

  // An answer that the launcher has needs none of them. The bundle was made two seconds ago by now, so that it is trusted.
  const ages = (): number => Date.now() - statSync(join(home, 'dist/stamp.json')).ctimeMs;
  while (ages() < 2500) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
  const hashed = ['igos', 'eval', '--expr', 'builtins.hashString "sha256" "x"'] as const;
  assert.match(run(...hashed), /^"2d711642/);
  plant('repeated');
  assert.match(run('igos', 'eval', '--expr', '1'), /^repeated/);
  assert.match(run(...hashed), /^"2d711642/, 'the launcher knows it');
  // What is known and there needs no evaluator, and nothing that seldom runs; what is built does not need that either.
  writeFileSync(join(scratch, 'known'), '');
  const text = ['--expr', `import <nix/fetchurl.nix> { url = "file://${scratch}/known"; sha256 = "${sha256('')}"; }`];
  assert.match(run('igos', 'realize', ...text), /fetching known: done/);
  const known = run('igos', 'realize', ...text);
  assert.match(known, /known\n0$/);
  plant('rare');
  assert.match(run('igos', 'realize', ...text, '--no-eval-cache'), /known\n0$/);
  plant('reckoning');
  assert.equal(run('igos', 'realize', ...text), known);
  plant('realizing');
  assert.match(run('igos', 'realize', 'x'), /^realizing/);
  plant('storing');
  assert.match(run('igos', 'gc'), /^storing/);
  assert.match(run('igos', 'store', 'list'), /^storing/);
  assert.match(run('igos', 'store', 'verify'), /^storing/);
  // What places packages is a part, which what tells of them and removes them does not load.
  const root = join(scratch, 'root');
  assert.match(run('pkm', 'install', '--root', root, '--archive-trust', 'loose', '--archive', await manyFiles()), /0$/);
  plant('placing');
  assert.match(run('pkm', 'install', 'x'), /start|part|files/);
  const answers = [[], ['--json']].flatMap((words) => [
    run('pkm', 'list', '--root', root, ...words),
    run('pkm', 'info', 'quick', '--root', root, ...words),
    run('pkm', 'files', 'quick', '--root', root, ...words),
    run('pkm', 'owns', '/etc/quick0', '--root', root, ...words),
    run('pkm', 'history', '--root', root, ...words),
    run('pkm', 'verify', '--root', root, ...words),
    run('pkm', 'verify', '--fast', '--root', root, ...words),
  ]);
  writeFileSync(join(root, 'etc/quick0'), 'mine');
  answers.push(run('pkm', 'remove', 'quick', '--root', root));
  for (const answer of answers) assert.match(answer, /^(?!.*error)(.*\n)*0$/);
  plant('managing');
  assert.match(run('pkm', 'list'), /^managing/);
  assert.match(run('pkm', '--root', scratch, '--quiet', 'config', 'list'), /^managing/);
  assert.match(run('pkm', 'install', 'x'), /^managing/);
  assert.match(run('pkm', '--root', scratch, 'install', '--archive', 'x.igos.tar.gz'), /^managing/);
  assert.match(run('pkm', 'upgrade'), /^managing/);
  assert.doesNotMatch(run('pkm', 'config', 'resolve', '--root', scratch), /managing/);
  plant('whole');
  assert.match(run('pkm', 'list', '--help'), /^whole/);
  assert.match(run('pkm', 'switch', 'x'), /^whole/);
  assert.match(run('pkm', 'install', './tree#x'), /^whole/);
  assert.match(run('pkm', 'install', 'depot:alan/pkg/x86_64/x/1'), /^whole/);
  // each looks at its own sources
  writeFileSync(join(home, 'eval/index.ts'), 'export {};');
  assert.match(run('igos', 'gc'), /^storing/);
  assert.match(run('igos', 'eval', '--expr', '1'), /FAULT|Error|error/);
  writeFileSync(join(home, 'cli/main.ts'), 'export const main = () => console.log("sources");');
  assert.match(run('igos', 'eval', '--expr', '1'), /^sources/);
  assert.match(run(...hashed), /^sources/);
});

test('packages are found from where igos really is', () => {
  // As pnpm lays them out: a package beside those that it needs, and a symlink to it where the user has it.
  const packages = join(scratch, 'kept/node_modules');
  const igos = join(packages, 'igos');
  for (const folder of ['igos/cli', 'igos/dist', 'needed']) mkdirSync(join(packages, folder), { recursive: true });
  cpSync(join(project, 'cli/start.cjs'), join(igos, 'cli/start.cjs'));
  writeFileSync(join(packages, 'needed/index.js'), 'module.exports = "needed";');
  const stamp = { node: process.version, bundles: { whole: { file: 'whole', sources: [] } } };
  writeFileSync(join(igos, 'dist/stamp.json'), JSON.stringify(stamp));
  writeFileSync(
    join(igos, 'dist/whole.cjs'),
    `(function (exports, require, module, home, handOver, load) {
      exports.start = async (words) => console.log(words, home, require('needed'), (await load('needed')).default);
    })`,
  );
  mkdirSync(join(scratch, 'used'));
  symlinkSync(igos, join(scratch, 'used/igos'));
  const start = (folder: string): { stdout: string; stderr: string } =>
    spawnSync(process.execPath, ['--preserve-symlinks-main', join(folder, 'cli/start.cjs'), 'igos', 'x'], { encoding: 'utf8' });
  const starts = [start(igos), start(join(scratch, 'used/igos'))];
  // Its sources would not run there, so another Node than that of the bundle takes it, too.
  writeFileSync(join(igos, 'dist/stamp.json'), JSON.stringify({ ...stamp, node: 'v24.0.0' }));
  starts.push(start(igos));
  const printed = `[ 'igos', 'x' ] ${realpathSync(igos)} needed needed\n`;
  for (const { stdout, stderr } of starts) assert.deepEqual([stdout, stderr], [printed, '']);
});

test('threads of the engine step back behind the one that evaluates, and nobody else does', (t) => {
  if (process.platform !== 'linux') return t.skip('no /proc of threads on this system');
  // Evaluation itself reads what the kernel says of its process: the nice value is the 19th field, after a name in parentheses.
  const nices = `let
      task = /proc/self/task;
      niceOf = id: builtins.elemAt (builtins.filter builtins.isString (builtins.split " " (builtins.elemAt
        (builtins.match ".*[)] (.*)\n" (builtins.readFile (task + "/\${id}/stat"))) 0))) 16;
    in builtins.mapAttrs (id: _: niceOf id) (builtins.readDir task)`;
  const run = (nice: number): number[] => {
    const words = [
      '-n',
      String(nice),
      join(project, 'bin/igos'),
      'eval',
      '--impure',
      '--no-eval-cache',
      '--json',
      '--expr',
      nices,
    ];
    const { stdout, stderr, status } = spawnSync('nice', words, {
      encoding: 'utf8',
      env: { ...process.env, IGOS_HOME: join(scratch, 'nice') },
    });
    assert.equal(status, 0, stderr);
    const niceOf = JSON.parse(stdout) as Readonly<Record<string, string>>;
    // The main thread has the smallest number, which a list of names may have anywhere.
    return Object.keys(niceOf)
      .sort((a, b) => Number(a) - Number(b))
      .map((id) => Number(niceOf[id]));
  };
  const own = Number(spawnSync('nice', { encoding: 'utf8' }).stdout);
  for (const nice of [0, 3, 19]) {
    const expected = Math.min(own + nice, 19);
    const [main, ...others] = run(nice);
    assert.equal(main, expected);
    // Four of V8's pool and the inspector's; threads that libuv starts later are as the main thread.
    assert.ok(others.filter((value) => value === Math.min(expected + 5, 19)).length >= 4, `${nice}: ${others.join(' ')}`);
    assert.ok(others.every((value) => value === expected || value === Math.min(expected + 5, 19)));
  }
});

test('a home where nothing can be made is no hindrance', () => {
  for (const HOME of ['/proc/1/none', '/proc', '/dev/null']) {
    const words = [join(project, 'cli/start-source.js'), 'igos', '--version'];
    const { XDG_CACHE_HOME: _, ...env } = process.env;
    const run = spawnSync(process.execPath, words, { encoding: 'utf8', timeout: 60_000, env: { ...env, HOME } });
    assert.deepEqual([run.status, run.signal], [0, null], `${HOME}: ${run.stderr}`);
  }
});
