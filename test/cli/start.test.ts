/** The bundle is what its sources are, or it is not used. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

const project = join(import.meta.dirname, '..', '..');
const scratch = mkdtempSync(join(tmpdir(), 'igos-start-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

/** A checkout of its own, so that nobody else's bundle is touched. */
function checkout(): string {
  const home = join(scratch, 'checkout');
  for (const folder of ['base', 'lang', 'store', 'eval', 'builder', 'depot', 'pkm', 'cli', 'bin', 'package.json']) {
    cpSync(join(project, folder), join(home, folder), { recursive: true, verbatimSymlinks: true });
  }
  symlinkSync(join(project, 'node_modules'), join(home, 'node_modules'));
  mkdirSync(join(home, '.git'));
  return home;
}

test('a bundle answers as the sources do, and steps aside when a source changes', () => {
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
    ['igos', 'eval', '--expr', '(import <nix/fetchurl.nix>) { url = "http://x/y"; sha256 = "0"; }'],
    ['igos', 'help', 'eval'],
    ['igos', 'store', 'path', join(home, 'package.json')],
    ['igos', 'store', 'add', join(home, 'package.json')],
    ['igos', 'store', 'roots'],
    ['igos', 'store', 'ls', `${join(project, 'examples/tour/v1')}#greet`],
    ['igos', 'store', 'ls', '--help'],
    ['pkm', 'list', '--root', scratch],
    ['igos', 'evil'],
    ['igos', 'eval', join(project, 'examples/tour/v1')],
    ['igos', 'eval', '--help'],
  ];
  const fromSources = cases.map((words) => run(...words));

  const made = spawnSync(process.execPath, [join(home, 'cli/bundle.ts')], { encoding: 'utf8' });
  assert.equal(made.status, 0, made.stderr);
  const inDist = (pattern: string): string[] => globSync(pattern, { cwd: join(home, 'dist') });
  assert.equal(inDist('*.code').length, 7);
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
  // a part is looked at when it is used, and then all runs anew
  const tomlSource = join(home, 'eval/builtins/toml/scalar.ts');
  const toml = readFileSync(tomlSource, 'utf8');
  renameSync(tomlSource, `${tomlSource}.saved`);
  writeFileSync(tomlSource, `throw new Error("the sources");\n${toml}`);
  assert.equal(evaluates('1 + 2'), '3\n0');
  assert.match(evaluates('builtins.fromTOML "a = 1"'), /the sources/);
  const piped = spawnSync(join(home, 'bin/igos'), ['eval', '-'], { encoding: 'utf8', input: '1', env: { HOME: scratch } });
  assert.match(piped.stderr, /the sources/, 'standard input is not read twice');
  renameSync(`${tomlSource}.saved`, tomlSource);
  // parts are only loaded where they are used
  plant('seldom');
  assert.match(
    evaluates('builtins.toJSON (map (x: x // { b = derivation { name = "n"; system = "s"; builder = "b"; }; }) [ { } ])'),
    /store/,
  );
  plant('ordinary');
  assert.equal(evaluates('1 + 1'), '2\n0');
  plant('evaluating');
  assert.match(run('igos', 'eval', '--expr', '1 + 2 + 3'), /^evaluating/);
  assert.match(run('igos', 'eval', '--no-eval-cache', '--expr', '1'), /^evaluating/);
  assert.match(run('igos', 'eval', '--expr', 'builtins.hashString "sha256" "x"'), /^"2d711642/, 'known: nothing is evaluated');
  plant('repeated');
  assert.match(run('igos', 'eval', '--expr', '1'), /^repeated/);
  plant('realizing');
  assert.match(run('igos', 'realize', 'x'), /^realizing/);
  plant('storing');
  assert.match(run('igos', 'gc'), /^storing/);
  assert.match(run('igos', 'store', 'list'), /^storing/);
  plant('whole');
  assert.match(run('igos', 'store', 'verify'), /^whole/);
  assert.match(run('pkm', 'list'), /^whole/);
  // each looks at its own sources
  writeFileSync(join(home, 'eval/index.ts'), 'export {};');
  assert.match(run('igos', 'gc'), /^storing/);
  assert.match(run('igos', 'eval', '--expr', '1'), /FAULT|Error|error/);
  writeFileSync(join(home, 'cli/main.ts'), 'export const main = () => console.log("sources");');
  assert.match(run('igos', 'eval', '--expr', '1'), /^sources/);
});
