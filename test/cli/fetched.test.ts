/** `igos store fetch`, and evaluations that fetch what has no hash. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Recorder } from '../../cli/evaluation-cache/recorder.ts';
import { stillTrue } from '../../cli/evaluation-cache/still-true.ts';
import { searchEntries } from '../../cli/search-entries.ts';
import { temporaryFolder } from '../store/fixture.ts';
import { type Ending, runIgos } from '../store/ordeal/program.ts';

interface Server {
  readonly base: string;
  /** `/tree.tar.gz`: an archive of a `default.nix` with this. */
  content: string;
  /** Status of each answer. */
  readonly answers: number[];
  stop(): void;
}

async function startServer(t: TestContext): Promise<Server> {
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, 'top'));
  const state: Server = { base: '', content: '1', answers: [], stop: () => server.close() };
  const server = createServer((request, response) => {
    const etag = `"${state.content}"`;
    const isKnown = request.headers['if-none-match'] === etag;
    const status = !request.url!.startsWith('/tree') ? 404 : isKnown ? 304 : 200;
    state.answers.push(status);
    response.writeHead(status, { etag, connection: 'close' });
    if (status !== 200) return void response.end();
    writeFileSync(join(folder, 'top', 'default.nix'), state.content);
    response.end(spawnSync('tar', ['-cz', '--mtime=@1000000000', '-C', folder, 'top']).stdout);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return Object.assign(state, { base: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}

const good = ({ status, stdout, stderr }: Ending): string => {
  assert.equal(status, 0, stderr);
  return stdout;
};

/** Evaluations that are remembered, and those of them that the launcher answers. */
const remembered = (home: string, areQuick: boolean = false): number =>
  readdirSync(join(home, 'var/cache/eval')).filter((name) => name.startsWith('quick') === areQuick).length;

test('an evaluation takes what it fetched in the last hour; asked to, it asks again', async (t) => {
  const server = await startServer(t);
  const home = join(temporaryFolder(t), 'home');
  const expression = `import (fetchTarball "${server.base}/tree.tar.gz") + import (fetchTarball "${server.base}/tree.tar.gz")`;
  const evaluate = (...words: string[]): Promise<Ending> => runIgos(home, ['eval', '--impure', ...words, '--expr', expression]);
  assert.equal(good(await evaluate()), '2\n');
  server.content = '20';
  assert.equal(good(await evaluate()), '2\n');
  assert.deepEqual(server.answers, [200]);
  assert.equal(good(await evaluate('--refresh')), '40\n');
  assert.equal(good(await evaluate('--refresh')), '40\n');
  assert.deepEqual(server.answers, [200, 200, 304]);
  assert.equal(good(await evaluate()), '40\n');
  good(await runIgos(home, ['gc']));
  assert.equal(good(await evaluate()), '40\n');
  assert.deepEqual(server.answers, [200, 200, 304, 200]);
});

test('fetchTree takes archives and files as they are, and tells what they are', async (t) => {
  const server = await startServer(t);
  const home = join(temporaryFolder(t), 'home');
  const url = `${server.base}/tree.tar.gz`;
  const evaluate = (expression: string, ...words: string[]): Promise<Ending> =>
    runIgos(home, ['eval', '--strict', ...words, '--expr', expression]);
  const impure = async (expression: string): Promise<string> => good(await evaluate(expression, '--impure'));
  const tree = await impure(`fetchTree "${url}"`);
  const fields =
    /^\{ lastModified = 1000000000; lastModifiedDate = "20010909014640"; narHash = "(sha256-.*)"; outPath = "(.*)"; \}\n$/;
  const [, narHash, outPath] = fields.exec(tree) ?? assert.fail(tree);
  assert.equal(await impure(`import (fetchTree { type = "tarball"; url = "${url}"; })`), '1\n');
  assert.equal(await impure(`"\${fetchTarball "${url}"}"`), `"${outPath}"\n`);
  const [row] = (JSON.parse(good(await runIgos(home, ['store', 'fetch', '--json', '--unpack', url]))) as { paths: object[] })
    .paths;
  assert.deepEqual(row, { url, path: outPath, hash: narHash, lastModified: 1_000_000_000 });
  assert.deepEqual(server.answers, [200, 304]);
  server.content = '2';
  assert.equal(good(await evaluate(`(fetchTree "${url}").narHash == "${narHash}"`, '--impure', '--refresh')), 'false\n');
  // Pinned, it is what it was.
  const pinned = `(fetchTree "${url}?narHash=${encodeURIComponent(narHash!)}")`;
  assert.equal(good(await evaluate(`import ${pinned} + import ${pinned}`)), '2\n');
  const refused = await evaluate(`fetchTree "${url}"`);
  assert.match(refused.stderr, /E-EVAL-142.*in pure evaluation mode, 'fetchTree' doesn't fetch unlocked input/);
  assert.match(
    refused.stderr,
    /add narHash, or evaluate with --impure\n.*igos store fetch --unpack '.*\/tree.tar.gz' tells narHash/,
  );
  const file = await impure(`fetchTree { type = "file"; url = "${server.base}/tree.txt"; }`);
  const [, fileHash, filePath] = /^\{ narHash = "(sha256-.*)"; outPath = "(.*-source)"; \}\n$/.exec(file) ?? assert.fail(file);
  assert.equal(
    await impure(`builtins.hashFile "sha256" (fetchTree { type = "file"; url = "${server.base}/tree.txt"; })`),
    await impure(`builtins.hashFile "sha256" (builtins.fetchurl "${server.base}/tree.txt")`),
  );
  const declared = `(fetchTree { type = "file"; url = "${server.base}/tree.txt"; narHash = "${fileHash}"; }).outPath`;
  assert.equal(good(await evaluate(`builtins.unsafeDiscardStringContext ${declared}`)), `"${filePath}"\n`);
});

test('an evaluation that fetched is remembered for as long as what it fetched does', async (t) => {
  const server = await startServer(t);
  const home = join(temporaryFolder(t), 'home');
  const words = ['eval', '--impure', '--expr', `import (fetchTarball "${server.base}/tree.tar.gz")`];
  for (let n = 0; n < 2; n++) assert.equal(good(await runIgos(home, words)), '1\n');
  assert.equal(remembered(home, true), 0, 'a shell cannot tell the time');
  assert.equal(remembered(home), 1);
  rmSync(join(home, 'var/cache/fetched'), { recursive: true });
  assert.equal(good(await runIgos(home, words)), '1\n');
  assert.deepEqual(server.answers, [200, 200]);
});

test('what was seen is not believed before or after its time', () => {
  const now = Date.now();
  const isTrue = (...times: [number, number][]): boolean => {
    const one = new Recorder();
    for (const [since, until] of times) one.doesUntil(now + since, now + until);
    return stillTrue(one.seen(), { home: '/none', environment: {} }).isTrue;
  };
  assert.equal(isTrue(), true);
  assert.equal(isTrue([-1000, 60_000]), true);
  assert.equal(isTrue([-1000, 0]), false);
  assert.equal(isTrue([60_000, 90_000]), false);
  assert.equal(isTrue([-1000, 60_000], [-90_000, -1]), false);
});

test('what is older than the hour is asked about, and does where nobody answers', async (t) => {
  const server = await startServer(t);
  const home = join(temporaryFolder(t), 'home');
  const url = `${server.base}/tree.tar.gz`;
  const fetch = (...words: string[]): Promise<Ending> => runIgos(home, ['store', 'fetch', '--json', '--unpack', ...words, url]);
  const first = JSON.parse(good(await fetch())) as { paths: [{ url: string; path: string; hash: string }] };
  assert.equal(first.paths[0].url, url);
  assert.match(first.paths[0].path, /-source$/);
  assert.match(first.paths[0].hash, /^sha256-/);
  server.content = '2';
  assert.deepEqual(JSON.parse(good(await fetch('--max-age', '3600'))), first);
  assert.deepEqual(server.answers, [200]);
  server.stop();
  await new Promise((resolve) => setTimeout(resolve, 1100));
  const old = await fetch('--max-age', '1');
  assert.deepEqual(JSON.parse(good(old)), first);
  assert.match(old.stderr, /warning: cannot fetch .*refuses the connection; what was fetched before is taken/);
  const strict = await fetch();
  assert.equal(strict.status, 4);
  assert.match(strict.stderr, /E-BUILD-010.*cannot fetch/);
});

test('a hash that was told is the one to declare', async (t) => {
  const server = await startServer(t);
  const home = join(temporaryFolder(t), 'home');
  const url = `${server.base}/tree.tar.gz`;
  const [path, hash] = good(await runIgos(home, ['store', 'fetch', '--unpack', url]))
    .trimEnd()
    .split('  ');
  const pinned = `builtins.unsafeDiscardStringContext (fetchTarball { url = "${url}"; sha256 = "${hash}"; })`;
  assert.equal(good(await runIgos(home, ['eval', '--expr', pinned])), `"${path}"\n`);
  // What is there already is read; nothing is written for it, and the evaluation is remembered.
  const reading = ['eval', '--expr', `import (fetchTarball { url = "${url}"; sha256 = "${hash}"; })`];
  for (let n = 0; n < 2; n++) assert.equal(good(await runIgos(home, reading)), '1\n');
  assert.deepEqual(server.answers, [200]);
  assert.deepEqual(good(await runIgos(home, ['store', 'list'])).trimEnd(), path);
  assert.equal(remembered(home), 2);
  good(await runIgos(home, ['gc']));
  assert.equal(good(await runIgos(home, reading)), '1\n');
  assert.deepEqual(server.answers, [200, 200]);
});

test('an evaluation says what it cannot fetch, and refuses to where it is pure', async (t) => {
  const server = await startServer(t);
  const home = join(temporaryFolder(t), 'home');
  const expression = `builtins.fetchurl "${server.base}/none"`;
  const failed = await runIgos(home, ['eval', '--impure', '--expr', expression]);
  assert.equal(failed.status, 1);
  assert.match(failed.stderr, /E-BUILD-010.*\nnote: 404 Not Found\n[\s\S]*E-CLI-001.*which cannot be fetched/);
  const quiet = await runIgos(home, ['eval', '--quiet', '--impure', '--expr', expression]);
  assert.match(quiet.stderr, /404 Not Found/);
  const pure = await runIgos(home, ['eval', '--expr', expression]);
  assert.match(pure.stderr, /E-EVAL-113/);
  assert.deepEqual(server.answers, [404, 404]);
});

test('<name> may be found at an address', async (t) => {
  const server = await startServer(t);
  const home = join(temporaryFolder(t), 'home');
  const words = ['eval', '--impure', '--expr', 'import <x>'];
  assert.equal(good(await runIgos(home, [...words, '-I', `x=${server.base}/tree.tar.gz`])), '1\n');
  const env = { NIX_PATH: `a=/none:x=${server.base}/tree.tar.gz:b=/none` };
  assert.equal(good(await runIgos(home, words, { env })), '1\n');
  assert.deepEqual(server.answers, [200]);
});

test('entries of the search path are split where addresses are not', () => {
  const paths = (nixPath: string): string[] =>
    searchEntries([], nixPath, '/w').map(({ prefix, path }) => (prefix === '' ? path : `${prefix} ${path}`));
  assert.deepEqual(paths('a=/x:b:c=../d'), ['a /x', '/w/b', 'c /d']);
  assert.deepEqual(paths('n=https://h/a.tar.xz:/z'), ['n https://h/a.tar.xz', '/z']);
  assert.deepEqual(paths('https://h:80/a?b=c:n=channel:x:q'), ['https://h:80/a?b=c', 'n channel:x', '/w/q']);
  assert.deepEqual(paths('https:x::y'), ['/w/https', '/w/x', '/w/y']);
  assert.deepEqual(searchEntries(['n=channel:x'], '/a', '/'), [
    { prefix: 'n', path: 'channel:x' },
    { prefix: '', path: '/a' },
  ]);
});

const noGit = spawnSync('git', ['--version']).status === 0 ? false : 'git is not installed';

test('a commit that is named is taken out of its repository once', { skip: noGit }, async (t) => {
  const folder = temporaryFolder(t);
  const [home, repository, bin] = ['home', 'repository', 'bin'].map((name) => join(folder, name)) as [string, string, string];
  for (const each of [repository, bin]) mkdirSync(each);
  writeFileSync(join(repository, 'default.nix'), '1');
  const git = (...words: string[]): string => {
    const author = ['-c', 'user.name=n', '-c', 'user.email=e@x', '-c', 'commit.gpgsign=false'];
    const { status, stdout, stderr } = spawnSync('git', [...author, '-C', repository, ...words], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    return stdout.trim();
  };
  for (const words of [
    ['init', '--quiet'],
    ['add', '.'],
    ['commit', '--quiet', '--message=first'],
  ])
    git(...words);
  const rev = git('rev-parse', 'HEAD');
  // As long as it is there, whoever asks git fails.
  const broken = join(bin, 'git');
  const breakGit = (): void => writeFileSync(broken, '#!/bin/sh\nexit 1\n', { mode: 0o755 });
  const env = { PATH: `${bin}:${process.env['PATH']}` };
  const tree = `builtins.fetchGit { url = "file://${repository}"; rev = "${rev}"; }`;
  const evaluate = (expression: string, ...words: string[]): Promise<Ending> =>
    runIgos(home, ['eval', '--strict', ...words, '--expr', expression], { env });
  const whole = good(await evaluate(tree));
  assert.match(whole, new RegExp(`rev = "${rev}"; revCount = 1;`));
  breakGit();
  assert.equal(good(await evaluate(tree, '--no-eval-cache')), whole);
  for (let n = 0; n < 2; n++) assert.equal(good(await evaluate(`import (${tree})`)), '1\n');
  assert.equal(remembered(home), 1, 'it is remembered as what it is: the same for ever');
  // Other questions are asked of Git: another name, a branch.
  for (const other of ['name = "other";', 'exportIgnore = false;']) {
    const changed = await evaluate(tree.replace('rev =', `${other} rev =`));
    assert.match(changed.stderr, /E-EVAL-141/, other);
  }
  assert.match((await evaluate(`builtins.fetchGit "file://${repository}"`, '--impure')).stderr, /E-EVAL-141/);
  good(await runIgos(home, ['gc']));
  assert.match((await evaluate(`import (${tree})`)).stderr, /E-EVAL-141/);
  rmSync(broken);
  assert.equal(good(await evaluate(tree)), whole);
});
