/** The examples of every command, in the order of the table, in one scratch home and root: what help and manual pages show works. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { test } from 'node:test';
import { commandsOf } from '../../cli/commands.ts';
import { removeTree } from '../../store/write-tree.ts';
import { noSandbox, project } from '../cli/programs.ts';

const skip = await noSandbox();
const hasApt = spawnSync('apt-cache', ['--version']).status === 0;

test('the examples of the command table work as written', { skip }, (t) => {
  const work = mkdtempSync(join(tmpdir(), 'igos-examples-'));
  t.after(() => removeTree(work));
  // where the user stands: what examples write stays there
  const here = join(work, 'here');
  mkdirSync(here);
  for (const name of ['examples', 'docs', 'README.md']) cpSync(join(project, name), join(here, name), { recursive: true });
  const examples = (['igos', 'pkm'] as const).flatMap((program) => commandsOf(program).flatMap((command) => command.examples));
  assert.ok(examples.length >= 18, `only ${examples.length} examples`);
  for (const { command } of examples) {
    if (command.includes('seed lock') && !hasApt) {
      t.diagnostic(`not run, since there is no apt here: ${command}`);
      continue;
    }
    const result = spawnSync('sh', ['-c', command.replaceAll('/tmp/root', join(work, 'root'))], {
      cwd: here,
      encoding: 'utf8',
      env: {
        ...process.env,
        PATH: `${join(project, 'bin')}${delimiter}${process.env['PATH']}`,
        IGOS_HOME: join(work, 'home'),
        TMPDIR: work,
      },
    });
    assert.equal(result.status, 0, `${command}\n${result.stdout}${result.stderr}`);
  }
});

test('what an example says it prints is what it prints', () => {
  const [three, normal] = [
    ['eval', '--expr', '1 + 2'],
    ['parse', '--expr', 'a: a.b or 1'],
  ].map((words) => spawnSync(join(project, 'bin/igos'), words, { encoding: 'utf8' }).stdout.trim());
  assert.deepEqual([three, normal], ['3', '(a: (a).b or (1))']);
});

test('expressions in the READMEs of examples print what stands below them', () => {
  for (const folder of ['expressions', 'tour']) {
    const text = readFileSync(join(project, 'examples', folder, 'README.md'), 'utf8');
    const shown = [...text.matchAll(/^(igos eval .*)\n```\n\n```\n(.*\n)```$/gm)];
    assert.ok(shown.length > 0, folder);
    for (const [, command, expected] of shown)
      assert.equal(spawnSync('sh', ['-c', `bin/${command}`], { cwd: project, encoding: 'utf8' }).stdout, expected, command);
  }
});
