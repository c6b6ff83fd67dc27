import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { absolutePath } from '../../base/index.ts';

test('an absolute path is the one that node:path resolves', () => {
  const part = fc.constantFrom('/', '/', '.', '..', 'a', 'é', '.b', 'c.d', ' ');
  const path = fc.array(part, { maxLength: 8 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(path, path, (folder, given) => {
      assert.equal(absolutePath(`/${folder}`, given), resolve(`/${folder}`, given));
    }),
    { numRuns: 5000 },
  );
});
