import assert from 'node:assert/strict';
import { mkdirSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { writeArchive } from '../../pkm/index.ts';
import { Sandbox } from './support.ts';

test('an archive that is interrupted leaves nothing', async (t) => {
  const box = new Sandbox(t);
  const image = box.image('tool 1.0', { 'usr/a': 'a', 'usr/b': 'b' });
  const folder = `${box.base}/archives`;
  mkdirSync(folder);
  const stop = new AbortController();
  const seen: string[] = [];
  const interrupting: typeof image = {
    ...image,
    contentPath: (entry) => {
      seen.push(...readdirSync(folder));
      stop.abort();
      return image.contentPath(entry);
    },
  };
  await assert.rejects(writeArchive(interrupting, `${folder}/tool.igos.tar.gz`, stop.signal), { name: 'AbortError' });
  assert.deepEqual(readdirSync(folder), [], seen.join());
});
