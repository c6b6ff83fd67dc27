/** What shells offer behind `TREE#`. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { treeNames } from '../../cli/tree-names.ts';

function treesOf(t: TestContext, files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'igos-tree-names-'));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

test('packages, splits and systems of a tree and of those below it, whatever is wrong with them', (t) => {
  const folder = treesOf(t, {
    'base/base.igos': 'tier core { summary = "C"; } package zlib "1" { split dev { }; split "$(boo)" { }; }',
    'top/tree.igos': 'tree { over = [ ../base ]; }',
    'top/deep/half.igos': 'override zlib { split doc { name = "zlib-manual"; }; } package late "1" { summary = ',
    'top/more.igos': 'system all { packages = abort "evaluated"; }',
    'one.nix': '{ a = 1; }',
  });
  assert.deepEqual(treeNames(join(folder, 'top')), ['all', 'late', 'zlib', 'zlib-dev', 'zlib-manual']);
  assert.deepEqual(treeNames(join(folder, 'top/more.igos')), ['all']);
  for (const none of ['one.nix', 'nowhere', 'one.nix/x']) assert.deepEqual(treeNames(join(folder, none)), []);
});

test('who waits is not kept: what was not found in time is left out', (t) => {
  const folder = treesOf(t, { 'tree.igos': 'package here "1" { }' });
  assert.deepEqual(treeNames(folder), ['here']);
  assert.deepEqual(treeNames(folder, 0), []);
});
