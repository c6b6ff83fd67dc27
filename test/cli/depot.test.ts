/** From declarations over one user's depot to another machine's root. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
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

test('what holds no package of igos, or is no package archive, is refused', { skip }, (t) => {
  const alan = programs(t);
  const places = ['--depot', join(alan.work, 'depot'), '--public', join(alan.work, 'public')];
  ok(alan.igos('depot', 'keygen', 'alan', '--no-passphrase', '--bits', '2048', ...places));
  for (const [path, text] of [
    ['pkg/wall/1/README', 'x'],
    ['pkg/wall/1/archives', 'alan/src/wall/1\n'],
    ['src/wall/1/LICENSE', 'free'],
    ['bin/x86_64/wall/1/wall', 'a program for Genode'],
  ] as const) {
    mkdirSync(join(alan.work, 'depot/alan', path, '..'), { recursive: true });
    writeFileSync(join(alan.work, 'depot/alan', path), text);
  }
  ok(alan.igos('depot', 'publish', 'alan/pkg/x86_64/wall/1', ...places));
  const bob = receiver(t, alan.work);
  const refusals = ['depot:alan/pkg/x86_64/wall/1', 'depot:alan/pkg/wall/1', 'depot:carol/pkg/x86_64/wall/1'].map((operand) => {
    const { status, stderr } = bob.pkm('install', '--quiet', operand);
    assert.notEqual(status, 0);
    return stderr.replaceAll(bob.work, '/tmp');
  });
  golden(t, 'errors/depot-install.txt', refusals.join('\n'));
  assert.equal(ok(bob.pkm('list')).stdout, '');
});
