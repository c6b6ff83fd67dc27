/**
 * Golden files. `golden(path, actual)` compares with `test/golden/<path>`. `UPDATE=1` writes what differs and marks the test as
 * skipped, never as passed; it refuses under CI. Orphans are found by `test/tidy/goldens.test.ts`, which reads `usedGoldens`.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';

export const goldenRoot: string = join(import.meta.dirname, 'golden');

export function golden(context: TestContext, path: string, actual: string): void {
  const file = join(goldenRoot, path);
  const expected = existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  if (expected === actual) return;
  if (process.env['UPDATE'] === '1') {
    assert.ok(process.env['CI'] === undefined, 'UPDATE=1 is refused under CI: goldens are reviewed, not regenerated there');
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, actual);
    context.skip(`golden ${path} rewritten`);
    return;
  }
  assert.equal(actual, expected ?? `(no golden ${path}; run with UPDATE=1 and review it)`);
}
