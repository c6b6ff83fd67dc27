import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pathsMeant } from '../../cli/pkm/owns.ts';

test('which path of a root is meant', () => {
  const of = (root: string, operand: string): string[] => pathsMeant(root, '/usr/bin', operand);
  assert.deepEqual(of('/', 'ls'), ['usr/bin/ls', 'ls']);
  assert.deepEqual(of('/', '/bin/ls'), ['bin/ls']);
  assert.deepEqual(of('/', '../lib/x'), ['usr/lib/x', '../lib/x']);
  assert.deepEqual(of('/srv/r', '/bin/ls'), ['bin/ls'], 'as it is seen from inside');
  assert.deepEqual(of('/srv/r', '/srv/r/bin/ls'), ['bin/ls', 'srv/r/bin/ls']);
  assert.deepEqual(of('/usr', 'ls'), ['bin/ls', 'ls']);
  assert.deepEqual(of('/usr/bin', '..x'), ['..x']);
  assert.deepEqual(of('/usr/bin/top', 'top/ls'), ['ls', 'top/ls']);
});
