import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, lstatSync, readdirSync, rmSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Sandbox } from '../pkm/support.ts';
import { runHere } from './in-process.ts';
import { noSandbox, programs, project } from './programs.ts';

const skip = process.geteuid?.() === 0 ? await noSandbox() : 'needs root to become somebody else';

const file = join(import.meta.dirname, '../../cli/user-home.ts');

/** What another process finds. */
function homeOf(environment: Readonly<Record<string, string>>, before = ''): string {
  const script = `const { userHome } = await import(${JSON.stringify(file)}); ${before}; process.stdout.write(userHome());`;
  const run = spawnSync(process.execPath, ['--input-type=module', '-e', script], { env: environment, encoding: 'utf8' });
  assert.equal(run.status, 0, run.stderr);
  return run.stdout;
}

test('a HOME that is empty is as none', () => {
  assert.deepEqual([homeOf({ HOME: '/x' }), homeOf({ HOME: '' }), homeOf({})], ['/x', userInfo().homedir, userInfo().homedir]);
});

test('a user whom the system does not know has a home', {
  skip: process.getuid?.() !== 0 && 'only root becomes another user',
}, () => {
  assert.equal(homeOf({}, 'process.setuid(54321)'), '/');
});

test('a user whom the system does not know may ask what adopting and rebuilding would do', {
  skip: process.getuid?.() !== 0 && 'only root becomes another user',
}, async (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('a 1', { 'usr/a': 'a' })]));
  chmodSync(box.base, 0o755);
  const run = (...words: string[]) =>
    runHere('pkm', [...words, '--dry-run', '--root', box.root, '--home', join(box.base, 'home')]);
  process.seteuid!(54_321);
  try {
    assert.match((await run('adopt')).stderr, /E-PKM-064/);
    process.seteuid!(0);
    rmSync(box.path('var/lib/igos/pkm.db'));
    process.seteuid!(54_321);
    assert.match((await run('repair', '--rebuild-database')).stdout, /would make it anew/);
  } finally {
    process.seteuid!(0);
  }
});

test('who cannot make a store at home is told how to have one elsewhere', {
  skip: process.getuid?.() !== 0 && 'only root becomes another user',
}, async (t) => {
  const box = new Sandbox(t);
  chmodSync(box.base, 0o755);
  process.seteuid!(54_321);
  try {
    const { stderr, status } = await runHere('igos', ['store', 'add', file, '--home', join(box.base, 'store-of-mine')]);
    assert.equal(status, 1);
    assert.match(stderr, /^error: cannot create the folder '.*store-of-mine.*': permission denied$/m);
    assert.match(stderr, /^hint: .*a store of your own with --home or IGOS_HOME$/m);
  } finally {
    process.seteuid!(0);
  }
});

test('nobody else may write in a store, whatever the umask', (t) => {
  const { work, igos } = programs(t);
  const before = process.umask(0);
  const run = igos('store', 'add', file);
  process.umask(before);
  assert.equal(run.status, 0, run.stderr);
  const home = join(work, 'home');
  const open = readdirSync(home, { recursive: true, encoding: 'utf8' }).filter((name) => {
    const stat = lstatSync(join(home, name));
    return !stat.isSymbolicLink() && (stat.mode & 0o022) !== 0;
  });
  assert.deepEqual(open, []);
});

test('a store that others may read stays so when its owner works under a closed umask; one that was made so is closed, and says so', {
  skip,
}, (t) => {
  const { work, igos } = programs(t);
  const derivation = (name: string): string =>
    `derivation { name = "${name}"; system = "x86_64-linux"; builder = "/bin/sh"; args = [ "-c" "echo ${name} >$out" ]; }`;
  const closed = (...words: string[]): void => {
    const before = process.umask(0o077);
    const { status, stderr } = igos(...words);
    process.umask(before);
    assert.equal(status, 0, stderr);
  };
  const asOther = (home: string, expression: string) =>
    spawnSync(join(project, 'bin/igos'), ['log', '--home', home, expression], {
      encoding: 'utf8',
      uid: 54_321,
      gid: 54_321,
      cwd: '/',
      env: { PATH: process.env['PATH'], HOME: '/nonexistent', NO_COLOR: '1' },
    });
  chmodSync(work, 0o755);
  assert.equal(igos('store', 'add', file).status, 0);
  closed('realize', '--expr', derivation('first'));
  const drv = igos('instantiate', '--expr', derivation('first')).stdout.trim();
  const { status, stderr } = asOther(join(work, 'home'), drv);
  assert.deepEqual([status, stderr], [0, '']);

  const own = join(work, 'own');
  closed('realize', '--home', own, '--expr', derivation('first'));
  assert.match(
    asOther(own, drv).stderr,
    /permission denied\nhint: this store is closed to others: its owner opens it with chmod -R go\+rX, or choose/,
  );
});
