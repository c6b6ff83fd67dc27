/** The depot's tools take their words as Genode's manual writes them: variables of make, `-j4`, names with a dash before the version. */
import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { runHere } from './in-process.ts';
import { project } from './programs.ts';

test('without an archive a tool says what it is and what it takes', async () => {
  for (const tool of ['extract', 'create', 'build', 'publish', 'download', 'dependencies', 'info']) {
    const { status, stdout } = await runHere('igos', ['depot', tool]);
    assert.equal(status, 0, tool);
    assert.match(stdout, new RegExp(`^usage: igos depot ${tool} \\[OPTION…\\] ARCHIVE…`, 'm'));
  }
});

test('create, build, publish and download in the words of the manual', async (t) => {
  const work = mkdtempSync(join(tmpdir(), 'igos-depot-words-'));
  t.after(() => rmSync(work, { recursive: true, force: true }));
  cpSync(join(project, 'examples', 'depot'), join(work, 'tree'), { recursive: true });
  const depot = join(work, 'tree', 'depot');
  const tool = async (...words: string[]): Promise<string> => {
    const more = ['--tree', join(work, 'tree'), '--home', join(work, 'home'), `PUBLIC_DIR=${join(work, 'public')}`];
    const { status, stdout, stderr } = await runHere('igos', ['depot', ...words, ...more]);
    assert.equal(status, 0, `${words.join(' ')}\n${stdout}${stderr}`);
    return stdout;
  };
  const { status } = await runHere('igos', [
    ...[
      'depot',
      'keygen',
      'alan',
      '--no-passphrase',
      '--bits',
      '2048',
      '--tree',
      join(work, 'tree'),
      '--home',
      join(work, 'home'),
    ],
  ]);
  assert.equal(status, 0);

  // Without a version the current one is meant; today is the version of what changed.
  const made = await tool('create', 'alan/pkg/wall', 'UPDATE_VERSIONS=1', '-j2');
  assert.match(made, /^created alan\/src\/wall\/\d{4}-\d\d-\d\d \(new version\)$/m);
  const [version] = readdirSync(join(depot, 'alan', 'src', 'wall'));

  const binary = `alan/bin/x86_64/wall-${version}`;
  const folders = () =>
    readdirSync(join(depot, 'alan/bin/x86_64/wall'))
      .filter((name) => !name.endsWith('.hash'))
      .sort();
  assert.equal(await tool('build', binary, '-j4'), `created alan/bin/x86_64/wall/${version}\n`);
  assert.deepEqual(folders(), [version], 'only the result is kept');
  assert.equal(await tool('build', binary), '', 'what is there is not built again');
  assert.equal(await tool('build', binary, 'FORCE=1', 'KEEP_BUILD_DIR=1'), `created alan/bin/x86_64/wall/${version}\n`);
  assert.deepEqual(folders(), [version, `${version}.build`]);

  const published = await tool('publish', `alan/pkg/x86_64/wall-${version}`);
  assert.deepEqual(
    published.split('\n').filter((line) => !line.startsWith(`publish ${work}/public/alan/`)),
    [''],
  );
  assert.match(published, /public\/alan\/api\/clock\//);

  // A binary is never downloaded without its source and the APIs of that.
  const theirs = join(work, 'theirs', 'depot');
  mkdirSync(join(theirs, 'alan'), { recursive: true });
  cpSync(join(depot, 'alan', 'pubkey'), join(theirs, 'alan', 'pubkey'));
  writeFileSync(join(theirs, 'alan', 'download'), `file://${join(work, 'public')}\n`);
  const { status: got } = await runHere('igos', [
    ...['depot', 'download', binary, `DEPOT_DIR=${theirs}`, `PUBLIC_DIR=${join(work, 'theirs', 'public')}`],
  ]);
  assert.equal(got, 0);
  for (const path of [`bin/x86_64/wall/${version}/wall`, `src/wall/${version}/used_apis`, 'api/clock']) {
    assert.ok(existsSync(join(theirs, 'alan', path)), path);
  }
});
