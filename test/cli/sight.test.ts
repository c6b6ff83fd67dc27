/** What `Sight` takes for changed, where dates mislead. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { textToBytes } from '../../base/index.ts';
import { fileState } from '../../cli/evaluation-cache/file-state.ts';
import { Recorder } from '../../cli/evaluation-cache/recorder.ts';
import { Sight } from '../../cli/watching/sight.ts';

/** A file that was written, then put into the store. */
function seen(t: TestContext): { file: string; recorder: Recorder } {
  const folder = mkdtempSync(join(tmpdir(), 'igos-sight-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'file');
  writeFileSync(file, 'x');
  const recorder = new Recorder();
  const path = textToBytes(file);
  const state = recorder.settled(path, fileState(path, false));
  recorder.source({
    ...{ name: 'file', path, method: 'flat', algorithm: 'sha256', storePath: '' },
    entries: [['', 'regular', state, true]],
  });
  return { file, recorder };
}

test('a source with a date of the future is not seen to change for ever', (t) => {
  const now = Date.now;
  const { file, recorder } = seen(t);
  t.mock.method(Date, 'now', () => now() - 3_600_000);
  const sight = new Sight(recorder, { home: '/', environment: {} }, Date.now());
  assert.equal(sight.hasChanged, false);
  writeFileSync(file, 'xy');
  assert.equal(sight.hasChanged, true);
});

test('what was written since evaluation began may have been written after it was read', (t) => {
  const { recorder } = seen(t);
  assert.equal(new Sight(recorder, { home: '/', environment: {} }, Date.now() - 100).hasChanged, true);
  assert.equal(new Sight(recorder, { home: '/', environment: {} }, Date.now() + 1000).hasChanged, false);
});
