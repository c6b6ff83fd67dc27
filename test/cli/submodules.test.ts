/** A repository from elsewhere names its submodules: where they are is a stranger's word. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../store/fixture.ts';
import { runIgos } from '../store/ordeal/program.ts';

const skip = spawnSync('git', ['--version']).status === 0 ? false : 'git is not installed';

test('no submodule of a repository from elsewhere is one of this machine', { skip }, async (t) => {
  const folder = temporaryFolder(t);
  const git = (repository: string, ...words: string[]): string => {
    const who = ['-c', 'user.name=t', '-c', 'user.email=t@example.org', '-c', 'init.defaultBranch=main'];
    const { status, stdout, stderr } = spawnSync('git', [...who, '-C', join(folder, repository), ...words], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    return stdout.trim();
  };
  for (const name of ['mine', 'theirs']) {
    mkdirSync(join(folder, name));
    git(name, 'init', '-q');
    writeFileSync(join(folder, name, 'file'), name);
    git(name, 'add', 'file');
    git(name, 'commit', '-q', '-m', 'one');
    git(name, 'update-server-info');
  }
  const server = createServer((request, response) => {
    const file = join(folder, request.url!.replace(/\?.*/, ''));
    if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) response.writeHead(404).end();
    else response.end(readFileSync(file));
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const fetching = async (submodule: string) => {
    writeFileSync(join(folder, 'theirs/.gitmodules'), `[submodule "m"]\n\tpath = m\n\turl = ${submodule}\n`);
    git('theirs', 'add', '.gitmodules');
    git('theirs', 'update-index', '--add', '--cacheinfo', `160000,${git('mine', 'rev-parse', 'HEAD')},m`);
    git('theirs', 'commit', '-q', '-m', submodule);
    git('theirs', 'update-server-info');
    const tree = `builtins.fetchGit { url = "${base}/theirs/.git"; ref = "main"; submodules = true; }`;
    return await runIgos(join(folder, 'home'), ['eval', '--impure', '--raw', '--expr', `builtins.readFile "\${${tree}}/m/file"`]);
  };
  for (const url of [`file://${folder}/mine`, `${folder}/mine`]) {
    const { status, stderr } = await fetching(url);
    assert.equal(status, 1, url);
    assert.match(stderr, /the submodule 'm' of 'http:.*\/theirs\/\.git' is said to be a repository of this machine/);
  }
  const beside = await fetching('../../mine/.git');
  assert.deepEqual([beside.status, beside.stdout], [0, 'mine'], beside.stderr);
  assert.ok(existsSync(join(folder, 'home')));
});
