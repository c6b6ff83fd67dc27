/** From declarations over one user's depot to another machine's root. */
import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { golden } from '../golden.ts';
import { noSandbox, type Programs, programs, type Run } from './programs.ts';

const skip = await noSandbox();

function ok(run: Run): Run {
  assert.equal(run.status, 0, run.stdout + run.stderr);
  return run;
}

/** A machine with what alan gives out: his key, and where his server is. */
function receiver(t: Parameters<typeof programs>[0], from: string): Programs {
  const machine = programs(t);
  const user = join(machine.work, 'home', 'var', 'depot', 'alan');
  mkdirSync(user, { recursive: true });
  cpSync(join(from, 'depot', 'alan', 'pubkey'), join(user, 'pubkey'));
  writeFileSync(join(user, 'download'), `file://${join(from, 'public')}\n`);
  return machine;
}

test('packages of igos go over a depot to a root', { skip }, (t) => {
  const alan = programs(t);
  const places = ['--depot', join(alan.work, 'depot'), '--public', join(alan.work, 'public')];
  ok(alan.igos('depot', 'keygen', 'alan', '--no-passphrase', '--bits', '2048', ...places));
  const create = () => {
    const made = ok(
      alan.igos('depot', 'create', 'examples/tour/v1#greet', 'examples/tour/v1#notes', '--user', 'alan', '--json', ...places),
    );
    return (JSON.parse(made.stdout) as { archives: { archive: string }[] }).archives.map(({ archive }) => archive);
  };
  const [greet, notes] = create();
  assert.match(greet!, /^alan\/pkg\/greet\/1\.0-[0-9a-f]{8}$/);
  assert.deepEqual(create(), [greet, notes], 'equal content is the same version');
  const withArch = (name: string) => name.replace('/pkg/', '/pkg/x86_64/');
  // A script is data, on every architecture; a shell is a program of one.
  const listed = ok(alan.igos('depot', 'list', ...places)).stdout;
  assert.match(listed, /^alan\/raw\/greet\/1\.0-/m);
  assert.match(listed, /^alan\/bin\/\w+\/shell\/1-/m);
  assert.doesNotMatch(listed, /(src|bin\/\w+)\/greet\//);
  const arch = ok(alan.igos('depot', 'list', 'alan/bin', ...places)).stdout.split('/')[2]!;
  const asked = [greet!, notes!].map((name) => withArch(name).replace('x86_64', arch));
  ok(alan.igos('depot', 'publish', ...asked, ...places));

  const bob = receiver(t, alan.work);
  const install = ok(bob.pkm('install', ...asked.map((name) => `depot:${name}`)));
  assert.match(install.stdout, /^installed greet 1\.0$/m);
  assert.match(ok(bob.pkm('verify')).stdout + ok(bob.pkm('verify')).stderr, /clean/);
  const info = JSON.parse(ok(bob.pkm('info', 'greet', '--json')).stdout) as { reason: string };
  assert.equal(info.reason, 'explicit');
  ok(bob.pkm('rollback', '0'));
  assert.equal(ok(bob.pkm('list')).stdout, '');

  // What somebody put into the depot since is not what is installed: the signed bytes are.
  const carol = receiver(t, alan.work);
  ok(carol.pkm('install', `depot:${asked[0]}`, '--dry-run'));
  const versions = join(carol.work, 'home', 'var', 'depot', 'alan', 'raw', 'greet');
  for (const version of readdirSync(versions)) writeFileSync(join(versions, version, 'greet.igos.tar.gz'), 'evil');
  ok(carol.pkm('install', `depot:${asked[0]}`));
  ok(carol.pkm('verify'));
  // What is in the depot, and not in its quarantine, is fetched as it was signed.
  rmSync(join(carol.work, 'home', 'var', 'depot', '.quarantine'), { recursive: true });
  const again = carol.pkm('install', `depot:${asked[0]}`, '--root', join(carol.work, 'another'));
  assert.match(ok(again).stderr, /^download alan\/raw\/greet\/1\.0-/m);
  ok(carol.pkm('verify', '--root', join(carol.work, 'another')));
});

/** Archives as Genode has them in the depot of a machine, published. */
function genodeArchives(machine: Programs, files: Readonly<Record<string, string>>, ...published: readonly string[]): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(machine.work, 'depot/alan', path, '..'), { recursive: true });
    writeFileSync(join(machine.work, 'depot/alan', path), text);
  }
  const places = ['--depot', join(machine.work, 'depot'), '--public', join(machine.work, 'public')];
  ok(machine.igos('depot', 'keygen', 'alan', '--no-passphrase', '--bits', '2048', ...places));
  ok(machine.igos('depot', 'publish', ...published, ...places));
}

