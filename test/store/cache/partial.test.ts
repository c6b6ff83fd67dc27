/** What is kept of transfers that broke off, and for how long. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Partials } from '../../../store/cache/partial.ts';

test('the newest 8 GiB of seven days stay, and the newest one however large', (t) => {
  const home = mkdtempSync(join(tmpdir(), 'igos-partial-'));
  t.after(() => rmSync(home, { recursive: true }));
  const folder = join(home, 'var/cache/partial');
  mkdirSync(folder, { recursive: true });
  const left = (key: string, gibibytes: number, days: number): void => {
    const path = join(folder, `${key}.0-0`);
    writeFileSync(path, '');
    truncateSync(path, gibibytes * 2 ** 30);
    utimesSync(path, Date.now() / 1000 - days * 86_400, Date.now() / 1000 - days * 86_400);
  };
  const kept = (): string[] => {
    const partials = new Partials(home);
    partials.drop(partials.claim('new').path);
    return readdirSync(folder).sort();
  };
  left('a', 3, 1);
  left('b', 4, 2);
  left('c', 2, 3);
  left('d', 1, 4);
  left('e', 0, 8);
  assert.deepEqual(kept(), ['a.0-0', 'b.0-0', 'd.0-0']);
  left('huge', 20, 0);
  assert.deepEqual(kept(), ['huge.0-0']);
});
