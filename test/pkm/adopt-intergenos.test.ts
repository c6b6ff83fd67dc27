/** `pkm adopt` of a root that InterGenOS's own pkm installed. Needs what intergenos.test.ts needs, and is skipped without it. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { adoptRoot, writeArchive } from '../../pkm/index.ts';
import { Sandbox } from './support.ts';

const checkout = process.env['IGOS_INTERGENOS'];

function reasonToSkip(): string | false {
  if (checkout === undefined) return 'not part of igos: IGOS_INTERGENOS does not name a checkout of InterGenOS';
  if (!existsSync(join(checkout, 'pkm/installer.py'))) return `${checkout} holds no InterGenOS`;
  const found = spawnSync('python3', ['-c', 'import yaml, tarfile; tarfile.data_filter']);
  return found.status === 0 ? false : 'no python3 with yaml and tarfile.data_filter here';
}

test('a root that their pkm installed and superseded on is clean after adoption', { skip: reasonToSkip() }, async (t) => {
  const box = new Sandbox(t);
  const hello = { 'usr/bin/hello': { mode: 0o755, text: 'hello\n' }, 'usr/bin/hi': '-> hello', 'etc/hello.conf': 'a = 1\n' };
  const archives = [
    await archive(box, 'hello', hello),
    await archive(box, 'hello-next', { 'usr/bin/hello': { mode: 0o755, text: 'next\n' } }, { supersedes: ['hello'] }),
  ];
  execFileSync('python3', [join(import.meta.dirname, 'intergenos.py'), 'install', box.root, ...archives], {
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1', TMPDIR: box.base },
  });
  const before = box.snapshot();
  const report = await adoptRoot(box.root, { user: 'tester' });
  assert.deepEqual([report.nPackages, report.nSuperseded, report.missing, report.modified], [1, 1, [], []]);
  const system = (files: Record<string, string>) => Object.entries(files).filter(([path]) => !path.startsWith('var/'));
  assert.deepEqual(system(box.snapshot()), system(before));
  box.do((root) => {
    const verified = root.verify();
    assert.deepEqual([verified.isClean, verified.problems, verified.drift], [true, [], []]);
    assert.deepEqual(
      root.owns('usr/bin/hello').map((row) => row.owner),
      ['hello-next'],
    );
    assert.equal(root.owns('usr/bin/hi')[0]!.target, 'hello');
  });
});

async function archive(box: Sandbox, name: string, files: Parameters<Sandbox['image']>[1], more = {}): Promise<string> {
  const file = join(box.base, `${name}-1.0.igos.tar.gz`);
  await writeArchive(box.image(`${name} 1.0`, files, more), file);
  return file;
}
