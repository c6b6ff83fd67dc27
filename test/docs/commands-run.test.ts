/** Pages whose first commands go from one to the next: they are run as they stand, with the examples beside. */
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { removeTree } from '../../store/write-tree.ts';
import { noSandbox, project } from '../cli/programs.ts';
import { inShell, scriptOf } from './page.ts';

/** By page: what their last commands print. */
const PAGES: Readonly<Record<string, RegExp>> = {
  'caches.md': /-greet-1\.0\n(?:.*\n)*.*-banner-1\.0$/,
  'phases.md': /core|base/,
  'repositories.md': /greet/,
};

for (const [page, expected] of Object.entries(PAGES)) {
  test(`the commands of docs/${page} work as written`, { skip: await noSandbox() }, (t) => {
    const work = mkdtempSync(join(tmpdir(), 'igos-docs-'));
    t.after(() => removeTree(work));
    cpSync(join(project, 'examples'), join(work, 'examples'), { recursive: true });
    const { status, stdout, stderr } = inShell(scriptOf(`docs/${page}`), { cwd: work, work });
    assert.equal(status, 0, stdout + stderr);
    assert.match(stdout.trim(), expected);
  });
}
