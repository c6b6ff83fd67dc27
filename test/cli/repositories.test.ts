/** From a tree to archives, a repository, and packages installed from it by name: as the commands say it. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { writeArchive } from '../../pkm/index.ts';
import { removeTree } from '../../store/write-tree.ts';
import { golden } from '../golden.ts';
import { type FileSpec, Sandbox } from '../pkm/support.ts';
import { runHere } from './in-process.ts';
import { noSandbox, project, type Run } from './programs.ts';

const work = mkdtempSync(join(tmpdir(), 'igos-repositories-'));
after(() => removeTree(work));
const home = join(work, 'home');
const folder = join(work, 'packages');
const secret = join(work, 'secret.key');
const open = join(work, 'open.pub');
const box = new Sandbox(undefined, work);

const igos = (...words: string[]): Promise<Run> => runHere('igos', [...words, '--home', home]);
const pkm = (...words: string[]): Promise<Run> => runHere('pkm', [...words, '--root', box.root, '--home', home]);
async function good(run: Promise<Run>): Promise<string> {
  const { status, stdout, stderr } = await run;
  assert.equal(status, 0, stdout + stderr);
  return stdout;
}
async function add(about: string, files: Record<string, FileSpec>, more = {}): Promise<void> {
  mkdirSync(folder, { recursive: true });
  await writeArchive(box.image(about, files, more), join(folder, `${about.replace(' ', '-')}.igos.tar.gz`));
}
const plain = (text: string): string => text.replaceAll(work, '<work>').replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/g, '<time>');

test('archive: a package of a tree, the same to the bit; into a file, into a folder', { skip: await noSandbox() }, async () => {
  const tree = join(work, 'tree');
  cpSync(join(project, 'examples/tour/v1'), tree, { recursive: true });
  const declarations = join(tree, 'base.igos');
  writeFileSync(
    declarations,
    readFileSync(declarations, 'utf8').replace(
      'runtime = [ greet-lib shell ];',
      'runtime = [ greet-lib shell ]; modes = { "usr/bin/greet" = "4755"; }; capabilities = { "usr/bin/greet" = "cap_net_raw=ep"; };',
    ),
  );
  const first = join(work, 'one.igos.tar.gz');
  await good(igos('archive', `${tree}#greet`, '-o', first));
  assert.match(await good(igos('archive', `${tree}#greet`, '-o', join(work, 'folder/'))), /greet-1\.0\.igos\.tar\.gz/);
  assert.ok(readFileSync(first).equals(readFileSync(join(work, 'folder/greet-1.0.igos.tar.gz'))));
  assert.match(execFileSync('tar', ['-xzOf', first, '.PKGINFO'], { encoding: 'utf8' }), /^pkgname = greet\npkgver = 1.0\n/);
  assert.match(execFileSync('tar', ['-xzOf', first, '.PKGINFO'], { encoding: 'utf8' }), /^privileged = usr\/bin\/greet$/m);
  assert.match(execFileSync('tar', ['-tvzf', first], { encoding: 'utf8' }), /^-rwsr-xr-x 0\/0 .* usr\/bin\/greet$/m);
  assert.ok(gunzipSync(readFileSync(first)).includes('SCHILY.xattr.security.capability='));
  const { archives } = JSON.parse(
    await good(igos('archive', `${tree}#greet`, '--closure', '--json', '-o', join(work, 'all/'))),
  ) as {
    archives: { name: string; file: string; sha256: string }[];
  };
  assert.deepEqual(new Set(archives.map((one) => one.name)), new Set(['greet', 'greet-lib', 'shell']));
  for (const { file } of archives) assert.ok(existsSync(file));
  assert.equal((await igos('archive', tree, '-o', join(work, 'one-file'))).status, 2);
  // Of a tree what ships; 'shell' is of a tier that does not, and greet needs it to run. Nobody's need, 'unused' is left out.
  writeFileSync(
    join(tree, 'unused.igos'),
    'package unused "1" { tier = toolchain; summary = "For builds"; build = [ shell ]; phases.install = "mkdir $out"; }\n',
  );
  const all = JSON.parse(await good(igos('archive', tree, '--json', '-o', join(work, 'tree-archives/')))) as {
    archives: { name: string }[];
  };
  assert.deepEqual(
    new Set(all.archives.map((one) => one.name)),
    new Set(['banner', 'base-files', 'greet', 'greet-lib', 'notes', 'shell']),
  );
  const named = join(work, 'unused.igos.tar.gz');
  assert.match(await good(igos('archive', `${tree}#unused`, '-o', named)), /unused/);
});

test('repo build needs a key, and says what it did', async () => {
  await add('hello 1.0', { 'usr/bin/hello': { mode: 0o755, text: 'hello' } }, { summary: 'Says hello', runtime: ['libgreet'] });
  await add('libgreet 2.1', { 'usr/lib/libgreet.so': 'lib' }, { summary: 'Greets', provides: ['greeting'], license: 'MIT' });
  assert.equal((await igos('repo', 'build', folder)).status, 2);
  const text = await good(igos('key', 'generate', 'packages-1', '-o', secret));
  writeFileSync(open, text);
  assert.equal(await good(igos('repo', 'build', folder, '-k', secret)), '2 packages (2 read), serial 1, good for 30 days\n');
  const json = JSON.parse(await good(igos('repo', 'build', folder, '-k', secret, '--expires', '0', '--json'))) as Record<
    string,
    unknown
  >;
  assert.deepEqual([json['serial'], json['expiresAt'], json['read']], [2, 0, 0]);
});

test('sync: by address, with a key; nothing known is a usage error', async () => {
  assert.equal((await pkm('sync')).status, 2);
  const refused = await pkm('sync', folder);
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /E-PKM-026.*no key is trusted here/s);
  assert.match(await good(pkm('sync', folder, '--key', open)), /2 packages, serial 2\n$/);
  assert.match(await good(pkm('update', folder, '--key', open)), /serial 2 as before\n$/);
  // what was synced by its address once is not fetched again by itself, and is named
  const again = await pkm('sync');
  assert.equal(again.status, 2);
  assert.match(again.stderr, /hint: pkm sync file:\/\/\/.*packages\/ --key KEY.pub\n/);
});

test('sync: what files describe, and what they do not any more is forgotten', async (t) => {
  box.write('etc/igos/repositories.d/main.conf', `address = file://${folder}\nkey = ${readFileSync(open, 'utf8')}`);
  assert.match(await good(pkm('sync')), /^synced main: 2 packages/);
  assert.match(await good(pkm('sync', 'main')), /^synced main: 2 packages/);
  const none = await pkm('sync', 'mian');
  golden(t, 'errors/pkm-repository-unknown.txt', none.stderr);
  const secret = await pkm('sync', '--forget', 'https://joe:secret@example.org/');
  assert.match(secret.stderr, /there is no repository 'https:\/\/example.org\/'/);
  assert.match(await good(pkm('repositories')), /^main: file:.*\n {2}2 packages, serial 2, priority 100\n {2}synced .* UTC\n$/);
  const json = JSON.parse(await good(pkm('repositories', '--json'))) as { repositories: object[]; unsynced: object[] };
  assert.deepEqual([json.repositories.length, json.unsynced.length], [1, 0]);
  box.write('etc/igos/repositories.d/main.conf', `address = file://${work}/elsewhere\n`);
  const moved = await pkm('sync');
  assert.equal(moved.status, 1);
  assert.match(moved.stdout, /^forgot main\n$/);
  assert.match(moved.stderr, /there is no such file/);
  assert.match(await good(pkm('repositories')), /not synced yet/);
  assert.match(await good(pkm('available')), /^$/);
  box.write('etc/igos/repositories.d/main.conf', `address = file://${folder}\nkey = ${readFileSync(open, 'utf8')}`);
  await good(pkm('sync'));
});

test('available, search, info, provides: what is offered', async () => {
  assert.equal(await good(pkm('available')), 'hello 1.0     Says hello\nlibgreet 2.1  Greets\n');
  assert.equal(await good(pkm('available', 'lib*')), 'libgreet 2.1  Greets\n');
  assert.equal(await good(pkm('search', 'GREET')), 'libgreet 2.1  Greets\n');
  assert.equal(await good(pkm('search', 'says', 'hel')), 'hello 1.0  Says hello\n');
  assert.equal((await pkm('search', 'nothing')).status, 1);
  const info = await good(pkm('info', 'libgreet'));
  for (const line of [/^name +libgreet$/m, /^installed +no$/m, /^license +MIT$/m, /^provides +greeting$/m, /^download +\d+ B$/m])
    assert.match(info, line);
  assert.equal((await pkm('info', 'nothing')).status, 1);
  assert.equal(await good(pkm('provides', '/usr/bin/hello')), 'hello 1.0: usr/bin/hello\n');
  assert.equal(await good(pkm('provides', 'libgreet.*')), 'libgreet 2.1: usr/lib/libgreet.so\n');
  assert.equal(await good(pkm('provides', 'greeting')), 'libgreet 2.1: greeting\n');
  assert.equal(await good(pkm('provides', 'libgreet')), 'libgreet 2.1: libgreet\n', 'a package stands for its own name');
  assert.equal((await pkm('provides', '/usr/bin/none')).status, 1);
  const { found } = JSON.parse(await good(pkm('provides', '*/hello', '--json'))) as { found: object[] };
  assert.equal(found.length, 1);
});

