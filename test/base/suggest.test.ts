import assert from 'node:assert/strict';
import { test } from 'node:test';
import { suggest } from '../../base/index.ts';

test('the nearest candidate, swaps included', () => {
  assert.equal(suggest('verson', ['name', 'version', 'license']), 'version');
  assert.equal(suggest('nmae', ['name', 'version']), 'name');
  assert.equal(suggest('Zlib', ['zlib']), 'zlib');
});

test('silence where nothing is near, even with one candidate', () => {
  assert.equal(suggest('foo', ['completely']), undefined);
  assert.equal(suggest('ab', ['xy']), undefined);
  assert.equal(suggest('x', []), undefined);
});
