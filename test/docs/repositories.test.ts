/** The first commands of docs/repositories.md work as written. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { test } from 'node:test';
import { removeTree } from '../../store/write-tree.ts';
import { noSandbox, project } from '../cli/programs.ts';

test('from a tree to a repository to a root', { skip: await noSandbox() }, (t) => {
  const text = readFileSync(join(project, 'docs/repositories.md'), 'utf8');
  const script = /```sh\n([\s\S]*?)```/.exec(text)![1]!;
  assert.ok(script.includes('pkm --root root install'));
  const work = mkdtempSync(join(tmpdir(), 'igos-docs-'));
  t.after(() => removeTree(work));
  cpSync(join(project, 'examples'), join(work, 'examples'), { recursive: true });
  const result = spawnSync('sh', ['-e', '-c', script], {
    cwd: work,
    encoding: 'utf8',
    env: {
      ...process.env,
      PATH: `${join(project, 'bin')}${delimiter}${process.env['PATH']}`,
      IGOS_HOME: join(work, 'home'),
    },
  });
  assert.equal(result.status, 0, result.stdout + result.stderr);
  assert.match(result.stdout, /greet/);
});
