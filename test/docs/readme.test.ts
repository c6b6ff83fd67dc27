/** Every command in README.md, and of the example in docs/pkm.md, is run, line by line, in one scratch home; the npm lines are what CI itself does. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { test } from 'node:test';
import { removeTree } from '../../store/write-tree.ts';
import { noSandbox, project } from '../cli/programs.ts';

const blocks = (page: string, language: string): string[] =>
  [...readFileSync(join(project, page), 'utf8').matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(
    (match) => match[1]!,
  );
const commandsOf = (page: string): string[] =>
  blocks(page, 'sh')
    .flatMap((block) => block.split('\n'))
    .map((line) => line.replace(/\s+#\s.*$/, '').trim())
    .filter((line) => line !== '' && !line.startsWith('npm '));
const skip = await noSandbox();

for (const page of ['README.md', 'docs/pkm.md'])
  test(`the commands of ${page} work as written`, { skip }, (t) => {
    const commands = commandsOf(page);
    assert.ok(commands.length >= 10, `only ${commands.length} commands found`);
    const work = mkdtempSync(join(tmpdir(), 'igos-readme-'));
    t.after(() => removeTree(work));
    const [tree] = blocks(page, 'igos');
    if (tree !== undefined) {
      mkdirSync(join(work, 'first'));
      writeFileSync(join(work, 'first/greet.igos'), tree);
    }
    for (const command of commands) {
      if (command.includes('from-source')) continue; // test/slow/from-source.test.ts runs it: it fetches and compiles
      const scratch = command.replaceAll('/tmp/igos-', `${work}/`);
      const result = spawnSync('sh', ['-c', scratch], {
        cwd: project,
        encoding: 'utf8',
        env: { ...process.env, PATH: `${join(project, 'bin')}${delimiter}${process.env['PATH']}`, IGOS_HOME: join(work, 'home') },
      });
      assert.equal(result.status, 0, `${command}\n${result.stdout}${result.stderr}`);
    }
  });
