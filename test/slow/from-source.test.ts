/** Real upstream software, from released archives to a root that runs: examples/from-source. Minutes, and needs its sources. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

const project = join(import.meta.dirname, '..', '..');
const tree = 'examples/from-source';
let scratch = '';

before(() => {
  scratch = mkdtempSync(join(tmpdir(), 'igos-from-source-'));
});
after(() => removeAll(scratch));

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(program: 'igos' | 'pkm', ...words: string[]): Ended {
  return spawnSync(join(project, 'bin', program), words, {
    cwd: project,
    encoding: 'utf8',
    env: { ...process.env, IGOS_HOME: join(scratch, 'home'), NO_COLOR: '1' },
    maxBuffer: 1 << 28,
  });
}

function ok(program: 'igos' | 'pkm', ...words: string[]): string {
  const { status, stdout, stderr } = run(program, ...words);
  assert.equal(status, 0, `${program} ${words.join(' ')}\n${stderr.slice(-4000)}`);
  return stdout;
}

/** Stores hold folders that nobody may write, not even to empty them. */
function removeAll(folder: string): void {
  if (process.getuid?.() !== 0) openFolders(folder);
  rmSync(folder, { recursive: true, force: true });
}

function openFolders(folder: string): void {
  if (!existsSync(folder) || !lstatSync(folder).isDirectory()) return;
  chmodSync(folder, 0o700);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) openFolders(join(folder, entry.name));
  }
}

const missing = (): string | undefined => {
  const has = (command: string, ...words: string[]): boolean => spawnSync(command, words, { stdio: 'ignore' }).status === 0;
  if (!has('gcc', '--version')) return 'needs gcc';
  if (!has('make', '--version')) return 'needs make';
  if (!has('unshare', '--user', '--map-root-user', '--mount', 'true')) return 'needs user namespaces';
  return undefined;
};

/** A program of the root, with the root as its whole world. */
function inRoot(root: string, ...words: string[]): Ended {
  return spawnSync('unshare', ['--user', '--map-root-user', '--root', root, '--wd', '/', ...words], {
    encoding: 'utf8',
    env: { PATH: '/usr/bin', TERM: 'dumb' },
  });
}

test('released archives become a root in which bash, lua, sed and hello run', (t) => {
  const reason = missing();
  if (reason !== undefined) return t.skip(reason);

  const first = run('igos', 'realize', `${tree}#ci`, '--jobs', '2');
  if (/E-BUILD-04/.test(first.stderr)) return t.skip(`the sources cannot be fetched here: ${first.stderr.split('\n')[0]}`);
  assert.equal(first.status, 0, first.stderr.slice(-4000));
  for (const name of ['bash-5.2.15', 'hello-2.10', 'lua-5.4.4', 'sed-4.9', 'zlib-1.2.13']) {
    assert.match(first.stdout, new RegExp(`^/igos/store/[0-9a-z]{32}-${name}$`, 'm'));
  }
  assert.equal(ok('igos', 'realize', `${tree}#ci`), first.stdout, 'the second time, everything is there');

  const root = join(scratch, 'root');
  for (const name of ['bash', 'lua', 'sed', 'hello', 'ncurses-terminfo']) ok('pkm', '--root', root, 'install', `${tree}#${name}`);
  assert.match(inRoot(root, '/usr/bin/bash', '--version').stdout, /^GNU bash, version 5\.2\.15/);
  assert.equal(inRoot(root, '/usr/bin/sh', '-c', 'hello | sed s/world/igos/').stdout, 'Hello, igos!\n');
  assert.equal(
    inRoot(root, '/usr/bin/lua', '-e', 'print(_VERSION, package.path:match("^[^;]*"))').stdout,
    'Lua 5.4\t/usr/share/lua/5.4/?.lua\n',
  );
  assert.equal(inRoot(root, '/usr/bin/bash', '-c', 'echo "$BASH_VERSION"; ! [ -e /usr/bin/gcc ]').status, 0);
  ok('pkm', '--root', root, 'verify');

  ok('igos', 'realize', '--check', `${tree}#zlib`, `${tree}#readline`);
});
