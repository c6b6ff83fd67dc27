/** A password in the address of a repository is used, and never shown. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { writeArchive } from '../../pkm/index.ts';
import { Sandbox } from '../pkm/support.ts';
import { serve } from '../pkm/web-server.ts';
import { runHere } from './in-process.ts';

test('a password in the address of a repository is not shown', async (t) => {
  const box = new Sandbox(t);
  const home = join(box.base, 'home');
  const folder = join(box.base, 'packages');
  mkdirSync(folder);
  await writeArchive(box.image('a 1', { 'usr/a': '1' }), join(folder, 'a-1.igos.tar.gz'));
  const secret = join(box.base, 'secret.key');
  const key = await runHere('igos', ['key', 'generate', 'k-1', '-o', secret]);
  writeFileSync(join(box.base, 'open.pub'), key.stdout);
  assert.equal((await runHere('igos', ['repo', 'build', folder, '-k', secret, '--home', home])).status, 0);
  const { address: url } = await serve(t, folder);
  const withPassword = url.replace('://', '://user:hunter2@');
  const pkm = async (...words: string[]): Promise<string> => {
    const { status, stdout, stderr } = await runHere('pkm', [...words, '--root', box.root, '--home', home]);
    assert.equal(status, 0, stderr);
    return stdout + stderr;
  };
  const said = [
    await pkm('sync', withPassword, '--key', join(box.base, 'open.pub')),
    await pkm('repositories'),
    await pkm('info', 'a'),
    await pkm('sync', '--forget', url),
  ].join('\n');
  assert.equal(said.match(/hunter2/g), null, said);
  assert.ok(said.includes(`synced ${url}`) && said.includes(`forgot ${url}`), said);
  assert.equal((await pkm('repositories')).includes('127.0.0.1'), false);
});
