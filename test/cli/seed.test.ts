/** `igos seed lock`, from the tree to what is built with the lock, against a mirror in a folder. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { type DebSpec, writeMirror } from '../builder/debian-archive.ts';
import { golden } from '../golden.ts';
import { type Programs, programs } from './programs.ts';

const tool = (version: string): DebSpec => ({
  name: 'tool',
  version,
  depends: 'libtool (>= 1) | other, scripts',
  files: [{ name: './bin/tool', data: `tool ${version}\n`, mode: 0o755 }],
});
const libtool: DebSpec = { name: 'libtool', version: '1:1.5', files: [{ name: './usr/lib/libtool.so', data: 'lib' }] };
const scripts: DebSpec = { name: 'scripts', files: [{ name: './usr/sbin/script', data: 'script' }] };

interface Scene extends Programs {
  readonly tree: string;
  readonly mirror: string;
  /** With this mirror instead of the apt of the machine. */
  lock(...words: string[]): ReturnType<Programs['igos']>;
}

function scene(t: TestContext, specs: readonly DebSpec[]): Scene {
  const run = programs(t);
  const [tree, mirror] = [join(run.work, 'tree'), join(run.work, 'mirror')];
  mkdirSync(tree);
  writeFileSync(
    join(tree, 'a.igos'),
    `tier core { summary = "S"; }
package seed "1" {
  tier = core; summary = "S";
  style = debianSeed { lock = ./seed.lock; packages = [ "tool" ]; without = [ "scripts" ]; links = { "usr/bin/t" = "tool"; }; mirrors = [ "${pathToFileURL(mirror).href}" ]; };
}
package more "1" {
  tier = core; summary = "S";
  style = debianSeed { lock = ./seed.lock; packages = [ "libtool" ]; mirrors = [ "${pathToFileURL(mirror).href}" ]; };
}
`,
  );
  writeMirror(mirror, specs);
  const source = `${pathToFileURL(mirror).href} stable main`;
  return {
    ...run,
    tree,
    mirror,
    lock: (...words) =>
      run.igos('seed', 'lock', tree, '--architecture', 'amd64', '--mirror', source, '--no-check-sigs', ...words),
  };
}

const WARNING = /^warning: nobody vouches for the lists of file:\S+ stable: signatures were not to be checked\n/;

test('a tree is locked, built, checked and refreshed', (t) => {
  const { lock, igos, tree, mirror, work } = scene(t, [tool('1.0'), libtool, scripts]);
  const file = join(tree, 'seed.lock');

  const missing = lock('--check');
  assert.equal(missing.status, 1);
  assert.match(missing.stderr, /error\[E-CLI-071\]: '.*seed\.lock' is not current/);
  golden(t, 'errors/cli-seed-not-current.txt', missing.stderr.replace(WARNING, '').replaceAll(/'\S*seed\.lock'/g, "'seed.lock'"));
  assert.ok(!existsSync(file));

  const first = lock();
  assert.equal(first.status, 0, first.stderr);
  assert.match(first.stderr, WARNING);
  assert.match(first.stdout, /^\+ libtool 1:1\.5\n\+ tool 1\.0\n.*seed\.lock: 2 packages for amd64, \d/);
  golden(
    t,
    'cli/seed.lock',
    readFileSync(file, 'utf8')
      .replaceAll(/"sha256": "[0-9a-f]{64}"/g, '"sha256": "…"')
      .replaceAll(/"size": \d+/g, '"size": …'),
  );
  assert.equal(lock('--check').status, 0);
  const before = statSync(file).mtimeMs;
  assert.match(lock().stdout, /^[^+~-].*seed\.lock: 2 packages/);
  assert.equal(statSync(file).mtimeMs, before, 'an unchanged lock is not written again');

  const built = igos('realize', `${tree}#seed`, '--system', 'x86_64-linux');
  assert.equal(built.status, 0, built.stderr);
  const out = built.stdout.trim();
  const listed = igos('store', 'ls', '-R', out).stdout;
  assert.match(listed, /usr\/bin\/tool/);
  assert.match(listed, /usr\/lib\/libtool\.so/);
  assert.doesNotMatch(listed, /script/);
  assert.match(igos('realize', `${tree}#seed`, '--system', 'x86_64-linux', '--check').stdout, /the same, byte for byte/);

  // A newer version: what is locked stays while it is offered, unless the newest is asked for; what is gone goes along.
  writeMirror(mirror, [tool('1.0'), tool('1.1'), libtool, scripts]);
  assert.equal(lock('--check').status, 0);
  assert.equal(lock('--check', '--update').status, 1);
  writeMirror(mirror, [tool('1.1'), libtool, scripts]);
  const gone = lock('--check', '--json');
  assert.equal(gone.status, 1);
  assert.deepEqual((JSON.parse(gone.stdout) as { locks: { changed: string[] }[] }).locks[0]!.changed, ['tool 1.0 → 1.1']);
  assert.match(lock().stdout, /^~ tool 1\.0 → 1\.1\n.*: 2 packages for amd64/);

  // Other architectures in the file stay as they are.
  const other = lock('--architecture', 'arm64');
  assert.equal(other.status, 4, other.stdout);
  assert.match(other.stderr, /error\[E-BUILD-010\]: 'stable' of that mirror has no list 'main\/binary-arm64\/Packages'/);
  assert.equal(igos('store', 'verify').status, 0);
  assert.ok(existsSync(work));
});

