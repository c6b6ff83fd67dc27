/** Every command of docs/gates.md, in one shell. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { test } from 'node:test';
import { removeTree } from '../../store/write-tree.ts';
import { noSandbox, project } from '../cli/programs.ts';

const skip = await noSandbox();

test('the commands of docs/gates.md work as written', { skip }, (t) => {
  const work = mkdtempSync(join(tmpdir(), 'igos-gates-docs-'));
  t.after(() => removeTree(work));
  mkdirSync(join(work, 'examples'));
  cpSync(join(project, 'examples', 'gates'), join(work, 'examples', 'gates'), { recursive: true });
  const text = readFileSync(join(project, 'docs', 'gates.md'), 'utf8');
  const script = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].map((match) => match[1]).join('');
  assert.ok(script.split('\n').length > 25, script);
  const { status, stdout, stderr } = spawnSync('sh', ['-eu', '-c', script], {
    cwd: work,
    encoding: 'utf8',
    env: {
      ...process.env,
      PATH: `${join(project, 'bin')}${delimiter}${process.env['PATH']}`,
      IGOS_HOME: join(work, 'home'),
    },
  });
  assert.equal(status, 0, stdout + stderr);
  assert.match(stdout, /overridden until 2999-12-31 by ada \(greets without words until 1\.4\): FEATURE-LOST/);
});
