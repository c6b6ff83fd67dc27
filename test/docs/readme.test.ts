/** Every command in README.md, and of the example in docs/pkm.md, is run, line by line, in one scratch home; the npm lines are what CI itself does. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { removeTree } from '../../store/write-tree.ts';
import { noSandbox, project } from '../cli/programs.ts';
import { blocksOf, inShell, textOf } from './page.ts';

const commandsOf = (page: string): string[] =>
  blocksOf(textOf(page), 'sh')
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
    const [tree] = blocksOf(textOf(page), 'igos');
    if (tree !== undefined) {
      mkdirSync(join(work, 'first'));
      writeFileSync(join(work, 'first/greet.igos'), tree);
    }
    for (const command of commands) {
      if (command.includes('from-source')) continue; // test/slow/from-source.test.ts runs it: it fetches and compiles
      const scratch = command.replaceAll('/tmp/igos-', `${work}/`);
      const result = inShell(scratch, { cwd: project, work });
      assert.equal(result.status, 0, `${command}\n${result.stdout}${result.stderr}`);
    }
  });
