/** Sentences with a number in them, where it is one. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { writeArchive } from '../../pkm/index.ts';
import { removeTree } from '../../store/write-tree.ts';
import { Sandbox } from '../pkm/support.ts';
import { runHere } from './in-process.ts';

test('one package, one file, one day, one generation', async (t) => {
  const work = mkdtempSync(join(tmpdir(), 'igos-one-'));
  t.after(() => removeTree(work));
  const box = new Sandbox(undefined, work);
  const say = async (program: 'igos' | 'pkm', ...words: string[]): Promise<string> => {
    const where = program === 'pkm' ? ['--root', box.root] : [];
    const { status, stdout, stderr } = await runHere(program, [...words, ...where, '--home', join(work, 'home')]);
    assert.equal(status, 0, stderr);
    return stdout + stderr;
  };
  const [secret, open, folder] = [join(work, 'secret.key'), join(work, 'open.pub'), join(work, 'packages')];
  writeFileSync(open, await say('igos', 'key', 'generate', 'k-1', '-o', secret));
  const add = (version: string): Promise<unknown> =>
    writeArchive(box.image(`one ${version}`, { 'usr/share/one': version }), join(folder, `one-${version}.igos.tar.gz`));
  mkdirSync(folder);
  await add('1');
  assert.match(await say('igos', 'repo', 'build', folder, '-k', secret, '--expires', '1'), /^1 package \(1 read\).* for 1 day$/m);
  assert.match(await say('pkm', 'sync', folder, '--key', open), /: 1 package, /);
  assert.match(await say('pkm', 'repositories'), /^ {2}1 package, /m);
  await say('pkm', 'install', 'one');
  assert.match(await say('pkm', 'info', 'one'), / in 1 file$/m);
  await say('pkm', 'remove', 'one');
  assert.match(await say('pkm', 'gc', '--keep', '2', '--dry-run'), /^would forget generation 0$/m);
  assert.match(await say('pkm', 'gc', '--keep', '1'), /^forgot generations 0, 1$/m);
});