test('install by name, with what it needs; outdated; upgrade', async () => {
  assert.match(await good(pkm('install', 'hello', '--dry-run')), /hello/);
  assert.equal(box.read('usr/bin/hello'), undefined);
  await good(pkm('install', 'hello', '--archive-trust', 'repo-only'));
  assert.equal(box.read('usr/bin/hello'), 'hello');
  assert.deepEqual(
    box.do((root) => root.list().map((record) => [record.name, record.reason])),
    [
      ['hello', 'explicit'],
      ['libgreet', 'dependency'],
    ],
  );
  assert.equal(await good(pkm('available')), 'hello 1.0     installed  Says hello\nlibgreet 2.1  installed  Greets\n');
  assert.match(await good(pkm('provides', '/usr/bin/hello')), /\(installed\)/);
  await good(pkm('outdated'));
  await add(
    'hello 1.1',
    { 'usr/bin/hello': { mode: 0o755, text: 'hello 1.1' } },
    { summary: 'Says hello', runtime: ['libgreet>=2.2'] },
  );
  await add('libgreet 2.2', { 'usr/lib/libgreet.so': 'lib 2.2' }, { summary: 'Greets', provides: ['greeting'] });
  await good(igos('repo', 'build', folder, '-k', secret));
  await good(pkm('sync'));
  assert.equal(await good(pkm('outdated')), 'hello 1.0 -> 1.1\nlibgreet 2.1 -> 2.2\n');
  assert.equal(
    await good(pkm('available', 'hello', '--all')),
    'hello 1.1  installed: 1.0  Says hello\nhello 1.0  installed       Says hello\n',
  );
  assert.match(await good(pkm('info', 'hello')), /^offered +1\.1 by .*, 1\.0 by /m);
  await good(pkm('upgrade', 'libgreet'));
  assert.equal(box.read('usr/lib/libgreet.so'), 'lib 2.2');
  await good(pkm('upgrade'));
  assert.equal(box.read('usr/bin/hello'), 'hello 1.1');
  assert.deepEqual(
    box.do((root) => root.list().map((record) => [record.name, record.version, record.reason])),
    [
      ['hello', '1.1', 'explicit'],
      ['libgreet', '2.2', 'dependency'],
    ],
  );
  assert.match(await good(pkm('upgrade')), /nothing to do/);
  assert.equal((await pkm('install', 'nothing')).status, 1);
});

