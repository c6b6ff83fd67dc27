/** A limit on the size of files (ulimit -f): refused with its name and the way out, and a root that goes on from there. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { project } from '../cli/programs.ts';
import { ours, Publisher } from './repository-support.ts';
import { Sandbox } from './support.ts';

test('with any limit on files, a first install is whole or refused, and the next one is whole', async (t) => {
  const box = new Sandbox(t);
  const publisher = new Publisher(box);
  await publisher.add('a 1', { 'usr/a': 'small', 'usr/b': 'x'.repeat(100_000) });
  await publisher.publish();
  const key = join(box.base, 'ours.pub');
  writeFileSync(key, ours.open);
  const address = pathToFileURL(publisher.folder).href;
  const outcomes: string[] = [];
  // In units of 512 bytes.
  for (const limit of [16, 40, 80, 160, 400, 4000]) {
    const root = join(box.base, `root-${limit}`);
    const run = (words: readonly string[], isLimited: boolean) => {
      const command = [join(project, 'bin/pkm'), '--root', root, '--home', join(box.base, 'home'), ...words];
      const script = isLimited ? `ulimit -f ${limit}; exec "$@"` : 'exec "$@"';
      const { PATH = '' } = process.env;
      const env = { PATH, HOME: box.base, NO_COLOR: '1' };
      return spawnSync('sh', ['-c', script, 'sh', ...command], { encoding: 'utf8', env });
    };
    for (const words of [
      ['sync', address, '--key', key],
      ['install', 'a', '--yes'],
    ]) {
      const limited = run(words, true);
      const place = `${limit} ${words[0]}: ${limited.stderr}`;
      outcomes.push(`${limit} ${words[0]} ${limited.status}`);
      if (limited.status !== 0) {
        assert.equal(limited.status, 1, place);
        assert.match(
          limited.stderr,
          /^error: cannot \w+ '.*': file too large\nhint: a limit on the size of files .*ulimit -f/m,
          place,
        );
      }
      const looked = run(['list'], false);
      assert.equal(looked.status, 0, `${place}\n${looked.stderr}`);
      const again = run(words, false);
      assert.equal(again.status, 0, `${place}\n${again.stderr}`);
    }
    assert.equal(run(['verify'], false).status, 0);
  }
  // Both kinds happened.
  assert.deepEqual([outcomes.at(0), outcomes.at(-1)], ['16 sync 1', '4000 install 0']);
});
