/** The flags of the launcher must not cost the compiled code that comes with Node. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { flagHash, neutralVariant } from '../../cli/flag-hash.ts';

const project = join(import.meta.dirname, '..', '..');
const scratch = mkdtempSync(join(tmpdir(), 'igos-flags-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

/** What bin/igos gives to Node before the file. */
function launcherFlags(...words: string[]): string[] {
  mkdirSync(join(scratch, 'node_modules/.bin'), { recursive: true });
  cpSync(join(project, 'bin'), join(scratch, 'bin'), { recursive: true, verbatimSymlinks: true });
  mkdirSync(join(scratch, 'cli'), { recursive: true });
  writeFileSync(join(scratch, 'cli/start.cjs'), '');
  const node = join(scratch, 'node_modules/.bin/node');
  writeFileSync(node, '#!/bin/sh\nprintf "%s\\n" "$@"\n');
  chmodSync(node, 0o755);
  const run = spawnSync(join(scratch, 'bin/igos'), words, { encoding: 'utf8' });
  assert.equal(run.status, 0, run.stderr);
  return run.stdout.split('\n').filter((word) => word.startsWith('--'));
}

for (const words of [
  ['store', 'gc'],
  ['eval', 'none.nix'],
]) {
  test(`under the flags of 'igos ${words.join(' ')}' V8 takes code that was compiled under none`, (t) => {
    const flags = launcherFlags(...words);
    if (!flags.includes('--stack-size=240000')) return t.skip('the hard limit of the stack is too low here');
    const others = flags.filter((flag) => !flag.startsWith('--embedded-variant='));
    assert.notEqual(flagHash(process.execPath, others), flagHash(process.execPath, []), 'the flags count');
    if (flagHash(process.execPath, flags) === flagHash(process.execPath, [])) return;
    assert.fail(`bin/igos should give --embedded-variant=${neutralVariant(process.execPath, others)} with these flags`);
  });
}
