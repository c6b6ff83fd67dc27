/** Our own trees are written as `igos fmt` writes them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { programs } from '../cli/programs.ts';

test('igos fmt --check of examples and library', (t) => {
  const { status, stdout } = programs(t).igos('fmt', '--check', 'examples', 'eval/library');
  assert.equal(stdout, '', "run 'bin/igos fmt examples eval/library'");
  assert.equal(status, 0);
});
