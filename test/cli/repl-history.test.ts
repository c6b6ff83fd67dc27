/** The file of typed lines. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { addToHistory, historyFile, MAX_LINES, readHistory } from '../../cli/repl/history.ts';
import { removeTree } from '../../store/write-tree.ts';

test('lines are kept in order, for their owner alone, up to a bound, beside those of other sessions', (t) => {
  const work = mkdtempSync(join(tmpdir(), 'igos-history-'));
  t.after(() => removeTree(work));
  const file = historyFile({ XDG_STATE_HOME: join(work, 'state') });
  assert.equal(file, join(work, 'state/igos/repl-history'));
  assert.deepEqual(readHistory(file), []);
  addToHistory(file, 'ą = 1');
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.equal(statSync(dirname(file)).mode & 0o777, 0o700);
  writeFileSync(file, `${readFileSync(file, 'utf8')}of another session\n`);
  for (const line of ['two', 'two', '', '   ', 'three', 'escape \x1b[2J', 'x'.repeat(5000), 'two']) addToHistory(file, line);
  assert.deepEqual(readHistory(file), ['ą = 1', 'of another session', 'two', 'three', 'two']);
  writeFileSync(file, Array.from({ length: MAX_LINES + 10 }, (_, index) => `line ${index}\n`).join(''));
  addToHistory(file, 'last');
  const lines = readHistory(file);
  assert.deepEqual([lines.length, lines[0], lines.at(-1)], [MAX_LINES, 'line 11', 'last']);
  assert.throws(() => addToHistory(join(file, 'below/a/file'), 'x'), { name: 'SystemFault' });
  assert.deepEqual(readHistory(join(file, 'below')), []);
});

test('a history file of somebody else: control characters are not shown, a device is not read', (t) => {
  const work = mkdtempSync(join(tmpdir(), 'igos-history-'));
  t.after(() => removeTree(work));
  const file = join(work, 'history');
  writeFileSync(file, `good\n\x1b]0;evil\x07\n${'x'.repeat(5000)}\nc1 \u009b2J\nlast\n`);
  assert.deepEqual(readHistory(file), ['good', 'last']);
  addToHistory(file, 'c1 \u009b2J');
  assert.deepEqual(readHistory(file), ['good', 'last']);
  symlinkSync('/dev/zero', join(work, 'endless'));
  assert.deepEqual(readHistory(join(work, 'endless')), []);
  addToHistory(join(work, 'endless'), 'x');
  assert.deepEqual([readHistory(join(work, 'endless')), statSync('/dev/zero').isCharacterDevice()], [['x'], true]);
});
