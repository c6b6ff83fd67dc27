/** What npm makes of the project has both programs, and they run where npm puts them. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { unpackAsInstalled } from '../../bench/installed.ts';
import { project } from './programs.ts';

test('an installed package has igos and pkm', (t) => {
  const scratch = realpathSync(mkdtempSync(join(tmpdir(), 'igos-package-')));
  t.after(() => rmSync(scratch, { recursive: true, force: true }));
  const bin = unpackAsInstalled(project, scratch);
  const run = (program: string, ...words: string[]): string =>
    execFileSync(join(bin, program), words, {
      cwd: scratch,
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], HOME: scratch },
    });
  const { version } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as { version: string };
  for (const program of ['igos', 'pkm']) assert.equal(run(program, '--version'), `${program} ${version}\n`);
  // As pnpm and yarn start them: by the file that the package says.
  for (const program of ['igos', 'pkm']) {
    const { stdout } = spawnSync('sh', [realpathSync(join(bin, program)), '--help'], {
      encoding: 'utf8',
      env: { HOME: scratch },
    });
    assert.match(stdout, new RegExp(`^${program}: `));
  }
  assert.equal(run('igos', 'eval', '--expr', '1 + 1'), '2\n');
  assert.match(run('pkm', 'list', '--help'), /pkm list/);
});