test('archives of Genode are placed below /depot, upgraded and rolled back', (t) => {
  const alan = programs(t);
  const ofVersion = (version: string) => ({
    [`pkg/wall/${version}/README`]: 'x',
    [`pkg/wall/${version}/archives`]: `alan/pkg/paint/1\nalan/src/wall/${version}\n`,
    [`src/wall/${version}/LICENSE`]: 'free',
    [`bin/x86_64/wall/${version}/wall`]: `program ${version}`,
  });
  const paint = { 'pkg/paint/1/README': 'x', 'pkg/paint/1/archives': 'alan/raw/red/1\n', 'raw/red/1/red': '#f00' };
  const asked = ['alan/pkg/x86_64/wall/1', 'alan/pkg/x86_64/wall/2'] as const;
  genodeArchives(alan, { ...ofVersion('1'), ...ofVersion('2'), ...paint }, ...asked);

  const bob = receiver(t, alan.work);
  // What another tool downloaded into the depot is fetched again, as it was signed.
  const depot = join(bob.work, 'home', 'var', 'depot');
  ok(bob.igos('depot', 'download', asked[0], '--depot', depot, '--public', join(bob.work, 'public')));
  assert.match(ok(bob.pkm('install', `depot:${asked[0]}`)).stdout, /^installed alan\.pkg\.wall 1$/m);
  const root = join(bob.work, 'root');
  const programOf = (version: string) => join(root, 'depot/alan/bin/x86_64/wall', version, 'wall');
  assert.equal(readFileSync(programOf('1'), 'utf8'), 'program 1');
  assert.equal(readFileSync(join(root, 'depot/alan/raw/red/1/red'), 'utf8'), '#f00');
  assert.equal(readFileSync(join(root, 'depot/alan/pkg/wall/1/archives'), 'utf8'), 'alan/pkg/paint/1\nalan/src/wall/1\n');
  ok(bob.pkm('verify'));
  assert.match(bob.pkm('remove', 'alan.raw.red').stderr, /'alan\.pkg\.paint' needs 'alan\.raw\.red=1'/);

  ok(bob.pkm('install', `depot:${asked[1]}`));
  assert.equal(existsSync(programOf('1')), false);
  ok(bob.pkm('rollback'));
  assert.equal(readFileSync(programOf('1'), 'utf8'), 'program 1');
  ok(bob.pkm('verify'));
});

test('of an archive without version the current one of its recipe is meant, and of a source its binary', (t) => {
  const alan = programs(t);
  const arch = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
  const files = {
    'pkg/wall/7/README': 'x',
    'pkg/wall/7/archives': 'alan/src/wall/7\n',
    'src/wall/7/LICENSE': 'free',
    [`bin/${arch}/wall/7/wall`]: 'program',
    'raw/red/3/red': '#f00',
  };
  genodeArchives(alan, files, `alan/pkg/${arch}/wall/7`, 'alan/raw/red/3');
  for (const [recipe, version] of [
    ['pkg/wall', '7'],
    ['src/wall', '7'],
    ['raw/red', '3'],
    ['raw/blue', '-'],
  ]) {
    mkdirSync(join(alan.work, 'source/repos/demo/recipes', recipe!), { recursive: true });
    writeFileSync(join(alan.work, 'source/repos/demo/recipes', recipe!, 'hash'), `${version} 0123\n`);
  }
  const bob = receiver(t, alan.work);
  const install = (...operands: readonly string[]) =>
    bob.pkm('install', ...operands, '--tree', join(alan.work, 'source'), '--dry-run');
  const lines = (run: Run) => ok(run).stdout.match(/alan\.\S+ \d/g);
  assert.deepEqual(lines(install('depot:alan/pkg/wall')), [`alan.bin.${arch}.wall 7`, 'alan.pkg.wall 7']);
  assert.deepEqual(lines(install(`depot:alan/pkg/${arch}/wall`)), [`alan.bin.${arch}.wall 7`, 'alan.pkg.wall 7']);
  assert.deepEqual(lines(install('depot:alan/src/wall', 'depot:alan/raw/red')), [`alan.bin.${arch}.wall 7`, 'alan.raw.red 3']);
  assert.match(install('depot:alan/raw/blue').stderr, /the recipe of 'raw\/blue' has no version yet/);
});

test('what is no package of igos though it says so, and what is nothing for a root, is refused', (t) => {
  const alan = programs(t);
  const files = {
    'pkg/two/1/README': 'x',
    'pkg/two/1/archives': 'alan/raw/two/1\n',
    'raw/two/1/a.igos.tar.gz': 'x',
    'raw/two/1/b.igos.tar.gz': 'x',
  };
  genodeArchives(alan, files, 'alan/pkg/x86_64/two/1');
  const bob = receiver(t, alan.work);
  const refusals = ['depot:alan/pkg/x86_64/two/1', 'depot:alan/api/clock/1', 'depot:carol/pkg/x86_64/two/1'].map((operand) => {
    const { status, stderr } = bob.pkm('install', '--quiet', operand);
    assert.notEqual(status, 0);
    return stderr.replaceAll(bob.work, '/tmp');
  });
  golden(t, 'errors/depot-install.txt', refusals.join('\n'));
  assert.equal(ok(bob.pkm('list')).stdout, '');
});
