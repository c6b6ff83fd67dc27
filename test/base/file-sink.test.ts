import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { test } from 'node:test';
import { fileSink, type SystemFault } from '../../base/index.ts';

const parts = (...texts: string[]): Buffer[] => texts.map((text) => Buffer.from(text));

test('what is streamed is in the file, from where it was to start', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'igos-sink-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'file');
  await pipeline(parts('one ', 'two ', 'three'), fileSink(path, path, { flags: 'wx', flush: true }));
  await pipeline(parts('more'), fileSink(path, path, { flags: 'r+', start: 8 }));
  assert.equal(readFileSync(path, 'utf8'), 'one two moree');
});

test('a failed write names the file that it was for', {
  skip: existsSync('/dev/full') ? false : 'no /dev/full here',
}, async () => {
  const failed = pipeline(parts('text'), fileSink('/dev/full', '/where/it/goes', { flags: 'w' }));
  await assert.rejects(failed, (fault: SystemFault) => {
    assert.equal(fault.message, "cannot write '/where/it/goes': no space left on device");
    assert.equal(fault.errno, 'ENOSPC');
    return true;
  });
});

test('what fails before it comes through as it is', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'igos-sink-'));
  t.after(() => rmSync(folder, { recursive: true }));
  async function* source() {
    yield Buffer.from('text');
    throw new Error('no more');
  }
  await assert.rejects(pipeline(source(), fileSink(join(folder, 'file'), 'x', { flags: 'w' })), /^Error: no more$/);
});
