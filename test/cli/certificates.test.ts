/** What evaluation fetches over https comes from whom the file of `SSL_CERT_FILE` vouches for, by `git` as well. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { selfSigned } from '../self-signed.ts';
import { temporaryFolder } from '../store/fixture.ts';
import { runIgos } from '../store/ordeal/program.ts';

test('fetchurl and fetchGit over https', async (t) => {
  const folder = temporaryFolder(t);
  const made = selfSigned(folder);
  if (made === undefined) {
    t.skip('openssl is not installed, or makes no certificate');
    return;
  }
  const git = (...words: string[]): string => {
    const who = ['-c', 'user.name=t', '-c', 'user.email=t@example.org', '-c', 'init.defaultBranch=main'];
    const { status, stdout, stderr } = spawnSync('git', [...who, '-C', join(folder, 'repository'), ...words], {
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
    return stdout.trim();
  };
  mkdirSync(join(folder, 'repository'));
  git('init', '-q');
  writeFileSync(join(folder, 'repository', 'file'), 'committed');
  git('add', 'file');
  git('commit', '-q', '-m', 'one');
  git('update-server-info');
  const rev = git('rev-parse', 'HEAD');

  const server = createServer({ key: readFileSync(made.key), cert: readFileSync(made.cert) }, (request, response) => {
    const file = join(folder, 'repository', request.url!.replace(/\?.*/, ''));
    if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) response.writeHead(404).end();
    else response.end(readFileSync(file));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const base = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const home = join(folder, 'home');
  const evaluate = (expression: string, env: Record<string, string>) =>
    runIgos(home, ['eval', '--impure', '--raw', '--expr', expression], { env });
  const expressions = [
    `builtins.readFile (builtins.fetchurl "${base}/file")`,
    `builtins.readFile (builtins.fetchGit { url = "${base}/.git"; rev = "${rev}"; } + "/file")`,
  ];
  for (const expression of expressions) {
    const stranger = await evaluate(expression, {});
    assert.equal(stranger.status, 1, stranger.stdout);
    assert.match(stranger.stderr, /certificate/);
    const known = await evaluate(expression, { NIX_SSL_CERT_FILE: '', SSL_CERT_FILE: made.cert });
    assert.deepEqual([known.status, known.stdout], [0, 'committed'], known.stderr);
  }
});
