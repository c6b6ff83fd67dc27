import assert from 'node:assert/strict';
import { test } from 'node:test';
import { programs } from './programs.ts';

test('a cache behind the paths is not taken for one of them', (t) => {
  const { igos } = programs(t, {});
  for (const verb of ['push', 'pull']) {
    assert.deepEqual(igos('cache', verb, '/igos/store/00000000000000000000000000000000-x', 'file:///cache'), {
      status: 2,
      stdout: '',
      stderr: `igos: the cache comes first; 'file:///cache' is no store path\nhint: igos cache ${verb} file:///cache PATH…\n`,
    });
  }
});
