/** Every command of docs/gates.md, in one shell. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { removeTree } from '../../store/write-tree.ts';
import { noSandbox, project } from '../cli/programs.ts';
import { inShell, scriptOf } from './page.ts';

const skip = await noSandbox();

test('the commands of docs/gates.md work as written', { skip }, (t) => {
  const work = mkdtempSync(join(tmpdir(), 'igos-gates-docs-'));
  t.after(() => removeTree(work));
  mkdirSync(join(work, 'examples'));
  cpSync(join(project, 'examples', 'gates'), join(work, 'examples', 'gates'), { recursive: true });
  const script = scriptOf('docs/gates.md');
  assert.ok(script.split('\n').length > 25, script);
  const { status, stdout, stderr } = inShell(script, { cwd: work, work });
  assert.equal(status, 0, stdout + stderr);
  assert.match(stdout, /overridden until 2999-12-31 by ada \(greets without words until 1\.4\): FEATURE-LOST/);
});