test('cache clean', async () => {
  assert.equal(
    await good(pkm('cache', 'clean', '--all')),
    'removed 0 files, 0 B\n',
    'archives of a folder are used where they are',
  );
  assert.deepEqual(JSON.parse(await good(pkm('cache', 'clean', '--dry-run', '--json'))), {
    files: 0,
    sizeBytes: 0,
    dryRun: true,
  });
});

test('forget: nothing vouches for its archives any more', async () => {
  assert.match(plain(await good(pkm('sync', '--forget', 'main'))), /^forgot main\n$/);
  assert.equal(await good(pkm('available')), '');
  const refused = await pkm('install', '--archive', join(folder, 'hello-1.0.igos.tar.gz'));
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /E-PKM-025/);
});

test('upgrade goes to the end of a chain of successors, and hands on that the first was asked for', async () => {
  const root = join(work, 'chain-root');
  const here = (...words: string[]): Promise<Run> => runHere('pkm', [...words, '--root', root, '--home', home]);
  const packages = join(work, 'chain');
  mkdirSync(packages);
  const make = (about: string, more = {}): Promise<unknown> =>
    writeArchive(
      box.image(about, { [`usr/${about.split(' ')[0]}`]: about }, more),
      join(packages, `${about.replace(' ', '-')}.igos.tar.gz`),
    );
  await make('old 1');
  await make('user 1', { runtime: ['old'] });
  await good(igos('repo', 'build', packages, '-k', secret));
  await good(here('sync', packages, '--key', open));
  await good(here('install', 'user'));
  await good(here('mark', 'explicit', 'old'));
  await make('mid 2', { supersedes: ['old'] });
  await make('new 3', { supersedes: ['mid'] });
  await good(igos('repo', 'build', packages, '-k', secret));
  await good(here('sync', packages, '--key', open));
  assert.match(await good(here('outdated')), /^old 1 -> superseded by new 3\n$/);
  await good(here('upgrade'));
  const { packages: list } = JSON.parse(await good(here('list', '--json'))) as { packages: { name: string; reason: string }[] };
  assert.deepEqual(
    list.map(({ name, reason }) => [name, reason]),
    [
      ['new', 'explicit'],
      ['user', 'explicit'],
    ],
  );
  assert.match(await good(here('upgrade')), /nothing to do/);
  assert.equal(await good(here('outdated')), '');
  await good(here('verify'));
  assert.match(await good(here('autoremove')), /nothing/);
  assert.match((await here('remove', 'new')).stderr, /'user' needs 'old'/);
});

test('sync takes a repository for the one that it was, until it is told otherwise', async () => {
  const build = (identity: string) => good(igos('repo', 'build', folder, '-k', secret, '--identity', identity));
  const sync = (...words: string[]) => pkm('sync', folder, '--key', open, ...words);
  await build('example.org/main');
  assert.equal(JSON.parse(await good(sync('--json'))).repositories[0].identity, 'example.org/main');
  assert.match(await good(pkm('repositories')), /^ {2}\d packages?, serial \d+, priority 100, identity example.org\/main$/m);
  await build('example.org/next');
  const refused = await sync('--force');
  assert.equal(refused.status, 1);
  const way = /moved here: pkm sync (\S+) --identity (\S+)$/m.exec(refused.stderr);
  assert.ok(way !== null, refused.stderr);
  await good(pkm('sync', way[1]!, '--key', open, '--identity', way[2]!));
  await good(sync());
  const several = await pkm('sync', folder, 'https://example.org/', '--identity', 'x');
  assert.deepEqual([several.status, /--identity is that of one repository/.test(several.stderr)], [2, true]);
});
