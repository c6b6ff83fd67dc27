/**
 * `npm run tour`: plays the whole story in a scratch folder with the real programs, and checks at every step that what should
 * happen does. Needs Linux with user namespaces (or root) and a POSIX shell with the usual tools.
 */
import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const project = join(import.meta.dirname, '..', '..');
const scratch = mkdtempSync(join(tmpdir(), 'igos-tour-'));
const root = join(scratch, 'root');
const isColored = process.stdout.isTTY === true && !process.env['NO_COLOR'];
const bold = (text: string): string => (isColored ? `\u001b[1m${text}\u001b[0m` : text);
const dim = (text: string): string => (isColored ? `\u001b[2m${text}\u001b[0m` : text);
let stepNumber = 0;
const started = performance.now();

process.on('exit', () => {
  spawnSync('chmod', ['-R', 'u+w', scratch]); // store objects are read-only, and only root may remove them as they are
  rmSync(scratch, { recursive: true, force: true });
});

say('one package set in three tiers is declared in examples/tour/v1; here is what it holds');
igos('show', 'examples/tour/v1');
say('declarations are values: any expression can ask for them');
igos('eval', 'examples/tour/v1', '--strict', '--expr', 'map (p: "${p.name} ${p.version}") (builtins.attrValues packages)');

say('building: each package in a sandbox that holds only what it declares');
igos('realize', 'examples/tour/v1');
say('building again: everything is there');
const again = igos('realize', 'examples/tour/v1', '--dry-run');
expect(/nothing to do|everything is (there|built)/i.test(again), 'a second build has nothing to do');

say('installing on a root, with what they need to run');
pkm('install', 'examples/tour/v1#greet', 'examples/tour/v1#notes', 'examples/tour/v1#banner');
pkm('list');
show('etc/greet.conf');

say('you edit a configuration file');
edit('etc/greet.conf', (text) => text.replace(/^name = .*$/m, 'name = tour guest'));

say('version 2: greet has new defaults, notes is split into notes-core and notes-extra');
pkm('upgrade', 'examples/tour/v2');
pkm('list');
show('etc/greet.conf');
expect(readFileSync(join(root, 'etc/greet.conf'), 'utf8').includes('name = tour guest'), 'your edit survived the upgrade');
expect(!existsSync(join(root, 'etc/greet.conf.new')), 'the merge was clean');
pkm('owns', '/usr/bin/notes-count', '/usr/share/notes/ABOUT');

say('someone tampers with an installed program');
appendFileSync(join(root, 'usr/bin/greet'), 'rm -rf /\n');
const found = pkm('verify', { status: 1 });
expect(found.includes('usr/bin/greet'), 'verify names the file');
say('the store still has the true one');
pkm('repair');
pkm('verify');

say('what happened, and the way back');
pkm('history');
pkm('generations');
pkm('rollback');
pkm('list');
show('etc/greet.conf');
expect(readFileSync(join(root, 'etc/greet.conf'), 'utf8').includes('name = tour guest'), 'your edit survived the rollback');
pkm('verify');

process.stdout.write(
  `\n${bold(`That was the tour: ${stepNumber} steps in ${((performance.now() - started) / 1000).toFixed(1)} s.`)} Next: examples/from-source builds real software.\n`,
);

function say(text: string): void {
  stepNumber += 1;
  process.stdout.write(`\n${bold(`${stepNumber}. ${text}`)}\n`);
}

function igos(...words: string[]): string {
  return run('igos', words, words, 0);
}

function pkm(...words: (string | { status: number })[]): string {
  const plain = words.filter((word) => typeof word === 'string');
  const options = words.find((word) => typeof word !== 'string');
  return run('pkm', ['--root', root, ...plain], ['--root', '$ROOT', ...plain], options?.status ?? 0);
}

/** Runs one of our programs as a user would, shows the command and its output; returns stdout and stderr. */
function run(program: string, words: readonly string[], shown: readonly string[], wantedStatus: number): string {
  const quoted = shown.map((word) => (/^[\w@%+=:,./#$-]+$/.test(word) ? word : `'${word}'`));
  process.stdout.write(`${dim('$')} ${program} ${quoted.join(' ')}\n`);
  const result = spawnSync(join(project, 'bin', program), words, {
    cwd: project,
    encoding: 'utf8',
    env: { ...process.env, IGOS_HOME: join(scratch, 'home'), NO_COLOR: '1' },
  });
  const output = `${result.stdout}${result.stderr}`.replaceAll(root, '$ROOT');
  process.stdout.write(output.replace(/^(?=.)/gm, '  '));
  if (result.status !== wantedStatus) fail(`it ended with status ${result.status}, not ${wantedStatus}`);
  return output;
}

function show(path: string): void {
  process.stdout.write(`${dim('$')} cat $ROOT/${path}\n${readFileSync(join(root, path), 'utf8').replace(/^(?=.)/gm, '  ')}`);
}

function edit(path: string, change: (text: string) => string): void {
  const file = join(root, path);
  const before = readFileSync(file, 'utf8');
  const after = change(before);
  expect(after !== before, `${path} can be edited as the tour wants`);
  writeFileSync(file, after);
  const lines = after.split('\n').filter((line) => !before.split('\n').includes(line));
  process.stdout.write(`  ${path}: ${lines.join('; ')}\n`);
}

function expect(isTrue: boolean, text: string): void {
  if (!isTrue) fail(`not so: ${text}`);
  process.stdout.write(`  ${dim('✓')} ${text}\n`);
}

function fail(text: string): never {
  process.stdout.write(`\nthe tour stops here: ${text}\n`);
  process.exit(1);
}