test('a tree without a seed, and mirrors that are none', (t) => {
  const { igos, lock, tree } = scene(t, [libtool]);
  golden(t, 'errors/cli-no-seed.txt', igos('seed', 'lock', 'examples/tour/v1').stderr);
  assert.match(lock().stderr, /error\[E-BUILD-050\]: no list of packages offers 'tool'/);
  for (const source of ['example.org stable', 'https://example.org', 'https://example.org ../../x', 'ftp://example.org x main'])
    assert.equal(igos('seed', 'lock', tree, '--mirror', source).status, 2, source);
});

test('lists that are signed are checked with the keys that were named', (t) => {
  if (spawnSync('gpgv', ['--version']).status !== 0 || spawnSync('gpg', ['--version']).status !== 0)
    return t.skip('no gpg and gpgv here');
  const { igos, tree, mirror, work } = scene(t, [tool('1.0'), libtool, scripts]);
  // Away from what is removed by itself: gpg's agent removes its sockets when it ends.
  const home = mkdtempSync(join(tmpdir(), 'igos-keys-'));
  t.after(() => {
    spawnSync('gpgconf', ['--homedir', home, '--kill', 'all']);
    rmSync(home, { recursive: true, force: true, maxRetries: 3 });
  });
  const gpg = (...words: string[]): void => {
    const { status, stderr } = spawnSync('gpg', ['--homedir', home, '--batch', '--yes', '--quiet', ...words], {
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
  };
  gpg('--passphrase', '', '--quick-generate-key', 'archive', 'ed25519', 'sign', 'never');
  gpg('--passphrase', '', '--quick-generate-key', 'stranger', 'ed25519', 'sign', 'never');
  for (const name of ['archive', 'stranger']) gpg('--output', join(work, `${name}.gpg`), '--export', name);
  const release = join(mirror, 'dists/stable/Release');
  const source = `${pathToFileURL(mirror).href} stable`;
  const lock = (key: string) =>
    igos('seed', 'lock', tree, '--architecture', 'amd64', '--mirror', source, '--keyring', join(work, `${key}.gpg`));
  assert.equal(lock('archive').status, 4, 'no signature at all');
  gpg('--local-user', 'archive', '--output', `${release}.gpg`, '--detach-sign', release);
  const detached = lock('archive');
  assert.equal(detached.status, 0, detached.stderr);
  assert.equal(detached.stderr, '');
  assert.match(lock('stranger').stderr, /error\[E-BUILD-052\]: the signature of .* is not good/);

  const inline = join(mirror, 'dists/stable/InRelease');
  gpg('--local-user', 'archive', '--output', inline, '--clear-sign', release);
  assert.equal(lock('archive').status, 0);
  // What stands around the signed text counts for nothing.
  const text = readFileSync(inline, 'utf8');
  writeFileSync(inline, text.replace('Components: main', 'Components: evil'));
  assert.match(lock('archive').stderr, /E-BUILD-052/);
  assert.match(lock('stranger').stderr, /E-BUILD-052/);
  assert.ok(existsSync(join(tree, 'seed.lock')));
});
