/** What is made of much is hashed by a thread, which an installed igos has as well: Node runs no TypeScript below `node_modules`. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { unpackAsInstalled } from '../../bench/installed.ts';
import { removeTree } from '../../store/write-tree.ts';
import { noSandbox, project } from './programs.ts';

/** More than is hashed in the main thread. All of it is a hole. */
const SIZE_BYTES = 600 * 2 ** 20;

/** What the archive has beside the file: two folders and its name. */
const NAR_AROUND_BYTES = 448;

const TREE = `tier base { summary = "Base"; }
package shell "1" { tier = base; summary = "Shell"; style = hostTools { tools = [ "sh" "mkdir" "truncate" ]; }; }
package large "1" {
  tier = base; summary = "Large"; build = [ shell ];
  phases.install = ''mkdir -p "$out/usr"; truncate -s ${SIZE_BYTES} "$out/usr/data"'';
}
`;

test('an installed igos builds outputs of more than 512 MiB', { skip: await noSandbox() }, (t) => {
  const scratch = realpathSync(mkdtempSync(join(tmpdir(), 'igos-large-')));
  t.after(() => removeTree(scratch));
  const igos = join(unpackAsInstalled(project, scratch), 'igos');
  writeFileSync(join(scratch, 'a.igos'), TREE);
  const run = (...words: string[]): string => {
    const env = { PATH: process.env['PATH'], HOME: scratch, IGOS_HOME: join(scratch, 'home') };
    const { status, stdout, stderr } = spawnSync(igos, words, { cwd: scratch, encoding: 'utf8', env });
    assert.equal(status, 0, stderr);
    return stdout;
  };
  const path = run('realize', 'a.igos#large').trim();
  const { paths } = JSON.parse(run('store', 'info', path, '--json')) as { paths: readonly { narSizeBytes: number }[] };
  assert.equal(paths[0]!.narSizeBytes, SIZE_BYTES + NAR_AROUND_BYTES);
  run('store', 'verify', '--contents');
});
