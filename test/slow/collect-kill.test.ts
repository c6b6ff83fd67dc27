/** A collector killed before each of its writes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diesAndRecovers } from '../store/collect-deaths.ts';
import { temporaryFolder } from '../store/fixture.ts';

test('SIGKILL before each write of a collection loses nothing, and the next one leaves nothing', (t) => {
  const folder = temporaryFolder(t);
  let nWrites = 0;
  while (diesAndRecovers(folder, nWrites + 1)) nWrites++;
  assert.ok(nWrites > 15, `only ${nWrites} writes`);
});
