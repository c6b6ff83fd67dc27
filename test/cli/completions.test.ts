/** The script for bash, loaded by bash and asked as it asks. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { completionScript } from '../../cli/shell-completions.ts';

const skip = spawnSync('bash', ['-c', 'true']).status === 0 ? false : 'no bash here';

/** Each line as bash splits it, the last word being completed: `=` is a word of its own. */
const ASK = `
while read -r line; do
  read -ra COMP_WORDS <<<"$line"
  COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); COMPREPLY=()
  _\${COMP_WORDS[0]}; echo "\${COMPREPLY[*]}"
done`;

test('bash completes commands, verbs, options and their words, also behind options that stand first', { skip }, () => {
  const asked: readonly (readonly [string, string])[] = [
    ['pkm rec', 'recover'],
    ['pkm config d', 'diff'],
    ['pkm repair --reb', '--rebuild-database'],
    ['pkm --json li', 'list'],
    ['pkm --root /tmp config re', 'resolve'],
    ['pkm --root = /tmp cache cl', 'clean'],
    ['pkm -r /tmp gc --da', '--days'],
    ['pkm install --archive-trust st', 'strict'],
    ['pkm install --archive-trust = lo', 'loose'],
    ['pkm list --color =', 'auto always never'],
    ['igos --json store rebuild', 'rebuild-index'],
    ['igos help pack', 'package'],
    ['igos help real', 'realize'],
    ['pkm help roll', 'rollback'],
    ['igos completions z', 'zsh'],
  ];
  const input = asked.map(([line]) => `${line}\n`).join('');
  const run = spawnSync('bash', ['-c', `${completionScript('bash')}${ASK}`], { input, encoding: 'utf8' });
  assert.equal(run.stderr, '');
  assert.deepEqual(
    run.stdout.trimEnd().split('\n'),
    asked.map(([, words]) => words),
  );
});

test('names of files are taken as they are, with blanks, stars and dollars', { skip }, (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'igos-completions-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const names = ['$(touch made)', "it's mine", 'my tree', 'plain', 'st*r'];
  for (const name of names) writeFileSync(join(folder, name), '');
  const ask = 'COMP_WORDS=(igos realize ""); COMP_CWORD=2; _igos; printf "%s\\n" "${COMPREPLY[@]}"; echo $-';
  const run = spawnSync('bash', ['-c', `${completionScript('bash')}${ask}`], { cwd: folder, encoding: 'utf8' });
  const lines = run.stdout.trimEnd().split('\n');
  assert.doesNotMatch(lines.pop()!, /f/, 'globbing is on again');
  assert.deepEqual(new Set(lines), new Set(names), run.stderr);
  assert.deepEqual(new Set(readdirSync(folder)), new Set(names));
});
