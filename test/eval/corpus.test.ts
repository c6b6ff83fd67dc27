/** Expressions and what they print, checked against our memory of Nix's answers, and against Nix itself where it is installed. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { golden, goldenRoot } from '../golden.ts';
import { parseCorpus } from './corpus.ts';
import { world } from './support.ts';

const folder = join(goldenRoot, 'eval-ok');
const files = readdirSync(folder).filter((name) => name.endsWith('.txt'));
const casesOf = (file: string) => parseCorpus(readFileSync(join(folder, file), 'utf8'));

for (const file of files) {
  test(`expressions print as recorded: ${file}`, (t) => {
    const { show } = world();
    const printed = casesOf(file).map(({ expression }) => `${expression}\n=> ${attempt(() => show(expression))}\n`);
    golden(t, `eval-ok/${file}`, printed.join('\n'));
  });
}

test('the corpus is big enough', () => {
  const count = files.reduce((sum, file) => sum + casesOf(file).length, 0);
  assert.ok(count >= 300, `${count} expressions`);
});

test('Nix prints the same', (t) => {
  if (spawnSync('nix-instantiate', ['--version']).status !== 0) {
    t.skip('nix-instantiate is not installed');
    return;
  }
  for (const file of files) {
    const cases = casesOf(file);
    // One run for all: the expressions as items of one list.
    const all = `[\n${cases.map(({ expression }) => `(${expression}\n)`).join('\n')}\n]`;
    const result = spawnSync('nix-instantiate', ['--eval', '--strict', '-'], { input: all, encoding: 'utf8' });
    assert.equal(result.status, 0, result.stderr);
    const items = cases.map(({ expected }) => expected).join(' ');
    assert.equal(result.stdout.trimEnd(), `[ ${items} ]`, file);
  }
});

const attempt = (show: () => string): string => {
  try {
    return show();
  } catch (error) {
    return `error: ${(error as Error).message}`;
  }
};
