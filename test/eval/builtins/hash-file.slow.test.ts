import assert from 'node:assert/strict';
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { textToBytes } from '../../../base/index.ts';
import { NodeFiles } from '../../../eval/node-io.ts';

test('a file is hashed that no string could hold', () => {
  const folder = mkdtempSync(join(tmpdir(), 'igos-hash-file-'));
  try {
    const file = join(folder, 'zeros');
    const fd = openSync(file, 'w');
    ftruncateSync(fd, 2 ** 29);
    closeSync(fd);
    // as sha256sum says
    const expected = '9acca8e8c22201155389f65abbf6bc9723edc7384ead80503839f49dcc56d767';
    assert.equal(new NodeFiles().hashFile('sha256', textToBytes(file)), expected);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
