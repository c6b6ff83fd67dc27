/** Every command of docs/depot.md, in one shell, in a copy of the example. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { removeTree } from '../../store/write-tree.ts';
import { project } from '../cli/programs.ts';
import { inShell, scriptOf } from './page.ts';

const skip = spawnSync('cc', ['--version']).status === 0 ? false : 'no C compiler here';

test('the commands of docs/depot.md work as written', { skip }, (t) => {
  const work = mkdtempSync(join(tmpdir(), 'igos-depot-docs-'));
  t.after(() => removeTree(work));
  mkdirSync(join(work, 'examples'));
  cpSync(join(project, 'examples', 'depot'), join(work, 'examples', 'depot'), {
    recursive: true,
    filter: (path) => !/examples\/depot\/(depot|public)$/.test(path),
  });
  const script = scriptOf('docs/depot.md').replaceAll('/tmp/igos-depot', join(work, 'second'));
  const { status, stdout, stderr } = inShell(script, { cwd: work, work });
  assert.equal(status, 0, stdout + stderr);
  assert.match(stdout, /^12:34$/m);
  assert.match(stderr, /5 archives: 5 as signed, 0 as made here, 0 with nothing to compare, 0 bad/);
  assert.ok(existsSync(join(work, 'second/depot/alan/bin/x86_64/wall/2026-11-21/wall')));
  assert.match(readFileSync(join(work, 'examples/depot/public/index.html'), 'utf8'), /alan\/pkg\/wall\/2026-11-21/);
});
