/** Several that make the same archive at once. */
import assert from 'node:assert/strict';
import fs, { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { putInPlace } from '../../depot/put-in-place.ts';

test('what another process put there meanwhile is taken out again', (t) => {
  const base = mkdtempSync(join(tmpdir(), 'igos-place-'));
  t.after(() => rmSync(base, { recursive: true }));
  const make = (name: string, file: string): string => {
    mkdirSync(join(base, name));
    writeFileSync(join(base, name, file), '');
    return join(base, name);
  };
  const folder = make('folder', 'ours');
  const rename = t.mock.method(fs, 'renameSync', (from: string, to: string) => {
    rename.mock.restore();
    syncBuiltinESMExports();
    make('place', 'theirs');
    fs.renameSync(from, to);
  });
  syncBuiltinESMExports();
  putInPlace(folder, join(base, 'place'));
  assert.deepEqual(readdirSync(join(base, 'place')), ['ours']);
  assert.deepEqual(readdirSync(folder), ['theirs'], 'for the caller to remove');
});
