/** Files of this machine, as evaluation reads them. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { SystemFault } from '../../base/index.ts';
import { NodeFiles } from '../../eval/node-io.ts';

test('files of every size are read whole, byte for byte', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'igos-node-io-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const files = new NodeFiles();
  const piece = 1 << 16;
  for (const size of [0, 1, piece - 1, piece, piece + 1, 3 * piece]) {
    const file = join(folder, `${size}`);
    writeFileSync(file, Buffer.alloc(size, 'a\xe9\0\xff', 'latin1'));
    assert.equal(files.readFile(file), readFileSync(file, 'latin1'), `${size} bytes`);
  }
  assert.match(files.readFile('/proc/self/stat'), /^\d+ \(/, 'one whose size nobody knows');
  assert.throws(
    () => files.readFile(folder),
    (error) => error instanceof SystemFault && error.errno === 'EISDIR',
  );
});

test('a pipe is read to its end', { skip: spawnSync('mkfifo', ['--version']).status === 0 ? false : 'no mkfifo' }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'igos-node-io-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const pipe = join(folder, 'pipe');
  assert.equal(spawnSync('mkfifo', [pipe]).status, 0);
  const writer = spawn('sh', ['-c', 'head -c 200000 /dev/zero > "$1"', 'sh', pipe]);
  const ended = new Promise((resolve) => writer.once('close', resolve));
  assert.equal(new NodeFiles().readFile(pipe), '\0'.repeat(200_000));
  await ended;
});
