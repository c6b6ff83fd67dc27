/** Every command of docs/import.md and of the example's README, in one shell. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { removeTree } from '../../store/write-tree.ts';
import { noSandbox, programs, project } from '../cli/programs.ts';
import { inShell, scriptOf } from './page.ts';

for (const page of ['docs/import.md', 'examples/import/README.md']) {
  test(`the commands of ${page} work as written`, (t) => {
    const work = mkdtempSync(join(tmpdir(), 'igos-import-docs-'));
    t.after(() => removeTree(work));
    const { status, stdout, stderr } = inShell(scriptOf(page).replaceAll('/tmp/igos-', `${work}/`), { cwd: project, work });
    assert.equal(status, 0, stdout + stderr);
    assert.match(stdout, /^6 packages in 6 tiers: 4 build, 2 host and 2 runtime edges$/m);
    // The packages, and the two of the seed.
    assert.equal(stdout.match(/\.drv$/gm)?.length, 8);
    assert.match(stdout, /^"stage10-00-early"$/m);
    if (page === 'docs/import.md') assert.match(stdout, /^"1\.3\.2"$/m);
  });
}

const skip = await noSandbox();

test('the stages of the example build, in the order of pi-gen', { skip }, (t) => {
  const work = mkdtempSync(join(tmpdir(), 'igos-import-build-'));
  t.after(() => removeTree(work));
  const { igos } = programs(t, { home: join(work, 'home') });
  const run = (...words: string[]): string => {
    const { status, stdout, stderr } = igos(...words);
    assert.equal(status, 0, stderr);
    return stdout;
  };
  const out = join(work, 'stages');
  run('import', 'pi-gen', join(project, 'examples/import/pi-gen'), '-o', out);
  // What would run apt-get in a chroot is replaced, as a user would.
  const mine = join(work, 'mine');
  mkdirSync(mine);
  writeFileSync(
    join(mine, 'tree.igos'),
    'tree { over = [ ../stages ]; }\noverride stage1-02-packages { phases.install = "mv $srcdir $out"; }\n',
  );
  const path = run('realize', `${mine}#export-image-stage2-00-finish`).trim();
  const trail = [
    'stage0/00-first/00-run.sh',
    'stage0/00-first/01-run.sh',
    'stage0/01-second/00-run.sh',
    'stage1/00-third/00-run.sh',
    'stage10/00-early/00-run.sh',
    'stage2/00-late/00-run.sh',
    'export-image/00-finish/00-run.sh',
  ];
  assert.equal(run('store', 'cat', `${path}/trail`), `a toy\n${trail.map((step) => `${step} on toy-bookworm\n`).join('')}`);
});
